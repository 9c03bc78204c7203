"""The mutation `saveOffboarding`: the pop-up's Save, everything at once or nothing."""

from datetime import UTC, date, datetime
from itertools import product as pairs
from typing import Any, Final
from uuid import uuid4

import pytest

from models import (
    Activity,
    ActivityKind,
    ClientAccess,
    HoldingRole,
    Offboarding,
    OffboardingResolution,
    OffboardingStatus,
    OutgoingMail,
    Party,
    PartyStatus,
    Permission,
    Product,
    ProductStatus,
    TerminationReason,
    User,
    Viewer,
)
from tests.asking import Ask, data, gid
from tests.factories import (
    STARTED_AT,
    make_holding,
    make_offboarding,
    make_organisation,
    make_party,
    make_product,
    make_user,
    viewer_for,
)
from tests.records import everything, kinds, letters
from tests.schema.refusals import (
    ASSIGNEE_UNAVAILABLE,
    CONFIRMATION_MISMATCH,
    CONFIRMATION_REQUIRED,
    FOUR_EYES,
    NOT_FOUND,
    OFFBOARDING_DONE,
    RESOLUTION_NOT_ALLOWED,
    RESOLUTION_REQUIRED,
    Refusal,
    conflict,
    forbidden,
    invalid,
    open_products,
)

SAVE: Final = """mutation ($input: SaveOffboardingInput!) {
  saveOffboarding(input: $input) {
    __typename
    ... on SaveOffboardingSuccess { offboarding { ...saved } }
    ... on Error { code message }
    ... on ForbiddenError { permission }
    ... on ConflictError { offboarding { ...saved } }
    ... on OpenProductsError { products { number } }
    ... on InvalidInputError { field }
  }
}
fragment saved on Offboarding {
  status resolution assignee { id } reason comment effectiveOn dueOn version isFinal
}"""

OPEN: Final = OffboardingStatus.OPEN
RUNNING: Final = (OPEN, OffboardingStatus.IN_PROGRESS, OffboardingStatus.REVIEW)
DONE: Final = OffboardingStatus.DONE
ENDED: Final = OffboardingResolution.DONE
CANCELLED: Final = OffboardingResolution.CANCELLED

NOTHING: Final[dict[str, Any]] = {
    "status": "OPEN",
    "resolution": None,
    "assignee": None,
    "reason": None,
    "comment": None,
    "effectiveOn": None,
    "dueOn": None,
    "version": 1,
    "isFinal": False,
}
FULL_WIDTH: Final = "".join(chr(ord(letter) + 0xFEE0) for letter in "TERMINATE")
TERMINATE: Final = {"status": "DONE", "resolution": "DONE", "confirmation": "TERMINATE"}
CANCEL: Final = {"status": "DONE", "resolution": "CANCELLED"}


def success(**values: Any) -> dict[str, Any]:
    return {
        "saveOffboarding": {
            "__typename": "SaveOffboardingSuccess",
            "offboarding": {**NOTHING, **values},
        }
    }


async def save(ask: Ask, viewer: User | Viewer, row: Offboarding, **values: Any) -> Any:
    return await ask(viewer, SAVE, input={"offboardingId": gid(row), **values})


async def entries_of(row: Offboarding) -> list[tuple[str, Any]]:
    found = await Activity.filter(offboarding_id=row.id).order_by("id")
    return [
        (str(entry.kind), [(c["field"], c["before"], c["after"]) for c in entry.changes])
        for entry in found
    ]


# ---------------------------------------------------------------- everything at once


async def test_saves_everything_at_once(ask: Ask) -> None:
    ada, grace = await make_user(), await make_user()
    row = await make_offboarding(started_by=grace)

    answered = await save(
        ask,
        ada,
        row,
        status="IN_PROGRESS",
        assigneeId=gid(grace),
        reason="DISSOLUTION",
        comment="Two\nlines 😀",
        effectiveOn="2026-12-31",
        dueOn="2026-06-30",
        expectedVersion=1,
    )

    assert answered == success(
        status="IN_PROGRESS",
        assignee={"id": gid(grace)},
        reason="DISSOLUTION",
        comment="Two\nlines 😀",
        effectiveOn="2026-12-31",
        dueOn="2026-06-30",
        version=2,
    )
    saved = await Offboarding.get(id=row.id)
    assert saved.started_at == STARTED_AT
    assert saved.started_by_id == grace.id
    assert saved.updated_at > STARTED_AT
    assert await letters() == [
        {
            "offboarding_id": row.id,
            "recipient_id": grace.id,
            "sender_id": ada.id,
            "kind": "TASK_ASSIGNED",
            "status": "QUEUED",
        }
    ]


