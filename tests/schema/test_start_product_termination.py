"""The mutation `startProductTermination`: "Terminate product" from the product's details."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import pytest

from models import (
    Activity,
    ClientAccess,
    HoldingRole,
    Offboarding,
    OffboardingResolution,
    OffboardingStatus,
    Product,
    User,
)
from tests.asking import Ask, gid
from tests.factories import (
    make_holding,
    make_offboarding,
    make_organisation,
    make_party,
    make_product,
    make_user,
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
)

START: Final = """mutation ($input: StartProductTerminationInput!) {
  startProductTermination(input: $input) {
    __typename
    ... on StartProductTerminationSuccess { offboarding {
      status resolution assignee { id } effectiveOn version openProducts { number }
      subject { ... on Product { number status offboardingState } }
    } }
    ... on Error { code message }
    ... on ForbiddenError { permission }
    ... on OffboardingInProgressError { offboarding { status version } }
    ... on InvalidInputError { field }
  }
}"""
DONE: Final = OffboardingStatus.DONE
TERMINATE: Final = {"status": "DONE", "resolution": "DONE", "confirmation": "TERMINATE"}
CANCEL: Final = {"status": "DONE", "resolution": "CANCELLED"}


async def start(ask: Ask, viewer: User, product: Product, **values: Any) -> Any:
    return await ask(viewer, START, input={"productId": gid(product), **values})


def success(product: Product, state: str = "PENDING", **values: Any) -> dict[str, Any]:
    subject = {
        "number": product.number,
        "status": "TERMINATED" if state == "OFFBOARDED" else "ACTIVE",
        "offboardingState": state,
    }
    started: dict[str, Any] = {
        "status": "OPEN",
        "resolution": None,
        "assignee": None,
        "effectiveOn": None,
        "version": 1,
        "openProducts": [],
        "subject": subject,
    }
    return {
        "startProductTermination": {
            "__typename": "StartProductTerminationSuccess",
            "offboarding": {**started, **values},
        }
    }


async def log() -> list[tuple[str, list[tuple[str, str | None, str | None]]]]:
    return [
        (str(entry.kind), [(c["field"], c["before"], c["after"]) for c in entry.changes])
        for entry in await Activity.all().order_by("id")
    ]


async def test_starts_the_process(ask: Ask) -> None:
    ada, grace, product = await make_user(), await make_user(), await make_product()
    await make_holding(await make_party(), product)

    answered = await start(ask, ada, product, status="IN_PROGRESS", assigneeId=gid(grace))

    assert answered == success(product, status="IN_PROGRESS", assignee={"id": gid(grace)})
    row = await Offboarding.get()
    assert (row.party_id, row.product_id, row.started_by_id) == (None, product.id, ada.id)
    assert await log() == [
        ("OFFBOARDING_STARTED", [("status", None, "IN_PROGRESS")]),
        ("ASSIGNED", [("assignee", None, gid(grace))]),
    ]
    assert {
        (entry.party_id, entry.product_id, entry.offboarding_id) for entry in await Activity.all()
    } == {(None, product.id, row.id)}
    assert [letter["recipient_id"] for letter in await letters()] == [grace.id]


async def test_terminates_for_good_at_once_while_holders_are_active(ask: Ask) -> None:
    ada, product = await make_user(), await make_product()
    party = await make_party()
    await make_holding(party, product, HoldingRole.JOINT_OWNER)
    days = {datetime.now(UTC).date().isoformat()}

    answered = await start(ask, ada, product, **TERMINATE)

    days.add(datetime.now(UTC).date().isoformat())
    today = answered["startProductTermination"]["offboarding"]["effectiveOn"]
    assert today in days
    assert answered == success(
        product, "OFFBOARDED", status="DONE", resolution="DONE", effectiveOn=today
    )
    ended = await Product.get(id=product.id)
    assert ended.listed is True
    assert ended.terminated_by_id == ada.id
    assert ended.retention_until is not None
    assert await log() == [
        ("OFFBOARDING_STARTED", [("status", None, "OPEN")]),
        (
            "RESOLVED",
            [
                ("status", "OPEN", "DONE"),
                ("resolution", None, "DONE"),
                ("effectiveOn", None, today),
            ],
        ),
        (
            "PRODUCT_TERMINATED",
            [
                ("status", "ACTIVE", "TERMINATED"),
                ("retentionUntil", None, ended.retention_until.isoformat()),
            ],
        ),
    ]


async def test_cancels_at_once_and_starts_again(ask: Ask) -> None:
    ada, product = await make_user(), await make_product()

    cancelled = await start(ask, ada, product, **CANCEL)
    again = await start(ask, ada, product)

    assert cancelled == success(product, "NONE", status="DONE", resolution="CANCELLED")
    assert again == success(product)


async def test_starts_beside_the_offboarding_of_the_party_that_holds_it(ask: Ask) -> None:
    ada, party, product = await make_user(), await make_party(), await make_product()
    await make_holding(party, product)
    await make_offboarding(party=party)

    assert await start(ask, ada, product) == success(product)


async def test_refuses_a_second_one_and_names_the_one_in_progress(refused: Ask) -> None:
    ada, product = await make_user(), await make_product()
    await make_offboarding(product=product, status=OffboardingStatus.REVIEW, version=7)

    refusals = [
        await start(refused, ada, product, **values)
        for values in ({}, TERMINATE, CANCEL, {"assigneeId": "garbage"})
    ]

    assert refusals == [in_progress({"status": "REVIEW", "version": 7})] * 4


async def test_refuses_a_product_that_is_terminated_already(refused: Ask) -> None:
    ada, product = await make_user(), await make_product()
    await make_offboarding(product=product, status=DONE, resolution=OffboardingResolution.DONE)

    refusals = [
        await start(refused, ada, product, **values)
        for values in ({}, TERMINATE, CANCEL, {"assigneeId": "garbage"})
    ]

    assert refusals == [ALREADY_OFFBOARDED] * 4


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"status": "DONE"}, RESOLUTION_REQUIRED),
        ({"resolution": "DONE", "confirmation": "TERMINATE"}, RESOLUTION_NOT_ALLOWED),
        ({"status": "DONE", "resolution": "DONE"}, CONFIRMATION_REQUIRED),
        ({**TERMINATE, "confirmation": "Terminate"}, CONFIRMATION_MISMATCH),
        ({"comment": "x" * 10_001}, invalid("comment", "A comment has at most 10000 characters.")),
        (
            {"dueOn": "2201-01-01"},
            invalid("dueOn", "A day lies between the years 1900 and 2200."),
        ),
        ({"assigneeId": f"user_{uuid4()}"}, ASSIGNEE_UNAVAILABLE),
        ({"assigneeId": "garbage", **TERMINATE}, ASSIGNEE_UNAVAILABLE),
    ],
)
async def test_refuses_values_that_a_rule_forbids(
    refused: Ask, values: dict[str, Any], refusal: Refusal
) -> None:
    assert await start(refused, await make_user(), await make_product(), **values) == refusal


@pytest.mark.parametrize("values", [TERMINATE, CANCEL])
async def test_lets_nobody_start_with_done_where_four_eyes_are_wanted(
    refused: Ask, values: dict[str, str]
) -> None:
    bank = await make_organisation(four_eyes=True)
    ada, product = await make_user(organisation=bank), await make_product(organisation=bank)

    assert await start(refused, ada, product, **values) == FOUR_EYES


async def test_refuses_an_assignee_who_may_not_see_the_product(ask: Ask, refused: Ask) -> None:
    ada = await make_user()
    own = await make_user(groups=["Reader"], client_access=ClientAccess.OWN)
    held, unheld = await make_product(), await make_product()
    party = await make_party(manager=own)
    await make_holding(party, held, HoldingRole.REPRESENTATIVE)
    await make_holding(await make_party(manager=ada), unheld)

    refusal = await start(refused, ada, unheld, assigneeId=gid(own))
    answered = await start(ask, ada, held, assigneeId=gid(own))

    assert refusal == ASSIGNEE_UNAVAILABLE
    assert answered == success(held, assignee={"id": gid(own)})


async def test_finds_nothing_that_the_viewer_may_not_see(refused: Ask) -> None:
    bank, other = await make_organisation(), await make_organisation()
    product, ended = await make_product(organisation=bank), await make_product(organisation=bank)
    await make_holding(await make_party(organisation=bank), product)
    await make_offboarding(product=ended, status=DONE, resolution=OffboardingResolution.DONE)
    blind = [
        await make_user(organisation=other),
        await make_user(organisation=bank, client_access=ClientAccess.OWN),
        await make_user(organisation=bank, groups=["Administrator"]),
    ]
    no_ids = ["", "x", f"product_{uuid4()}", f"party_{product.id}"]

    unseen = [
        await start(refused, viewer, target, **values)
        for viewer in blind
        for target in (product, ended)
        for values in ({}, TERMINATE, {"assigneeId": "garbage"})
    ]
    unknown = [await refused(blind[0], START, input={"productId": id_}) for id_ in no_ids]

    assert unseen == [NOT_FOUND] * 18
    assert unknown == [NOT_FOUND] * 4


async def test_forbids_what_the_viewer_has_no_permission_for(refused: Ask) -> None:
    reader, officer = await make_user(groups=["Reader"]), await make_user(groups=["Officer"])
    fresh, running = await make_product(), await make_product()
    await make_offboarding(product=running)

    writing = [
        await start(refused, reader, product, **values)
        for product in (fresh, running)
        for values in ({}, TERMINATE, {"assigneeId": "garbage"})
    ]
    closing = [
        await start(refused, officer, product, **values)
        for product in (fresh, running)
        for values in (TERMINATE, CANCEL, {"status": "DONE"})
    ]

    assert writing == [forbidden("PRODUCT_TERMINATION_WRITE")] * 6
    assert closing == [forbidden("PRODUCT_TERMINATION_DONE_WRITE")] * 6
