"""The mutation `startPartyOffboarding`: the first Save of the pop-up."""

from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import uuid4

import pytest

from models import (
    Activity,
    ClientAccess,
    Offboarding,
    OffboardingResolution,
    OffboardingStatus,
    Party,
    Permission,
    User,
    Viewer,
)
from tests.asking import Ask, gid
from tests.factories import (
    make_holding,
    make_offboarding,
    make_organisation,
    make_party,
    make_product,
    make_user,
    viewer_for,
)
from tests.records import letters
from tests.schema.refusals import (
    ALREADY_OFFBOARDED,
    ASSIGNEE_UNAVAILABLE,
    CONFIRMATION_MISMATCH,
    CONFIRMATION_REQUIRED,
    FOUR_EYES,
    NOT_FOUND,
    RESOLUTION_NOT_ALLOWED,
    RESOLUTION_REQUIRED,
    Refusal,
    forbidden,
    in_progress,
    invalid,
    open_products,
)

START: Final = """mutation ($input: StartPartyOffboardingInput!) {
  startPartyOffboarding(input: $input) {
    __typename
    ... on StartPartyOffboardingSuccess { offboarding {
      status resolution assignee { id } reason comment effectiveOn dueOn version isFinal
      startedBy { id } closedBy { id }
      subject { ... on Party { reference status offboardingState offboarding { version } } }
    } }
    ... on Error { code message }
    ... on ForbiddenError { permission }
    ... on OffboardingInProgressError { offboarding { status version } }
    ... on OpenProductsError { products { number } }
    ... on InvalidInputError { field }
  }
}"""
DONE: Final = OffboardingStatus.DONE
TERMINATE: Final = {"status": "DONE", "resolution": "DONE", "confirmation": "TERMINATE"}
CANCEL: Final = {"status": "DONE", "resolution": "CANCELLED"}


async def start(ask: Ask, viewer: User | Viewer, party: Party, **values: Any) -> Any:
    return await ask(viewer, START, input={"partyId": gid(party), **values})


def success(by: User, party: Party, **values: Any) -> dict[str, Any]:
    subject = {
        "reference": party.reference,
        "status": "ACTIVE",
        "offboardingState": "PENDING",
        "offboarding": {"version": 1},
    }
    started = {
        "status": "OPEN",
        "resolution": None,
        "assignee": None,
        "reason": None,
        "comment": None,
        "effectiveOn": None,
        "dueOn": None,
        "version": 1,
        "isFinal": False,
        "startedBy": {"id": gid(by)},
        "closedBy": None,
        "subject": subject,
    }
    return {
        "startPartyOffboarding": {
            "__typename": "StartPartyOffboardingSuccess",
            "offboarding": {**started, **values},
        }
    }


async def log() -> list[tuple[str, list[tuple[str, str | None, str | None]]]]:
    return [
        (str(entry.kind), [(c["field"], c["before"], c["after"]) for c in entry.changes])
        for entry in await Activity.all().order_by("id")
    ]


async def test_starts_open_with_nothing_else_said(ask: Ask) -> None:
    ada, party = await make_user(), await make_party()
    before = datetime.now(UTC)

    answered = await start(ask, ada, party)

    assert answered == success(ada, party)
    row = await Offboarding.get()
    assert before <= row.started_at <= datetime.now(UTC)
    assert row.updated_at == row.started_at
    assert row.organisation_id == ada.organisation_id
    assert (row.party_id, row.product_id) == (party.id, None)
    (entry,) = await Activity.all()
    assert await log() == [("OFFBOARDING_STARTED", [("status", None, "OPEN")])]
    assert (entry.actor_id, entry.occurred_at) == (ada.id, row.started_at)
    assert (entry.offboarding_id, entry.party_id, entry.product_id) == (row.id, party.id, None)
    assert await letters() == []