async def test_logs_one_entry_for_each_thing_that_happened(ask: Ask) -> None:
    ada, grace = await make_user(), await make_user()
    party = await make_party()
    row = await make_offboarding(
        party=party,
        status=OffboardingStatus.REVIEW,
        reason=TerminationReason.DEATH,
        due_on=date(2026, 1, 1),
    )
    before = datetime.now(UTC)

    await save(
        ask,
        ada,
        row,
        status="OPEN",
        assigneeId=gid(grace),
        reason=None,
        comment="Alive.",
        effectiveOn="2026-12-31",
        dueOn="2026-06-30",
    )

    entries = await Activity.all().order_by("id")
    assert await entries_of(row) == [
        (
            "DETAILS_CHANGED",
            [
                ("reason", "DEATH", None),
                ("comment", None, "Alive."),
                ("effectiveOn", None, "2026-12-31"),
                ("dueOn", "2026-01-01", "2026-06-30"),
            ],
        ),
        ("ASSIGNED", [("assignee", None, gid(grace))]),
        ("STATUS_CHANGED", [("status", "REVIEW", "OPEN")]),
    ]
    assert {entry.actor_id for entry in entries} == {ada.id}
    assert {entry.organisation_id for entry in entries} == {ada.organisation_id}
    assert {(entry.party_id, entry.product_id) for entry in entries} == {(party.id, None)}
    assert len({entry.occurred_at for entry in entries}) == 1
    assert before <= entries[0].occurred_at <= datetime.now(UTC)


async def test_leaves_alone_what_is_absent_and_empties_what_is_null(ask: Ask) -> None:
    ada = await make_user()
    row = await make_offboarding(
        assignee=ada,
        reason=TerminationReason.OTHER,
        comment="Kept.",
        effective_on=date(2026, 12, 31),
        due_on=date(2026, 6, 30),
        status=OffboardingStatus.REVIEW,
    )
    whole = {
        "status": "REVIEW",
        "assignee": {"id": gid(ada)},
        "reason": "OTHER",
        "comment": "Kept.",
        "effectiveOn": "2026-12-31",
        "dueOn": "2026-06-30",
    }

    assert await save(ask, ada, row) == success(**whole)
    assert await save(ask, ada, row, status=None, resolution=None) == success(**whole)
    assert await save(ask, ada, row, comment=None) == success(
        **{**whole, "comment": None}, version=2
    )
    assert await save(ask, ada, row, assigneeId=None, reason=None) == success(
        **{**whole, "comment": None, "assignee": None, "reason": None}, version=3
    )
    assert await save(ask, ada, row, effectiveOn=None, dueOn=None) == success(
        status="REVIEW", version=4
    )
    assert await letters() == []


async def test_takes_an_empty_comment_for_none(ask: Ask) -> None:
    ada = await make_user()
    row = await make_offboarding(comment="x")

    assert await save(ask, ada, row, comment="") == success(version=2)
    assert await save(ask, ada, row, comment="") == success(version=2)


async def test_takes_a_comment_of_ten_thousand_characters(ask: Ask) -> None:
    row = await make_offboarding()

    answered = await save(ask, await make_user(), row, comment="😀" * 10_000)

    assert answered == success(comment="😀" * 10_000, version=2)


@pytest.mark.parametrize(("before", "after"), list(pairs(RUNNING, RUNNING)))
async def test_moves_among_all_statuses_that_are_not_done(
    ask: Ask, before: OffboardingStatus, after: OffboardingStatus
) -> None:
    row = await make_offboarding(status=before)

    answered = await save(ask, await make_user(), row, status=after.value)

    moved = before is not after
    assert answered == success(status=after.value, version=2 if moved else 1)
    assert await entries_of(row) == (
        [("STATUS_CHANGED", [("status", before.value, after.value)])] if moved else []
    )


# ---------------------------------------------------------------- R9, what changes nothing


async def test_changes_nothing_where_the_values_are_there_already(ask: Ask) -> None:
    ada, grace = await make_user(), await make_user(enabled=False)
    row = await make_offboarding(
        status=OffboardingStatus.REVIEW,
        assignee=grace,
        reason=TerminationReason.DEATH,
        comment="c",
        effective_on=date(2026, 1, 2),
        due_on=date(2026, 1, 3),
        version=4,
    )
    before = await everything()

    answered = await save(
        ask,
        ada,
        row,
        expectedVersion=4,
        status="REVIEW",
        assigneeId=gid(grace),
        reason="DEATH",
        comment="c",
        effectiveOn="2026-01-02",
        dueOn="2026-01-03",
        confirmation="ignored",
    )

    assert answered == success(
        status="REVIEW",
        assignee={"id": gid(grace)},
        reason="DEATH",
        comment="c",
        effectiveOn="2026-01-02",
        dueOn="2026-01-03",
        version=4,
    )
    assert await everything() == before


# ---------------------------------------------------------------- R2 and R3, what Done needs


@pytest.mark.parametrize("status", [None, "OPEN", "IN_PROGRESS", "REVIEW"])
@pytest.mark.parametrize("resolution", ["DONE", "CANCELLED"])
async def test_refuses_a_resolution_of_what_is_not_done(
    refused: Ask, status: str | None, resolution: str
) -> None:
    row = await make_offboarding()

    refusal = await save(
        refused,
        await make_user(),
        row,
        status=status,
        resolution=resolution,
        confirmation="TERMINATE",
        comment="lost",
    )

    assert refusal == RESOLUTION_NOT_ALLOWED


