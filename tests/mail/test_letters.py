"""What a letter says, and what it never says."""

import email
import email.policy
from datetime import date, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from typing_extensions import override

from mail import Letterhead, outbox
from mail.letters import Letter, letter_of
from mail.matters import MOST_TASKS, matter_of
from mail.unsubscribing import unsubscribe_token
from models import (
    ClientAccess,
    Language,
    Offboarding,
    OffboardingResolution,
    OffboardingStatus,
    OutgoingMail,
    TerminationReason,
    User,
)
from settings import Settings
from tests.factories import make_holding, make_offboarding, make_party, make_product, make_user
from tests.mail.outbox_rows import ASSIGNED_AT, queue_letter

pytestmark = pytest.mark.usefixtures("emptied_database")

FORGED = "=?utf-8?q?x=0ABcc:_spy@evil.test?="


async def write(letterhead: Letterhead) -> Letter:
    mail = await outbox.claim()
    assert mail is not None
    return letter_of(await matter_of(mail), letterhead)


def read(letter: Letter) -> EmailMessage:
    """Return a letter as its recipient gets it: from the bytes."""
    return email.message_from_bytes(letter.message.as_bytes(), policy=email.policy.default)


def text_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


class Page(HTMLParser):
    """The words and the links of a page, and the elements it is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str | None] = []
        self.elements: set[str] = set()
        self.feed(html)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.links += [value for name, value in attrs if name in {"href", "src"}]

    @override
    def handle_data(self, data: str) -> None:
        # The style sheet is no word, nor what keeps the rest of a letter out of its preview.
        seen = data.partition("\u034f")[0].strip()
        if seen and self.get_starttag_text() != "<style>":
            self.words.append(seen)


async def test_says_which_task_it_is_in_text(letterhead: Letterhead) -> None:
    party = await make_party(reference="C-1001")
    queued = await queue_letter(party=party, by="Bo Jansen", due_on=date(2026, 12, 1))

    text = text_of(read(await write(letterhead)), "plain")

    assert text == (
        "A task has been assigned to you.\n"
        "\n"
        "Task:             Party offboarding\n"
        "Reference:        C-1001\n"
        "Assigned by:      Bo Jansen\n"
        "Due:              1 December 2026\n"
        "\n"
        "Open the task:\n"
        f"https://bank.example/tasks/offboarding_{queued.offboarding.id}\n"
        "\n"
        "You get this letter because the task is yours. Nobody reads replies to it.\n"
    )


async def test_says_the_same_in_html(letterhead: Letterhead) -> None:
    party = await make_party(reference="C-1001")
    queued = await queue_letter(party=party, by="Bo Jansen", due_on=date(2026, 12, 1))

    page = Page(text_of(read(await write(letterhead)), "html"))

    assert page.words == [
        "A task has been assigned to you: Party offboarding C-1001",
        "Party offboarding C-1001, due 1 December 2026",
        *("Offboarding", "A task has been assigned to you"),
        *("Task", "Party offboarding"),
        *("Reference", "C-1001"),
        *("Assigned by", "Bo Jansen"),
        *("Due", "1 December 2026"),
        "Open the task",
        "You get this letter because the task is yours. Nobody reads replies to it.",
    ]
    assert page.links == [f"https://bank.example/tasks/offboarding_{queued.offboarding.id}"]


async def test_a_product_is_terminated_and_a_task_may_have_no_day(letterhead: Letterhead) -> None:
    product = await make_product(number="NL00BANK0123456789", name="Savings of Carla")
    await queue_letter(product=product)

    message = read(await write(letterhead))

    text = text_of(message, "plain")
    assert "Task:             Product termination\nReference:        NL00BANK0123456789\n" in text
    assert "Due" not in text
    assert "Due" not in text_of(message, "html")
    assert message["Subject"] == (
        "A task has been assigned to you: Product termination NL00BANK0123456789"
    )


async def test_speaks_the_language_of_who_reads_it(letterhead: Letterhead) -> None:
    product = await make_product(number="A-77")
    queued = await queue_letter(product=product, by="Bo Jansen", due_on=date(2026, 3, 1))
    queued.recipient.language = Language.NL
    await queued.recipient.save()

    message = read(await write(letterhead))

    assert message["Subject"] == "Er is een taak aan je toegewezen: Beëindiging van product A-77"
    assert text_of(message, "plain") == (
        "Er is een taak aan je toegewezen.\n"
        "\n"
        "Taak:             Beëindiging van product\n"
        "Referentie:       A-77\n"
        "Toegewezen door:  Bo Jansen\n"
        "Uiterlijk op:     1 maart 2026\n"
        "\n"
        "Taak openen:\n"
        f"https://bank.example/tasks/offboarding_{queued.offboarding.id}\n"
        "\n"
        "Je krijgt dit bericht omdat de taak van jou is. Antwoorden worden niet gelezen.\n"
    )
    assert '<html lang="nl">' in text_of(message, "html")


async def test_reminds_of_a_task_in_the_same_thread(letterhead: Letterhead) -> None:
    recipient = await make_user()
    party = await make_party(reference="C-1001")
    task = await make_offboarding(party=party, assignee=recipient, due_on=date(2026, 3, 4))
    await OutgoingMail.task_due(task, ASSIGNED_AT).save()

    message = read(await write(letterhead))

    thread = f"<offboarding-{task.id}@bank.example>"
    assert message["Subject"] == "A task of yours is due: Party offboarding C-1001"
    assert (message["In-Reply-To"], message["References"]) == (thread, thread)
    assert text_of(message, "plain").startswith(
        "A task of yours is due.\n"
        "\n"
        "Task:             Party offboarding\n"
        "Reference:        C-1001\n"
        "Due:              4 March 2026\n"
        "\n"
    )


async def make_tasks(recipient: User, count: int) -> list[Offboarding]:
    """Make open tasks, the least urgent first, and one that is done."""
    tasks = [
        await make_offboarding(
            party=await make_party(reference=f"C-{number}"),
            assignee=recipient,
            due_on=date(2026, 3, 4) + timedelta(days=1 - number) if number < 3 else None,
        )
        for number in range(count)
    ]
    done = OffboardingStatus.DONE
    await make_offboarding(
        assignee=recipient, status=done, resolution=OffboardingResolution.CANCELLED
    )
    return tasks


async def test_lists_the_open_tasks_of_a_day_the_most_urgent_first(letterhead: Letterhead) -> None:
    recipient = await make_user()
    tasks = await make_tasks(recipient, 4)
    await OutgoingMail.daily_digest(recipient, ASSIGNED_AT).save()

    letter = await write(letterhead)

    message = read(letter)
    links = [f"https://bank.example/tasks/offboarding_{task.id}" for task in tasks]
    stop = f"https://offboarding.bank.example/unsubscribe/{unsubscribe_token(recipient)}"
    assert message["Subject"] == "You have 4 open tasks on 4 March 2026"
    assert text_of(message, "plain") == (
        "You have 4 open tasks on 4 March 2026.\n"
        "\n"
        f"Party offboarding C-2, was due on 3 March 2026\n{links[2]}\n"
        "\n"
        f"Party offboarding C-1, due 4 March 2026\n{links[1]}\n"
        "\n"
        f"Party offboarding C-0, due 5 March 2026\n{links[0]}\n"
        "\n"
        f"Party offboarding C-3\n{links[3]}\n"
        "\n"
        "You get this digest each day because you asked for it. Nobody reads replies to it.\n"
        f"To stop it: {stop}\n"
    )
    assert Page(text_of(message, "html")).links == [*(links[n] for n in (2, 1, 0, 3)), stop]
    assert message["In-Reply-To"] is None
    assert message["List-Unsubscribe"] == f"<{stop}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter.message.as_bytes().isascii()


async def test_counts_the_tasks_that_a_digest_does_not_show(letterhead: Letterhead) -> None:
    recipient = await make_user()
    await make_tasks(recipient, MOST_TASKS + 1)
    await OutgoingMail.daily_digest(recipient, ASSIGNED_AT).save()

    text = text_of(read(await write(letterhead)), "plain")

    assert text.startswith(f"You have {MOST_TASKS + 1} open tasks on 4 March 2026.\n")
    assert text.count("https://bank.example/tasks/") == MOST_TASKS
    assert "\n\nAnd one more.\n\n" in text


async def test_a_digest_tells_only_of_what_its_reader_may_see(letterhead: Letterhead) -> None:
    recipient = await make_user(client_access=ClientAccess.OWN)
    mine = await make_party(reference="C-MINE", manager=recipient)
    await make_offboarding(party=mine, assignee=recipient)
    await make_offboarding(party=await make_party(reference="C-OTHER"), assignee=recipient)
    await OutgoingMail.daily_digest(recipient, ASSIGNED_AT).save()

    letter = await write(letterhead)

    assert read(letter)["Subject"] == "You have one open task on 4 March 2026"
    assert "C-OTHER" not in letter.message.as_string()


async def test_its_headers_are_these(letterhead: Letterhead) -> None:
    party = await make_party(reference="C-1001")
    queued = await queue_letter(party=party, name="Zoë Vos", email="zoe@bank.example")

    letter = await write(letterhead)

    head = letter.message.as_bytes().partition(b"\r\n\r\n")[0].decode("ascii")
    thread = f"<offboarding-{queued.offboarding.id}@bank.example>"
    assert (letter.sender, letter.recipient) == ("offboarding@bank.example", "zoe@bank.example")
    assert head.split("\r\n") == [
        'From: "Offboarding" <offboarding@bank.example>',
        "To: =?utf-8?q?Zo=C3=AB_Vos?= <zoe@bank.example>",
        "Subject: A task has been assigned to you: Party offboarding C-1001",
        "Date: Wed, 04 Mar 2026 10:30:00 +0000",
        f"Message-ID: <mail-{queued.mail.id}@bank.example>",
        f"In-Reply-To: {thread}",
        f"References: {thread}",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="letter-{queued.mail.id}"',
    ]


async def test_is_the_very_same_letter_each_time_it_is_written(letterhead: Letterhead) -> None:
    queued = await queue_letter()
    first = await write(letterhead)
    await queued.fall_due()

    second = await write(letterhead)

    assert first.message.as_bytes() == second.message.as_bytes()


async def test_names_neither_the_client_nor_the_reason(letterhead: Letterhead) -> None:
    party = await make_party(name="Carla Client", reference="C-1001", email="carla@home.example")
    product = await make_product(name="Savings of Carla", number="PRODUCT-77")
    await make_holding(party, product)
    queued = await queue_letter(party=party, comment="Suspected of laundering")
    queued.offboarding.reason = TerminationReason.RISK_OR_SANCTIONS
    await queued.offboarding.save()

    letter = await write(letterhead)

    message = read(letter)
    said = " ".join(
        [
            letter.message.as_string(),
            text_of(message, "plain"),
            text_of(message, "html"),
            *(str(value) for value in message.values()),
        ]
    ).lower()
    assert "c-1001" in said
    for secret in ("carla", "client", "home.example", "suspect", "launder", "risk", "sanction"):
        assert secret not in said
    for secret in ("savings", "product-77", str(party.id), str(product.id)):
        assert secret not in said


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ("<b>C&1</b>", "<b>C&1</b>"),
        ('"><script>alert(1)</script>', '"><script>alert(1)</script>'),
        ("C-1\r\nBcc: spy@evil.test", "C-1 Bcc: spy@evil.test"),
        ("C-1\x85X: y\u2028Z: y", "C-1 X: y Z: y"),
        (FORGED, "= ?utf-8?q?x=0ABcc:_spy@evil.test?="),
        ("https://evil.test/", "https: //evil.test/"),
        ("{{ 7 * 7 }}", "{{ 7 * 7 }}"),
        ('ñ, "名" <🦊>', 'ñ, "名" <🦊>'),
    ],
)
async def test_a_reference_is_only_ever_text(
    letterhead: Letterhead, reference: str, shown: str
) -> None:
    queued = await queue_letter(party=await make_party(reference=reference))

    letter = await write(letterhead)

    message = read(letter)
    page = Page(text_of(message, "html"))
    link = f"https://bank.example/tasks/offboarding_{queued.offboarding.id}"
    assert message["Subject"] == f"A task has been assigned to you: Party offboarding {shown}"
    assert f"\nReference:        {shown}\n" in text_of(message, "plain")
    assert shown in "".join(page.words)
    assert page.links == [link]
    assert "script" not in page.elements
    assert "b" not in page.elements
    assert text_of(message, "plain").count("://") == 1
    assert_has_its_headers_only(letter)


@pytest.mark.parametrize(
    "name",
    [
        "Anna\r\nBcc: spy@evil.test",
        "Anna\x85Bcc: spy@evil.test",
        "Anna\u2028Bcc: spy@evil.test",
        FORGED,
        f"Zoë {FORGED}",
        'Vries, "Anna" <spy@evil.test>',
        "🦊" * 200,
    ],
)
async def test_names_of_people_forge_no_header(letterhead: Letterhead, name: str) -> None:
    await queue_letter(name=name, by=name, email="anna@bank.example")

    letter = await write(letterhead)

    message = read(letter)
    assert [to.addr_spec for to in message["To"].addresses] == ["anna@bank.example"]
    assert_has_its_headers_only(letter)


def assert_has_its_headers_only(letter: Letter) -> None:
    raw = letter.message.as_bytes()
    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    assert names == [
        *(b"From", b"To", b"Subject", b"Date", b"Message-ID", b"In-Reply-To", b"References"),
        *(b"Auto-Submitted", b"MIME-Version", b"Content-Type"),
    ]
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
    assert read(letter).defects == []


async def test_an_address_outside_ascii_is_written_as_it_is(letterhead: Letterhead) -> None:
    await queue_letter(name="Jörg", email="jörg@bücher.example")

    letter = await write(letterhead)

    lines = letter.message.as_bytes().split(b"\r\n")
    assert lines[1] == "To: =?utf-8?b?SsO2cmc=?= <jörg@bücher.example>".encode()


async def test_refuses_an_address_that_is_none(letterhead: Letterhead) -> None:
    await queue_letter(email="anna@bank.example,spy@evil.test")

    with pytest.raises(ValueError, match="not a plain e-mail address"):
        await write(letterhead)


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("tasks@bank.example", ""),
        ("<tasks@bank.example>", ""),
        ("Offboarding <tasks@bank.example>", "Offboarding"),
        ('"Bank, Offboarding" <tasks@bank.example>', "Bank, Offboarding"),
        ("Büro <tasks@bank.example>", "Büro"),
    ],
)
def test_reads_the_letterhead_from_the_settings(sender: str, name: str) -> None:
    settings = Settings(
        mail_from=sender, task_url="https://x.example/{id}", public_url="https://y.example"
    )

    letterhead = Letterhead.of(settings)

    assert letterhead == Letterhead(
        name, "tasks@bank.example", "https://x.example/{id}", "https://y.example"
    )


@pytest.mark.parametrize("sender", ["@", "a@b, c@d", "jörg@bücher.example", "x@y\u2028z"])
def test_refuses_a_sender_that_is_no_address(sender: str) -> None:
    with pytest.raises(ValueError, match="address"):
        Letterhead.of(Settings(mail_from=sender))