@pytest.mark.parametrize("status", ["OPEN", "IN_PROGRESS", "REVIEW"])
async def test_starts_with_everything_that_the_pop_up_holds(ask: Ask, status: str) -> None:
    ada, grace, party = await make_user(), await make_user(), await make_party()

    answered = await start(
        ask,
        ada,
        party,
        status=status,
        assigneeId=gid(grace),
        reason="CLIENT_REQUEST",
        comment="Moves abroad.",
        effectiveOn="2026-12-31",
        dueOn="2026-06-30",
        resolution=None,
        confirmation=None,
    )

    assert answered == success(
        ada,
        party,
        status=status,
        assignee={"id": gid(grace)},
        reason="CLIENT_REQUEST",
        comment="Moves abroad.",
        effectiveOn="2026-12-31",
        dueOn="2026-06-30",
    )
    row = await Offboarding.get()
    assert await letters() == [
        {
            "offboarding_id": row.id,
            "recipient_id": grace.id,
            "sender_id": ada.id,
            "kind": "TASK_ASSIGNED",
            "status": "QUEUED",
        }
    ]
    assert await log() == [
        (
            "OFFBOARDING_STARTED",
            [
                ("status", None, status),
                ("reason", None, "CLIENT_REQUEST"),
                ("comment", None, "Moves abroad."),
                ("effectiveOn", None, "2026-12-31"),
                ("dueOn", None, "2026-06-30"),
            ],
        ),
        ("ASSIGNED", [("assignee", None, gid(grace))]),
    ]


async def test_offboards_at_once(ask: Ask) -> None:
    ada, party = await make_user(), await make_party()
    product = await make_product()
    await make_holding(party, product)

    answered = await start(
        ask, ada, party, **TERMINATE, assigneeId=gid(ada), effectiveOn="2024-02-29"
    )

    assert answered == success(
        ada,
        party,
        status="DONE",
        resolution="DONE",
        assignee={"id": gid(ada)},
        effectiveOn="2024-02-29",
        isFinal=True,
        closedBy={"id": gid(ada)},
        subject={
            "reference": party.reference,
            "status": "OFFBOARDED",
            "offboardingState": "OFFBOARDED",
            "offboarding": None,
        },
    )
    ended = await Party.get(id=party.id)
    assert ended.retention_until == date(2029, 2, 28)
    assert ended.offboarded_by_id == ada.id
    assert ended.listed is True
    assert [letter["recipient_id"] for letter in await letters()] == [ada.id]
    assert await log() == [
        ("OFFBOARDING_STARTED", [("status", None, "OPEN"), ("effectiveOn", None, "2024-02-29")]),
        ("ASSIGNED", [("assignee", None, gid(ada))]),
        ("RESOLVED", [("status", "OPEN", "DONE"), ("resolution", None, "DONE")]),
        (
            "PARTY_OFFBOARDED",
            [("status", "ACTIVE", "OFFBOARDED"), ("retentionUntil", None, "2029-02-28")],
        ),
    ]


async def test_cancels_at_once_and_starts_again(ask: Ask) -> None:
    ada, party = await make_user(), await make_party()

    cancelled = await start(ask, ada, party, **CANCEL, confirmation="no")
    again = await start(ask, ada, party)
    history = await ask(
        ada,
        """query ($id: ID!) { party(id: $id) {
          offboardingState offboardings { nodes { status resolution } }
        } }""",
        id=gid(party),
    )

    subject = {
        "reference": party.reference,
        "status": "ACTIVE",
        "offboardingState": "NONE",
        "offboarding": None,
    }
    assert cancelled == success(
        ada,
        party,
        status="DONE",
        resolution="CANCELLED",
        isFinal=True,
        closedBy={"id": gid(ada)},
        subject=subject,
    )
    assert again == success(ada, party)
    assert history["party"] == {
        "offboardingState": "PENDING",
        "offboardings": {
            "nodes": [
                {"status": "OPEN", "resolution": None},
                {"status": "DONE", "resolution": "CANCELLED"},
            ]
        },
    }


# ---------------------------------------------------------------- R5, what cannot be started