@pytest.mark.parametrize("resolution", [{}, {"resolution": None}])
async def test_refuses_done_without_a_resolution(refused: Ask, resolution: dict[str, None]) -> None:
    row = await make_offboarding()

    refusal = await save(
        refused, await make_user(), row, status="DONE", confirmation="TERMINATE", **resolution
    )

    assert refusal == RESOLUTION_REQUIRED


@pytest.mark.parametrize("subject", ["party", "product"])
async def test_refuses_to_end_what_is_not_confirmed_in_exactly_that_word(
    refused: Ask, subject: str
) -> None:
    ada, grace = await make_user(), await make_user()
    row = (
        await make_offboarding(party=await make_party())
        if subject == "party"
        else await make_offboarding(product=await make_product())
    )
    done = {"status": "DONE", "resolution": "DONE", "assigneeId": gid(grace), "comment": "lost"}
    wrong = [
        "",
        " ",
        "terminate",
        "Terminate",
        "TERMINATE ",
        " TERMINATE",
        "TERMINATE\n",
        "TERMINATE\0",
        "TERMINATED",
        "TERMINAT",
        FULL_WIDTH,
        "TЕRMINATE",  # noqa: RUF001 - with a Cyrillic letter
        "TERMI\u200bNATE",
        '"TERMINATE"',
        "TERMINATE" * 5_000,
    ]

    missing = [
        await save(refused, ada, row, **done),
        await save(refused, ada, row, **done, confirmation=None),
    ]
    other = {text: await save(refused, ada, row, **done, confirmation=text) for text in wrong}

    assert missing == [CONFIRMATION_REQUIRED] * 2
    assert other == dict.fromkeys(wrong, CONFIRMATION_MISMATCH)


@pytest.mark.parametrize("confirmation", [None, "", "terminate", "TERMINATE"])
async def test_cancels_whatever_is_typed(ask: Ask, confirmation: str | None) -> None:
    row = await make_offboarding()

    answered = await save(ask, await make_user(), row, **CANCEL, confirmation=confirmation)

    assert answered == success(status="DONE", resolution="CANCELLED", isFinal=True, version=2)


# ---------------------------------------------------------------- R4, what Done does


@pytest.mark.parametrize("before", RUNNING)
async def test_offboards_the_party(ask: Ask, before: OffboardingStatus) -> None:
    ada = await make_user()
    party = await make_party()
    row = await make_offboarding(party=party, status=before)
    start = datetime.now(UTC)

    answered = await save(ask, ada, row, **TERMINATE, effectiveOn="2024-02-29")

    assert answered == success(
        status="DONE", resolution="DONE", effectiveOn="2024-02-29", isFinal=True, version=2
    )
    ended, closed = await Party.get(id=party.id), await Offboarding.get(id=row.id)
    assert ended.status is PartyStatus.OFFBOARDED
    assert ended.offboarded_by_id == ada.id
    assert ended.offboarded_at is not None
    assert start <= ended.offboarded_at <= datetime.now(UTC)
    assert ended.retention_until == date(2029, 2, 28)
    assert ended.listed is False
    assert closed.closed_at == ended.offboarded_at
    assert closed.closed_by_id == ada.id
    assert await entries_of(row) == [
        ("DETAILS_CHANGED", [("effectiveOn", None, "2024-02-29")]),
        ("RESOLVED", [("status", before.value, "DONE"), ("resolution", None, "DONE")]),
        (
            "PARTY_OFFBOARDED",
            [("status", "ACTIVE", "OFFBOARDED"), ("retentionUntil", None, "2029-02-28")],
        ),
    ]


@pytest.mark.parametrize("before", RUNNING)
async def test_terminates_the_product(ask: Ask, before: OffboardingStatus) -> None:
    bank = await make_organisation(retention_months=None)
    ada = await make_user(organisation=bank)
    product = await make_product(organisation=bank)
    row = await make_offboarding(product=product, status=before)
    day = datetime.now(UTC).date()

    answered = await save(ask, ada, row, **TERMINATE)

    today = answered["saveOffboarding"]["offboarding"]["effectiveOn"]
    assert today in {day.isoformat(), datetime.now(UTC).date().isoformat()}
    assert answered == success(
        status="DONE", resolution="DONE", effectiveOn=today, isFinal=True, version=2
    )
    ended, closed = await Product.get(id=product.id), await Offboarding.get(id=row.id)
    assert ended.status is ProductStatus.TERMINATED
    assert ended.terminated_by_id == ada.id
    assert ended.terminated_at == closed.closed_at
    assert ended.retention_until is None
    assert ended.listed is False
    assert await entries_of(row) == [
        (
            "RESOLVED",
            [
                ("status", before.value, "DONE"),
                ("resolution", None, "DONE"),
                ("effectiveOn", None, today),
            ],
        ),
        ("PRODUCT_TERMINATED", [("status", "ACTIVE", "TERMINATED")]),
    ]


