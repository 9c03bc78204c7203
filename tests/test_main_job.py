"""The main job from end to end: a party and its product leave the client file, for good.

A front end asks a started server over HTTP, and letters are read from a mail server.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final

import pytest

from database import connected
from models import OutgoingMail, Party, Product, User
from tests.factories import make_holding, make_party, make_product, make_token, make_user
from tests.mail.mail_server import MailServer, mail_server
from tests.served import Client, free_port, served, until

TASK_URL: Final = "https://bank.example/tasks/{id}"

FIELDS: Final = """
fragment Fields on Offboarding {
  id status resolution isFinal version assignee { email } activity { nodes { kind } }
}
"""
OFFBOARDING: Final = "query ($id: ID!) { offboarding(id: $id) { ...Fields } }" + FIELDS
PARTY: Final = """
query ($id: ID, $reference: String) {
  party(id: $id, reference: $reference) {
    reference status offboardingState viewerCanStartOffboarding products { number status }
  }
}
"""
PRODUCT: Final = """
query ($id: ID, $number: String) {
  product(id: $id, number: $number) {
    number status offboardingState viewerCanStartOffboarding parties { reference status }
  }
}
"""
OVERVIEW: Final = """
query ($all: Boolean!) {
  clientFile {
    parties(first: 100, includeOffboarded: $all) { nodes { reference } }
    products(first: 100, includeOffboarded: $all) { nodes { number } }
  }
}
"""


class FrontEnd:
    """What the pages in a browser do for the person whose token they have."""

    def __init__(self, client: Client) -> None:
        self._ask = client.ask

    async def do(self, mutation: str, **input: Any) -> dict[str, Any]:
        """Return the offboarding as a mutation saved it, or else the refusal."""
        name = mutation[0].upper() + mutation[1:]
        document = f"""mutation ($input: {name}Input!) {{
          {mutation}(input: $input) {{
            ... on {name}Success {{ offboarding {{ ...Fields }} }}
            ... on Error {{ code }}
          }}
        }}"""
        data = await self._ask(document + FIELDS, input=input)
        result: dict[str, Any] = data[mutation].get("offboarding", data[mutation])
        return result

    async def offboarding(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self._ask(OFFBOARDING, id=id))["offboarding"]
        return found

    async def party(self, **key: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self._ask(PARTY, **key))["party"]
        return found

    async def product(self, **key: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self._ask(PRODUCT, **key))["product"]
        return found

    async def overview(self, *, all_: bool = False) -> set[str]:
        """Return the references and numbers that the client file lists."""
        listed = (await self._ask(OVERVIEW, all=all_))["clientFile"]
        parties, products = listed["parties"]["nodes"], listed["products"]["nodes"]
        return {p["reference"] for p in parties} | {p["number"] for p in products}


@dataclass
class Bank:
    """A bank whose people work with a started server."""

    mail: MailServer
    officer: FrontEnd
    approver: FrontEnd
    colleague: User


@pytest.fixture(scope="module")
async def bank(shared_database_url: str) -> AsyncIterator[Bank]:
    async with mail_server() as mail, connected(shared_database_url):
        officer = await make_user(groups=["Officer"], name="Olga Officer")
        approver = await make_user(groups=["Approver"])
        colleague = await make_user(groups=["Officer"], email="carla@bank.example")
        tokens = [await make_token(user) for user in (officer, approver)]
        settings = {
            "DATABASE_URL": shared_database_url,
            "SMTP_HOST": mail.smtp.host,
            "SMTP_PORT": str(mail.smtp.port),
            "TASK_URL": TASK_URL,
        }
        async with served(**settings) as server:
            first, second = (FrontEnd(server.client(token)) for token in tokens)
            yield Bank(mail, first, second, colleague)


def id_of(row: Party | Product | User) -> str:
    return f"{type(row).__name__.lower()}_{row.id}"


async def make_client() -> tuple[Party, Product]:
    """Make a party that owns one product, both active."""
    party, product = await make_party(name="Quirina Zwart"), await make_product()
    await make_holding(party, product)
    return party, product


async def letters_to_leave() -> int:
    return await OutgoingMail.all().count()


async def last_letter(mail: MailServer, *, after: int) -> EmailMessage:
    """Wait for one more letter at the mail server and return it."""
    await until(lambda: len(mail.taken) > after)
    return message_from_bytes(mail.taken[-1].content, policy=default)


async def test_offboards_a_party_and_then_its_product(bank: Bank) -> None:
    party, product = await make_client()
    pair = {party.reference, product.number}

    task = await bank.officer.do("startPartyOffboarding", partyId=id_of(party))
    pending = await bank.officer.party(id=id_of(party))
    moved = [
        await bank.officer.do("setOffboardingStatus", offboardingId=task["id"], status=status)
        for status in ("IN_PROGRESS", "REVIEW")
    ]
    confirmed = {"status": "DONE", "resolution": "DONE", "confirmation": "TERMINATE"}
    done = await bank.approver.do("saveOffboarding", offboardingId=task["id"], **confirmed)
    offboarded = await bank.officer.party(id=id_of(party))
    listed_while_the_product_is_active = await bank.officer.overview()
    termination = await bank.approver.do(
        "startProductTermination", productId=id_of(product), **confirmed
    )
    listed_in_the_end = await bank.officer.overview()
    listed_with_offboarded = await bank.officer.overview(all_=True)

    assert (task["status"], task["version"], task["isFinal"]) == ("OPEN", 1, False)
    assert (pending["status"], pending["offboardingState"]) == ("ACTIVE", "PENDING")
    assert [offboarding["status"] for offboarding in moved] == ["IN_PROGRESS", "REVIEW"]
    assert (done["status"], done["resolution"], done["version"]) == ("DONE", "DONE", 4)
    assert done["isFinal"] is True
    assert [entry["kind"] for entry in done["activity"]["nodes"]] == [
        "OFFBOARDING_STARTED",
        "STATUS_CHANGED",
        "STATUS_CHANGED",
        "RESOLVED",
        "PARTY_OFFBOARDED",
    ]
    assert (offboarded["status"], offboarded["offboardingState"]) == ("OFFBOARDED", "OFFBOARDED")
    assert offboarded["products"] == [{"number": product.number, "status": "ACTIVE"}]
    assert pair <= listed_while_the_product_is_active
    assert (termination["status"], termination["resolution"]) == ("DONE", "DONE")
    assert not pair & listed_in_the_end
    assert pair <= listed_with_offboarded
    for found in (
        await bank.officer.party(id=id_of(party)),
        await bank.officer.party(reference=party.reference),
    ):
        assert (found["reference"], found["status"]) == (party.reference, "OFFBOARDED")
        assert found["viewerCanStartOffboarding"] is False
    for found in (
        await bank.officer.product(id=id_of(product)),
        await bank.officer.product(number=product.number),
    ):
        assert (found["number"], found["status"]) == (product.number, "TERMINATED")
        assert found["parties"] == [{"reference": party.reference, "status": "OFFBOARDED"}]


async def test_mails_the_assignee_as_soon_as_the_settings_are_saved(bank: Bank) -> None:
    party, _ = await make_client()
    task = await bank.officer.do("startPartyOffboarding", partyId=id_of(party))
    before = len(bank.mail.taken)

    saved = await bank.officer.do(
        "saveOffboarding",
        offboardingId=task["id"],
        status="IN_PROGRESS",
        assigneeId=id_of(bank.colleague),
        reason="RISK_OR_SANCTIONS",
        comment="Suspicious transfers.",
    )
    letter = await last_letter(bank.mail, after=before)

    assert saved["assignee"] == {"email": "carla@bank.example"}
    assert bank.mail.taken[-1].recipients == ["carla@bank.example"]
    subject = f"A task has been assigned to you: Party offboarding {party.reference}"
    assert letter["Subject"] == subject
    text = letter.get_body(("plain",))
    assert text is not None
    words = text.get_content()
    assert TASK_URL.replace("{id}", task["id"]) in words
    assert party.reference in words
    assert "Olga Officer" in words
    content = bank.mail.taken[-1].content.decode()
    for secret in ("Quirina", "Zwart", "RISK", "Suspicious"):
        assert secret not in content


async def test_refuses_done_without_a_resolution(bank: Bank) -> None:
    party, _ = await make_client()
    task = await bank.approver.do("startPartyOffboarding", partyId=id_of(party))

    refusals = [
        await bank.approver.do(mutation, offboardingId=task["id"], status="DONE")
        for mutation in ("saveOffboarding", "setOffboardingStatus")
    ]

    assert refusals == [{"code": "RESOLUTION_REQUIRED"}] * 2
    assert await bank.approver.offboarding(task["id"]) == task


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (None, "CONFIRMATION_REQUIRED"),
        ("", "CONFIRMATION_MISMATCH"),
        ("terminate", "CONFIRMATION_MISMATCH"),
        ("TERMINATE ", "CONFIRMATION_MISMATCH"),
        ("TERMINATED", "CONFIRMATION_MISMATCH"),
    ],
)
async def test_saves_nothing_unless_the_end_is_confirmed(
    bank: Bank, typed: str | None, code: str
) -> None:
    party, product = await make_client()
    task = await bank.approver.do("startPartyOffboarding", partyId=id_of(party))
    shown = await bank.approver.party(id=id_of(party))
    letters = await letters_to_leave()
    end = {"resolution": "DONE", "confirmation": typed}

    refusals = [
        await bank.approver.do(
            "saveOffboarding",
            offboardingId=task["id"],
            status="DONE",
            assigneeId=id_of(bank.colleague),
            comment="Never saved.",
            **end,
        ),
        await bank.approver.do("resolveOffboarding", offboardingId=task["id"], **end),
        await bank.approver.do(
            "startProductTermination",
            productId=id_of(product),
            status="DONE",
            assigneeId=id_of(bank.colleague),
            **end,
        ),
    ]

    assert refusals == [{"code": code}] * 3
    assert await bank.approver.offboarding(task["id"]) == task
    assert await bank.approver.party(id=id_of(party)) == shown
    assert (await bank.approver.product(id=id_of(product)))["offboardingState"] == "NONE"
    assert await letters_to_leave() == letters


async def test_offers_no_way_back_from_done(bank: Bank) -> None:
    party, product = await make_client()
    end = {"status": "DONE", "resolution": "DONE", "confirmation": "TERMINATE"}
    ended = [
        await bank.approver.do("startPartyOffboarding", partyId=id_of(party), **end),
        await bank.approver.do("startProductTermination", productId=id_of(product), **end),
    ]
    letters = await letters_to_leave()

    again = [
        await bank.approver.do("startPartyOffboarding", partyId=id_of(party)),
        await bank.approver.do("startPartyOffboarding", partyId=id_of(party), **end),
        await bank.approver.do("startProductTermination", productId=id_of(product)),
        await bank.approver.do("startProductTermination", productId=id_of(product), **end),
    ]
    reopened = [
        await bank.approver.do(mutation, offboardingId=offboarding["id"], **input)
        for offboarding in ended
        for mutation, input in WAYS_BACK
    ]

    assert again == [{"code": "ALREADY_OFFBOARDED"}] * 4
    assert reopened == [{"code": "OFFBOARDING_DONE"}] * 2 * len(WAYS_BACK)
    assert [await bank.approver.offboarding(o["id"]) for o in ended] == ended
    assert (await bank.approver.party(id=id_of(party)))["status"] == "OFFBOARDED"
    assert (await bank.approver.product(id=id_of(product)))["status"] == "TERMINATED"
    assert await letters_to_leave() == letters


WAYS_BACK: Final[list[tuple[str, dict[str, Any]]]] = [
    *(
        ("setOffboardingStatus", {"status": status})
        for status in ("OPEN", "IN_PROGRESS", "REVIEW", "DONE")
    ),
    ("setOffboardingStatus", {"status": "OPEN", "expectedVersion": 1}),
    ("setOffboardingStatus", {"status": "OPEN", "expectedVersion": 99}),
    ("saveOffboarding", {}),
    ("saveOffboarding", {"status": "OPEN"}),
    ("saveOffboarding", {"resolution": "CANCELLED"}),
    ("saveOffboarding", {"status": "DONE", "resolution": "CANCELLED"}),
    ("saveOffboarding", {"comment": "Second thoughts."}),
    ("saveOffboarding", {"assigneeId": None}),
    ("assignOffboarding", {"assigneeId": None}),
    ("resolveOffboarding", {"resolution": "CANCELLED"}),
    ("resolveOffboarding", {"resolution": "DONE", "confirmation": "TERMINATE"}),
]


@pytest.mark.usefixtures("database")
async def test_saves_while_the_mail_server_is_down_and_mails_once_it_is_back(
    database_url: str,
) -> None:
    port = free_port()
    officer, colleague = await make_user(groups=["Officer"]), await make_user()
    token, (party, _) = await make_token(officer), await make_client()
    settings = {"DATABASE_URL": database_url, "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port)}
    async with served(**settings) as server:
        front_end = FrontEnd(server.client(token))

        saved = await front_end.do(
            "startPartyOffboarding", partyId=id_of(party), assigneeId=id_of(colleague)
        )
        await until(lambda: "The mail server is down" in server.log)
        async with mail_server(port=port) as mail:
            letter = await last_letter(mail, after=0)

    assert saved["assignee"] == {"email": colleague.email}
    assert letter["Subject"].endswith(f"Party offboarding {party.reference}")
    assert [taken.recipients for taken in mail.taken] == [[colleague.email]]
    assert server.process.returncode == 0