@pytest.mark.parametrize("status", ["OPEN", "IN_PROGRESS", "REVIEW"])
async def test_refuses_a_second_one_and_names_the_one_in_progress(
    refused: Ask, status: str
) -> None:
    ada, party = await make_user(), await make_party()
    await make_offboarding(party=party, status=DONE, resolution=OffboardingResolution.CANCELLED)
    await make_offboarding(party=party, status=OffboardingStatus(status), version=7)

    refusals = [
        await start(refused, ada, party, **values)
        for values in ({}, TERMINATE, CANCEL, {"assigneeId": "garbage"}, {"status": "DONE"})
    ]

    assert refusals == [in_progress({"status": status, "version": 7})] * 5


async def test_refuses_a_party_that_is_offboarded_already(refused: Ask) -> None:
    ada, party = await make_user(), await make_party()
    await make_offboarding(party=party, status=DONE, resolution=OffboardingResolution.DONE)

    refusals = [
        await start(refused, ada, party, **values)
        for values in ({}, TERMINATE, CANCEL, {"assigneeId": "garbage"}, {"status": "DONE"})
    ]

    assert refusals == [ALREADY_OFFBOARDED] * 5


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"status": "DONE"}, RESOLUTION_REQUIRED),
        ({"status": "DONE", "resolution": None, "confirmation": "TERMINATE"}, RESOLUTION_REQUIRED),
        ({"resolution": "DONE", "confirmation": "TERMINATE"}, RESOLUTION_NOT_ALLOWED),
        ({"status": "REVIEW", "resolution": "CANCELLED"}, RESOLUTION_NOT_ALLOWED),
        ({"status": "DONE", "resolution": "DONE"}, CONFIRMATION_REQUIRED),
        ({**TERMINATE, "confirmation": None}, CONFIRMATION_REQUIRED),
        ({**TERMINATE, "confirmation": "terminate"}, CONFIRMATION_MISMATCH),
        ({**TERMINATE, "confirmation": ""}, CONFIRMATION_MISMATCH),
        ({**TERMINATE, "confirmation": "TERMINATE "}, CONFIRMATION_MISMATCH),
        ({"comment": "x" * 10_001}, invalid("comment", "A comment has at most 10000 characters.")),
        ({"comment": "\0"}, invalid("comment", "A comment cannot hold the character NUL.")),
        (
            {"dueOn": "1899-12-31"},
            invalid("dueOn", "A day lies between the years 1900 and 2200."),
        ),
        (
            {**TERMINATE, "effectiveOn": "2201-01-01"},
            invalid("effectiveOn", "A day lies between the years 1900 and 2200."),
        ),
        ({"assigneeId": "garbage"}, ASSIGNEE_UNAVAILABLE),
        ({"assigneeId": f"user_{uuid4()}", **CANCEL}, ASSIGNEE_UNAVAILABLE),
    ],
)
async def test_refuses_values_that_a_rule_forbids(
    refused: Ask, values: dict[str, Any], refusal: Refusal
) -> None:
    assert await start(refused, await make_user(), await make_party(), **values) == refusal


async def test_refuses_an_assignee_who_is_not_available(refused: Ask) -> None:
    ada = await make_user()
    party = await make_party(manager=ada)
    unavailable = [
        await make_user(enabled=False),
        await make_user(organisation=await make_organisation()),
        await make_user(groups=["Administrator"]),
        await make_user(client_access=ClientAccess.OWN),
    ]

    refusals = [await start(refused, ada, party, assigneeId=gid(user)) for user in unavailable]

    assert refusals == [ASSIGNEE_UNAVAILABLE] * 4


@pytest.mark.parametrize("values", [TERMINATE, CANCEL])
async def test_lets_nobody_start_with_done_where_four_eyes_are_wanted(
    refused: Ask, values: dict[str, str]
) -> None:
    bank = await make_organisation(four_eyes=True)
    ada, party = await make_user(organisation=bank), await make_party(organisation=bank)

    assert await start(refused, ada, party, **values) == FOUR_EYES


async def test_refuses_done_while_products_are_open_that_must_be_terminated_first(
    ask: Ask, refused: Ask
) -> None:
    bank = await make_organisation(require_products_terminated=True)
    ada, party = await make_user(organisation=bank), await make_party(organisation=bank)
    for number in ("A-2", "A-1"):
        await make_holding(party, await make_product(organisation=bank, number=number))

    refusal = await start(refused, ada, party, **TERMINATE)
    cancelled = await start(ask, ada, party, **CANCEL)

    assert refusal == open_products("A-1", "A-2")
    assert cancelled["startPartyOffboarding"]["__typename"] == "StartPartyOffboardingSuccess"