async def test_counts_the_retention_from_the_effective_day_that_was_saved_before(ask: Ask) -> None:
    bank = await make_organisation(retention_months=18)
    ada, party = await make_user(organisation=bank), await make_party(organisation=bank)
    row = await make_offboarding(party=party, effective_on=date(2026, 8, 31))

    await save(ask, ada, row, **TERMINATE)

    ended = await Party.get(id=party.id)
    assert ended.retention_until == date(2028, 2, 29)
    bank.retention_months = 1
    await bank.save()
    assert (await Party.get(id=party.id)).retention_until == date(2028, 2, 29)


@pytest.mark.parametrize("before", RUNNING)
async def test_leaves_the_subject_as_it_is_when_cancelled(
    ask: Ask, before: OffboardingStatus
) -> None:
    ada, party = await make_user(), await make_party()
    row = await make_offboarding(party=party, status=before)
    untouched = (await everything())["party"]

    answered = await save(ask, ada, row, **CANCEL)

    assert answered == success(status="DONE", resolution="CANCELLED", isFinal=True, version=2)
    assert (await everything())["party"] == untouched
    assert await entries_of(row) == [
        ("RESOLVED", [("status", before.value, "DONE"), ("resolution", None, "CANCELLED")])
    ]


# ---------------------------------------------------------------- R6, products that are open


async def test_offboards_a_party_before_its_products(ask: Ask) -> None:
    ada, party = await make_user(), await make_party()
    product = await make_product()
    await make_holding(party, product)
    row = await make_offboarding(party=party)

    await save(ask, ada, row, **TERMINATE)

    ended, kept = await Party.get(id=party.id), await Product.get(id=product.id)
    assert (ended.status, ended.listed) == (PartyStatus.OFFBOARDED, True)
    assert (kept.status, kept.listed) == (ProductStatus.ACTIVE, True)


async def test_refuses_to_offboard_a_party_with_products_that_the_organisation_wants_terminated(
    ask: Ask, refused: Ask
) -> None:
    bank = await make_organisation(require_products_terminated=True)
    ada, party = await make_user(organisation=bank), await make_party(organisation=bank)
    for number, role, ended in (
        ("A-3", HoldingRole.OWNER, None),
        ("A-1", HoldingRole.JOINT_OWNER, None),
        ("A-4", HoldingRole.BENEFICIARY, None),
        ("A-5", HoldingRole.OWNER, date(2026, 1, 1)),
    ):
        product = await make_product(organisation=bank, number=number)
        await make_holding(party, product, role, ended_on=ended)
    terminated = await make_product(organisation=bank, number="A-2")
    await make_holding(party, terminated)
    await make_offboarding(product=terminated, status=DONE, resolution=ENDED)
    row = await make_offboarding(party=party)

    confirmed = await save(refused, ada, row, **TERMINATE)
    unconfirmed = await save(refused, ada, row, status="DONE", resolution="DONE")
    cancelled = await save(ask, ada, row, **CANCEL)

    assert confirmed == unconfirmed == open_products("A-1", "A-3")
    assert cancelled == success(status="DONE", resolution="CANCELLED", isFinal=True, version=2)


async def test_terminates_products_where_products_must_be_terminated_first(ask: Ask) -> None:
    bank = await make_organisation(require_products_terminated=True)
    ada, party = await make_user(organisation=bank), await make_party(organisation=bank)
    product = await make_product(organisation=bank)
    await make_holding(party, product)

    for row in (await make_offboarding(product=product), await make_offboarding(party=party)):
        answered = await save(ask, ada, row, **TERMINATE)
        assert answered["saveOffboarding"]["__typename"] == "SaveOffboardingSuccess"

    assert (await Party.get(id=party.id)).listed is False
    assert (await Product.get(id=product.id)).listed is False


# ---------------------------------------------------------------- R8, the assignee


async def test_mails_once_for_each_change_of_the_assignee(ask: Ask) -> None:
    ada, grace = await make_user(), await make_user()
    row = await make_offboarding()

    for assignee in (ada, ada, grace, None, ada, None):
        await save(ask, ada, row, assigneeId=assignee and gid(assignee))

    assert [letter["recipient_id"] for letter in await letters()] == [ada.id, grace.id, ada.id]
    assert {letter["sender_id"] for letter in await letters()} == {ada.id}
    assert await entries_of(row) == [
        ("ASSIGNED", [("assignee", None, gid(ada))]),
        ("ASSIGNED", [("assignee", gid(ada), gid(grace))]),
        ("ASSIGNED", [("assignee", gid(grace), None)]),
        ("ASSIGNED", [("assignee", None, gid(ada))]),
        ("ASSIGNED", [("assignee", gid(ada), None)]),
    ]


