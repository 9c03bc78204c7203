"""The mutation `setOffboardingStatus`: a move to another status than Done."""

from itertools import product as pairs
from typing import Any, Final
from uuid import uuid4

import pytest

from models import (
    Activity,
    ClientAccess,
    Offboarding,
    OffboardingResolution,
    OffboardingStatus,
    User,
)
from tests.asking import Ask, gid
from tests.factories import make_offboarding, make_organisation, make_party, make_product, make_user
from tests.records import letters
from tests.schema.refusals import (
    NOT_FOUND,
    OFFBOARDING_DONE,
    RESOLUTION_REQUIRED,
    conflict,
    forbidden,
)

SET: Final = """mutation ($input: SetOffboardingStatusInput!) {
  setOffboardingStatus(input: $input) {
    __typename
    ... on SetOffboardingStatusSuccess { offboarding { status version } }
    ... on Error { code message }
    ... on ForbiddenError { permission }
    ... on ConflictError { offboarding { status version } }
  }
}"""

RUNNING: Final = (OffboardingStatus.OPEN, OffboardingStatus.IN_PROGRESS, OffboardingStatus.REVIEW)
STATUSES: Final = tuple(status.value for status in OffboardingStatus)
DONE: Final = OffboardingStatus.DONE


async def set_status(ask: Ask, viewer: User, row: Offboarding, status: str, **values: Any) -> Any:
    return await ask(viewer, SET, input={"offboardingId": gid(row), "status": status, **values})


def success(status: str, version: int) -> dict[str, Any]:
    return {
        "setOffboardingStatus": {
            "__typename": "SetOffboardingStatusSuccess",
            "offboarding": {"status": status, "version": version},
        }
    }


@pytest.mark.parametrize(("before", "after"), list(pairs(RUNNING, RUNNING)))
async def test_moves_among_all_statuses_that_are_not_done(
    ask: Ask, before: OffboardingStatus, after: OffboardingStatus
) -> None:
    ada = await make_user()
    row = await make_offboarding(status=before, assignee=ada, comment="Kept.", version=5)

    answered = await set_status(ask, ada, row, after.value, expectedVersion=5)

    moved = before is not after
    assert answered == success(after.value, 6 if moved else 5)
    assert (
        await Activity.all().values("kind", "actor_id", "changes")
        == [
            {
                "kind": "STATUS_CHANGED",
                "actor_id": ada.id,
                "changes": [{"field": "status", "before": before.value, "after": after.value}],
            }
        ]
        * moved
    )
    assert await letters() == []
    assert (await Offboarding.get(id=row.id)).comment == "Kept."


async def test_refuses_done_which_needs_a_resolution(refused: Ask) -> None:
    ada = await make_user()
    rows = [
        await make_offboarding(party=await make_party()),
        await make_offboarding(product=await make_product()),
    ]

    refusals = [await set_status(refused, ada, row, "DONE") for row in rows]

    assert refusals == [RESOLUTION_REQUIRED] * 2


@pytest.mark.parametrize("resolution", list(OffboardingResolution))
async def test_refuses_to_reopen_what_is_done(
    refused: Ask, resolution: OffboardingResolution
) -> None:
    ada = await make_user()
    rows = [
        await make_offboarding(party=await make_party(), status=DONE, resolution=resolution),
        await make_offboarding(product=await make_product(), status=DONE, resolution=resolution),
    ]

    refusals = [
        await set_status(refused, ada, row, status, expectedVersion=version)
        for row in rows
        for status in STATUSES
        for version in (1, 9, None)
    ]

    assert refusals == [OFFBOARDING_DONE] * 24


async def test_refuses_a_stale_version_before_the_status(refused: Ask) -> None:
    ada = await make_user()
    row = await make_offboarding(status=OffboardingStatus.REVIEW, version=2)

    refusals = [
        await set_status(refused, ada, row, status, expectedVersion=1) for status in STATUSES
    ]

    assert refusals == [conflict({"status": "REVIEW", "version": 2})] * 4


async def test_finds_nothing_that_the_viewer_may_not_see(refused: Ask) -> None:
    bank, other = await make_organisation(), await make_organisation()
    row = await make_offboarding(party=await make_party(organisation=bank))
    blind = [
        await make_user(organisation=other),
        await make_user(organisation=bank, client_access=ClientAccess.OWN),
        await make_user(organisation=bank, groups=["Administrator"]),
    ]
    no_ids = ["", "x", f"offboarding_{uuid4()}", f"party_{row.party_id}"]

    unseen = [
        await set_status(refused, viewer, row, status) for viewer in blind for status in STATUSES
    ]
    unknown = [
        await refused(blind[0], SET, input={"offboardingId": id_, "status": "OPEN"})
        for id_ in no_ids
    ]

    assert unseen == [NOT_FOUND] * 12
    assert unknown == [NOT_FOUND] * 4


async def test_forbids_what_the_viewer_has_no_permission_for(refused: Ask) -> None:
    reader, officer = await make_user(groups=["Reader"]), await make_user(groups=["Officer"])
    party = await make_offboarding(party=await make_party())
    product = await make_offboarding(product=await make_product())
    done = await make_offboarding(
        party=await make_party(), status=DONE, resolution=OffboardingResolution.CANCELLED
    )

    refusals = [
        await set_status(refused, reader, party, "REVIEW"),
        await set_status(refused, reader, product, "REVIEW"),
        await set_status(refused, reader, done, "REVIEW"),
        await set_status(refused, reader, party, "OPEN", expectedVersion=9),
        await set_status(refused, officer, party, "DONE"),
        await set_status(refused, officer, product, "DONE"),
        await set_status(refused, officer, done, "DONE"),
    ]

    assert refusals == [
        forbidden("PARTY_OFFBOARDING_WRITE"),
        forbidden("PRODUCT_TERMINATION_WRITE"),
        forbidden("PARTY_OFFBOARDING_WRITE"),
        forbidden("PARTY_OFFBOARDING_WRITE"),
        forbidden("PARTY_OFFBOARDING_DONE_WRITE"),
        forbidden("PRODUCT_TERMINATION_DONE_WRITE"),
        forbidden("PARTY_OFFBOARDING_DONE_WRITE"),
    ]


async def test_refuses_what_the_schema_does_not_know(told: Ask) -> None:
    ada, row = await make_user(), await make_offboarding()
    inputs: list[dict[str, Any]] = [
        {"offboardingId": gid(row)},
        {"offboardingId": gid(row), "status": None},
        {"offboardingId": gid(row), "status": "CLOSED"},
        {"offboardingId": gid(row), "status": "OPEN", "resolution": "DONE"},
    ]

    errors = [await told(ada, SET, input=input_) for input_ in inputs]

    assert [{code for code, _, _ in found} for found in errors] == [{"BAD_REQUEST"}] * 4