# ---------------------------------------------------------------- R11 and R12, who may


async def test_finds_nothing_that_the_viewer_may_not_see(refused: Ask) -> None:
    bank, other = await make_organisation(), await make_organisation()
    running, ended = await make_party(organisation=bank), await make_party(organisation=bank)
    await make_offboarding(party=running)
    await make_offboarding(party=ended, status=DONE, resolution=OffboardingResolution.DONE)
    blind = [
        await make_user(organisation=other),
        await make_user(organisation=bank, client_access=ClientAccess.OWN),
        await make_user(organisation=bank, groups=["Administrator"]),
    ]
    no_ids = ["", "x", f"party_{uuid4()}", f"product_{running.id}", gid(running).upper()]

    unseen = [
        await start(refused, viewer, party, **values)
        for viewer in blind
        for party in (running, ended)
        for values in ({}, TERMINATE, {"assigneeId": "garbage"}, {"status": "DONE"})
    ]
    unknown = [
        await refused(blind[0], START, input={"partyId": id_, "assigneeId": "garbage"})
        for id_ in no_ids
    ]

    assert unseen == [NOT_FOUND] * 24
    assert unknown == [NOT_FOUND] * 5


async def test_forbids_what_the_viewer_has_no_permission_for(refused: Ask) -> None:
    """Permission is asked before what is in progress or ended, and before the values."""
    reader, officer = await make_user(groups=["Reader"]), await make_user(groups=["Officer"])
    fresh, running, ended = [await make_party() for _ in range(3)]
    await make_offboarding(party=running)
    await make_offboarding(party=ended, status=DONE, resolution=OffboardingResolution.DONE)
    parties = (fresh, running, ended)

    writing = [
        await start(refused, reader, party, **values)
        for party in parties
        for values in ({}, TERMINATE, {"assigneeId": "garbage"})
    ]
    closing = [
        await start(refused, officer, party, **values)
        for party in parties
        for values in (TERMINATE, CANCEL, {"status": "DONE"})
    ]

    assert writing == [forbidden("PARTY_OFFBOARDING_WRITE")] * 9
    assert closing == [forbidden("PARTY_OFFBOARDING_DONE_WRITE")] * 9


async def test_wants_the_permission_to_write_also_where_it_starts_with_done(refused: Ask) -> None:
    viewer = await viewer_for(await make_user(groups=["Reader"]))
    closer = Viewer(
        viewer.user_id,
        viewer.organisation_id,
        viewer.permissions | {Permission.PARTY_OFFBOARDING_DONE_WRITE},
        viewer.client_access,
    )

    refusal = await start(refused, closer, await make_party(), **CANCEL)

    assert refusal == forbidden("PARTY_OFFBOARDING_WRITE")


async def test_starts_with_access_own_on_a_party_the_viewer_manages(ask: Ask) -> None:
    viewer = await make_user(client_access=ClientAccess.OWN)
    party = await make_party(manager=viewer)

    assert await start(ask, viewer, party) == success(viewer, party)


async def test_refuses_what_the_schema_does_not_know(told: Ask) -> None:
    ada, party = await make_user(), await make_party()
    inputs: list[dict[str, Any]] = [
        {},
        {"partyId": gid(party), "status": None},
        {"partyId": gid(party), "productId": gid(party)},
        {"partyId": gid(party), "expectedVersion": 1},
        {"partyId": 1.5},
        {"partyId": gid(party), "effectiveOn": "31.12.2026"},
    ]

    errors = [await told(ada, START, input=input_) for input_ in inputs]
    page = START.replace("effectiveOn dueOn", "activity(first: 0) { totalCount }")
    bad_page = await told(ada, page, input={"partyId": gid(party)})

    assert [{code for code, _, _ in found} for found in errors] == [{"BAD_REQUEST"}] * 6
    assert bad_page == [("BAD_REQUEST", "first must lie between 1 and 100.", None)]