@pytest.mark.parametrize("done", [TERMINATE, CANCEL])
async def test_mails_the_assignee_of_the_save_that_sets_done(
    ask: Ask, done: dict[str, str]
) -> None:
    ada, grace = await make_user(), await make_user()
    row = await make_offboarding(effective_on=date(2026, 1, 1))

    answered = await save(ask, ada, row, **done, assigneeId=gid(grace))

    assert answered == success(
        status="DONE",
        resolution=done["resolution"],
        assignee={"id": gid(grace)},
        effectiveOn="2026-01-01",
        isFinal=True,
        version=2,
    )
    assert [letter["recipient_id"] for letter in await letters()] == [grace.id]


async def test_mails_nobody_about_other_changes(ask: Ask) -> None:
    ada, grace = await make_user(), await make_user()
    row = await make_offboarding(assignee=grace)

    await save(ask, ada, row, status="REVIEW", comment="Look.", dueOn="2026-01-01")
    await save(ask, ada, row, **TERMINATE)

    assert await OutgoingMail.all().count() == 0


async def test_refuses_an_assignee_who_is_not_available(refused: Ask) -> None:
    ada = await make_user()
    stranger = await make_user(organisation=await make_organisation())
    party = await make_party(manager=ada)
    row = await make_offboarding(party=party, assignee=ada)
    unavailable = {
        "unknown": f"user_{uuid4()}",
        "disabled": gid(await make_user(enabled=False)),
        "a stranger": gid(stranger),
        "who may not read": gid(await make_user(groups=["Administrator"])),
        "of no group": gid(await make_user(groups=[])),
        "who sees only others": gid(await make_user(client_access=ClientAccess.OWN)),
        "a party": gid(party),
        "nothing": "",
        "garbage": "ada",
        "an upper case id": gid(ada).upper(),
        "an id with NUL": f"{gid(ada)}\0",
    }

    refusals = {
        who: await save(refused, ada, row, assigneeId=id_, status="REVIEW", comment="lost")
        for who, id_ in unavailable.items()
    }

    assert refusals == dict.fromkeys(unavailable, ASSIGNEE_UNAVAILABLE)


async def test_gives_a_task_to_a_reader_and_to_the_manager_who_sees_only_their_own(
    ask: Ask,
) -> None:
    ada = await make_user()
    reader = await make_user(groups=["Reader"])
    manager = await make_user(groups=["Reader"], client_access=ClientAccess.OWN)
    party, product = await make_party(manager=manager), await make_product()
    await make_holding(party, product)
    rows = [await make_offboarding(party=party), await make_offboarding(product=product)]

    for row in rows:
        for person in (reader, manager):
            await save(ask, ada, row, assigneeId=gid(person))

    assert [letter["recipient_id"] for letter in await letters()] == [reader.id, manager.id] * 2


async def test_saves_other_fields_while_the_assignee_is_disabled(ask: Ask) -> None:
    ada, grace = await make_user(), await make_user()
    row = await make_offboarding(assignee=grace)
    grace.enabled = False
    await grace.save()

    other = await save(ask, ada, row, comment="Go on.")
    same = await save(ask, ada, row, assigneeId=gid(grace), status="REVIEW")
    done = await save(ask, ada, row, **CANCEL)

    assignee = {"assignee": {"id": gid(grace)}, "comment": "Go on."}
    assert other == success(**assignee, version=2)
    assert same == success(**assignee, status="REVIEW", version=3)
    assert done == success(
        **assignee, status="DONE", resolution="CANCELLED", isFinal=True, version=4
    )
    assert await letters() == []


# ---------------------------------------------------------------- R10 and R11, the checks in order


async def test_refuses_a_stale_version_and_shows_the_offboarding_as_it_now_is(
    refused: Ask,
) -> None:
    ada = await make_user()
    row = await make_offboarding(status=OffboardingStatus.REVIEW, comment="Newer.", version=3)

    refusals = [
        await save(refused, ada, row, expectedVersion=version, status="OPEN", comment="Older.")
        for version in (2, 4, 0, -1, 2**31 - 1)
    ]

    now = {**NOTHING, "status": "REVIEW", "comment": "Newer.", "version": 3}
    assert refusals == [conflict(now)] * 5


async def test_refuses_a_stale_version_also_where_nothing_would_change(refused: Ask) -> None:
    row = await make_offboarding(version=2)

    refusal = await save(refused, await make_user(), row, expectedVersion=1, status="OPEN")

    assert refusal == conflict({**NOTHING, "version": 2})


EVERY_EDIT: Final[list[dict[str, Any]]] = [
    {},
    {"status": "OPEN"},
    {"status": "DONE"},
    {"comment": "x"},
    {"comment": "x" * 10_001},
    {"assigneeId": None},
    {"assigneeId": "garbage"},
    {"resolution": "DONE"},
    {"expectedVersion": 99},
    {"expectedVersion": 1},
    TERMINATE,
    CANCEL,
]


@pytest.mark.parametrize("resolution", [ENDED, CANCELLED])
@pytest.mark.parametrize("subject", ["party", "product"])
async def test_refuses_every_change_of_what_is_done(
    refused: Ask, resolution: OffboardingResolution, subject: str
) -> None:
    ada = await make_user()
    row = (
        await make_offboarding(party=await make_party(), status=DONE, resolution=resolution)
        if subject == "party"
        else await make_offboarding(
            product=await make_product(), status=DONE, resolution=resolution
        )
    )

    refusals = [await save(refused, ada, row, **edit) for edit in EVERY_EDIT]

    assert refusals == [OFFBOARDING_DONE] * len(EVERY_EDIT)


async def test_finds_nothing_that_the_viewer_may_not_see(refused: Ask) -> None:
    north, south = await make_organisation(), await make_organisation()
    row = await make_offboarding(party=await make_party(organisation=north))
    done = await make_offboarding(
        party=await make_party(organisation=north), status=DONE, resolution=CANCELLED
    )
    blind = [
        await make_user(organisation=south),
        await make_user(organisation=north, client_access=ClientAccess.OWN),
        await make_user(organisation=north, groups=["Administrator"]),
    ]

    refusals = [
        await save(refused, viewer, target, **edit)
        for viewer in blind
        for target in (row, done)
        for edit in EVERY_EDIT
    ]

    assert refusals == [NOT_FOUND] * len(refusals)


async def test_finds_nothing_by_what_is_no_id_of_an_offboarding(refused: Ask) -> None:
    ada, row = await make_user(), await make_offboarding()
    no_ids = [
        "",
        "x",
        f"offboarding_{uuid4()}",
        f"party_{row.party_id}",
        gid(row).upper(),
        f"{gid(row)}\0",
    ]

    refusals = [
        await refused(ada, SAVE, input={"offboardingId": id_, **edit})
        for id_ in no_ids
        for edit in ({}, {"assigneeId": "garbage"}, {"comment": "x" * 10_001})
    ]

    assert refusals == [NOT_FOUND] * len(refusals)


@pytest.mark.parametrize(
    ("groups", "missing"),
    [
        (
            ["Reader"],
            {
                "party": ("PARTY_OFFBOARDING_WRITE", "PARTY_OFFBOARDING_DONE_WRITE"),
                "product": ("PRODUCT_TERMINATION_WRITE", "PRODUCT_TERMINATION_DONE_WRITE"),
            },
        ),
        (
            ["Officer"],
            {
                "party": (None, "PARTY_OFFBOARDING_DONE_WRITE"),
                "product": (None, "PRODUCT_TERMINATION_DONE_WRITE"),
            },
        ),
    ],
)
async def test_forbids_what_the_viewer_has_no_permission_for(
    refused: Ask, groups: list[str], missing: dict[str, tuple[str | None, str]]
) -> None:
    """Permission is asked before Done, before the version and before the values."""
    viewer = await make_user(groups=groups)
    rows = {
        "party": [
            await make_offboarding(party=await make_party()),
            await make_offboarding(party=await make_party(), status=DONE, resolution=CANCELLED),
        ],
        "product": [
            await make_offboarding(product=await make_product()),
            await make_offboarding(product=await make_product(), status=DONE, resolution=CANCELLED),
        ],
    }
    edits: list[dict[str, Any]] = [
        {"comment": "x"},
        {"assigneeId": "garbage"},
        {"expectedVersion": 9},
    ]
    closings: list[dict[str, Any]] = [
        TERMINATE,
        CANCEL,
        {"status": "DONE"},
        {**CANCEL, "expectedVersion": 9},
    ]

    for subject, (edit_permission, done_permission) in missing.items():
        for row in rows[subject]:
            for closing in closings:
                assert await save(refused, viewer, row, **closing) == forbidden(done_permission)
            if edit_permission:
                for edit in edits:
                    assert await save(refused, viewer, row, **edit) == forbidden(edit_permission)


async def test_lets_who_may_only_set_done_set_done_and_nothing_else(ask: Ask, refused: Ask) -> None:
    closer = await viewer_for(await make_user(groups=["Reader"]))
    closer = Viewer(
        closer.user_id,
        closer.organisation_id,
        closer.permissions | {Permission.PARTY_OFFBOARDING_DONE_WRITE},
        closer.client_access,
    )
    row = await make_offboarding()

    edits: list[dict[str, Any]] = [
        {"comment": "x"},
        {**CANCEL, "comment": "x"},
        {**CANCEL, "assigneeId": None},
    ]
    refusals = [await save(refused, closer, row, **edit) for edit in edits]
    answered = await save(ask, closer, row, **TERMINATE, effectiveOn="2026-01-01")

    assert refusals == [forbidden("PARTY_OFFBOARDING_WRITE")] * 3
    assert answered == success(
        status="DONE", resolution="DONE", effectiveOn="2026-01-01", isFinal=True, version=2
    )


async def test_keeps_the_permissions_of_the_two_kinds_apart(ask: Ask, refused: Ask) -> None:
    viewer = await viewer_for(await make_user(groups=["Reader"]))
    viewer = Viewer(
        viewer.user_id,
        viewer.organisation_id,
        viewer.permissions
        | {Permission.PARTY_OFFBOARDING_WRITE, Permission.PARTY_OFFBOARDING_DONE_WRITE},
        viewer.client_access,
    )
    offboarding = await make_offboarding(party=await make_party())
    termination = await make_offboarding(product=await make_product())

    refusals = [
        await save(refused, viewer, termination, comment="x"),
        await save(refused, viewer, termination, **CANCEL),
    ]
    answered = await save(ask, viewer, offboarding, **CANCEL)

    assert refusals == [
        forbidden("PRODUCT_TERMINATION_WRITE"),
        forbidden("PRODUCT_TERMINATION_DONE_WRITE"),
    ]
    assert answered["saveOffboarding"]["__typename"] == "SaveOffboardingSuccess"


async def test_checks_done_before_the_version_and_the_version_before_the_values(
    refused: Ask,
) -> None:
    ada = await make_user()
    running = await make_offboarding(party=await make_party(), version=2)
    done = await make_offboarding(
        party=await make_party(), status=DONE, resolution=CANCELLED, version=2
    )
    bad_values: list[dict[str, Any]] = [
        {"status": "DONE"},
        {"resolution": "DONE"},
        {"status": "DONE", "resolution": "DONE"},
        {"assigneeId": "garbage"},
        {"comment": "x" * 10_001},
    ]

    stale = [await save(refused, ada, running, expectedVersion=1, **bad) for bad in bad_values]
    final = [await save(refused, ada, done, expectedVersion=1, **bad) for bad in bad_values]

    assert stale == [conflict({**NOTHING, "version": 2})] * 5
    assert final == [OFFBOARDING_DONE] * 5


@pytest.mark.parametrize("done", [TERMINATE, CANCEL])
async def test_lets_nobody_close_what_they_started_where_four_eyes_are_wanted(
    ask: Ask, refused: Ask, done: dict[str, str]
) -> None:
    bank = await make_organisation(four_eyes=True)
    ada, grace = await make_user(organisation=bank), await make_user(organisation=bank)
    row = await make_offboarding(
        party=await make_party(organisation=bank), started_by=ada, effective_on=date(2026, 1, 1)
    )

    refusal = await save(refused, ada, row, **done)
    edited = await save(ask, ada, row, comment="Look.")
    answered = await save(ask, grace, row, **done)

    assert refusal == FOUR_EYES
    assert edited == success(comment="Look.", effectiveOn="2026-01-01", version=2)
    assert answered == success(
        status="DONE",
        resolution=done["resolution"],
        comment="Look.",
        effectiveOn="2026-01-01",
        isFinal=True,
        version=3,
    )


# ---------------------------------------------------------------- values out of bounds


BOUNDS: Final = "A day lies between the years 1900 and 2200."


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"comment": "x" * 10_001}, invalid("comment", "A comment has at most 10000 characters.")),
        ({"comment": "a\0b"}, invalid("comment", "A comment cannot hold the character NUL.")),
        ({"dueOn": "1899-12-31"}, invalid("dueOn", BOUNDS)),
        ({"dueOn": "2201-01-01"}, invalid("dueOn", BOUNDS)),
        ({"effectiveOn": "0001-01-01"}, invalid("effectiveOn", BOUNDS)),
        ({**TERMINATE, "effectiveOn": "9999-12-31"}, invalid("effectiveOn", BOUNDS)),
    ],
)
async def test_refuses_values_out_of_bounds(
    refused: Ask, values: dict[str, Any], refusal: Refusal
) -> None:
    row = await make_offboarding()

    assert await save(refused, await make_user(), row, **{"status": "REVIEW", **values}) == refusal


async def test_takes_days_at_the_bounds(ask: Ask) -> None:
    bank = await make_organisation(retention_months=1200)
    ada, party = await make_user(organisation=bank), await make_party(organisation=bank)
    row = await make_offboarding(party=party)

    await save(ask, ada, row, effectiveOn="2200-12-31", dueOn="1900-01-01")
    answered = await save(ask, ada, row, **TERMINATE)

    assert answered["saveOffboarding"]["__typename"] == "SaveOffboardingSuccess"
    assert (await Party.get(id=party.id)).retention_until == date(2300, 12, 31)


# ---------------------------------------------------------------- R13, what is not told


async def test_saves_a_reason_for_an_officer_and_does_not_show_it(ask: Ask) -> None:
    officer = await make_user(groups=["Officer"])
    row = await make_offboarding(comment="Secret.")

    answered = await save(ask, officer, row, reason="DEATH", dueOn="2026-01-01")
    cleared = await save(ask, officer, row, comment="Overwritten.")

    assert answered == success(dueOn="2026-01-01", version=2)
    assert cleared == success(dueOn="2026-01-01", version=3)
    saved = await Offboarding.get(id=row.id)
    assert (saved.reason, saved.comment) == (TerminationReason.DEATH, "Overwritten.")


# ---------------------------------------------------------------- requests that make no sense


async def test_refuses_a_bad_selection_before_anything_is_written(told: Ask) -> None:
    ada, row = await make_user(), await make_offboarding()
    documents = [
        SAVE.replace("version isFinal", f"activity({page}) {{ totalCount }}")
        for page in ("first: 0", "first: 101", 'after: "x"')
    ]

    errors = [
        await told(ada, document, input={"offboardingId": gid(row), "status": "REVIEW"})
        for document in documents
    ]

    assert errors == [
        [("BAD_REQUEST", "first must lie between 1 and 100.", None)],
        [("BAD_REQUEST", "first must lie between 1 and 100.", None)],
        [("BAD_REQUEST", "after is not a cursor of this list.", None)],
    ]


async def test_refuses_what_the_schema_does_not_know(told: Ask) -> None:
    ada, row = await make_user(), await make_offboarding()
    inputs: list[Any] = [
        None,
        {},
        {"offboardingId": None},
        {"offboardingId": gid(row), "shoeSize": 42},
        {"offboardingId": gid(row), "status": "CLOSED"},
        {"offboardingId": gid(row), "status": 1},
        {"offboardingId": gid(row), "expectedVersion": "1"},
        {"offboardingId": gid(row), "expectedVersion": 2**31},
        {"offboardingId": gid(row), "dueOn": "2026-02-30"},
        {"offboardingId": gid(row), "dueOn": "tomorrow"},
        {"offboardingId": gid(row), "comment": 7},
    ]

    errors = [await told(ada, SAVE, input=input_) for input_ in inputs]
    missing = await told(ada, SAVE)

    assert [{code for code, _, _ in found} for found in [*errors, missing]] == [
        {"BAD_REQUEST"}
    ] * 12


async def test_saves_one_after_the_other_in_one_request(ask: Ask) -> None:
    ada, row = await make_user(), await make_offboarding()
    document = """mutation ($id: ID!) {
      first: saveOffboarding(input: { offboardingId: $id, status: REVIEW, expectedVersion: 1 }) {
        ... on SaveOffboardingSuccess { offboarding { status version } } }
      second: saveOffboarding(input: { offboardingId: $id, status: OPEN, expectedVersion: 1 }) {
        ... on ConflictError { offboarding { status version } } }
      third: saveOffboarding(input: { offboardingId: $id, status: OPEN, expectedVersion: 2 }) {
        ... on SaveOffboardingSuccess { offboarding { status version } } }
    }"""

    answered = await ask(ada, document, id=gid(row))

    assert answered == {
        "first": {"offboarding": {"status": "REVIEW", "version": 2}},
        "second": {"offboarding": {"status": "REVIEW", "version": 2}},
        "third": {"offboarding": {"status": "OPEN", "version": 3}},
    }
    assert await kinds() == [ActivityKind.STATUS_CHANGED, ActivityKind.STATUS_CHANGED]


SHOWN: Final = [
    "id status resolution version startedAt updatedAt closedAt effectiveOn dueOn isFinal",
    "__typename state: status startedBy { __typename id name email } assignee { name }",
    "version comment reason viewerCanResolve",
    "status subject { ... on Party { name offboarding { status version } } }",
    "status activity { totalCount nodes { kind changes { field after } } }",
    "version assignee { name groups { name } }",
    "id @skip(if: true) version ... on Offboarding { status }",
]


@pytest.mark.parametrize("fields", SHOWN)
@pytest.mark.usefixtures("database")
async def test_shows_what_a_query_shows_afterwards(fields: str) -> None:
    viewer = await make_user(groups=["Approver"])
    row = await make_offboarding(assignee=await make_user(name="Ida"))
    save = f"""mutation ($id: ID!) {{
      saveOffboarding(input: {{offboardingId: $id, status: REVIEW, comment: "Ünï \\"x\\""}}) {{
        ... on SaveOffboardingSuccess {{ offboarding {{ {fields} }} }}
      }}
    }}"""

    saved = await data(viewer, save, id=gid(row))
    read = await data(
        viewer, f"query ($id: ID!) {{ offboarding(id: $id) {{ {fields} }} }}", id=gid(row)
    )

    assert saved["saveOffboarding"]["offboarding"] == read["offboarding"]
    assert read["offboarding"]


@pytest.mark.usefixtures("database")
async def test_shows_it_twice() -> None:
    viewer, row = await make_user(groups=["Approver"]), await make_offboarding()
    save = """mutation ($id: ID!) {
      saveOffboarding(input: {offboardingId: $id, status: REVIEW}) {
        ... on SaveOffboardingSuccess { a: offboarding { status } b: offboarding { version } }
      }
    }"""

    saved = await data(viewer, save, id=gid(row))

    assert saved["saveOffboarding"] == {"a": {"status": "REVIEW"}, "b": {"version": 2}}
