"""The mutation `assignOffboarding`: a task for a colleague, or for nobody."""

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
from tests.factories import (
    make_holding,
    make_offboarding,
    make_organisation,
    make_party,
    make_product,
    make_user,
)
from tests.records import everything, letters
from tests.schema.refusals import (
    ASSIGNEE_UNAVAILABLE,
    NOT_FOUND,
    OFFBOARDING_DONE,
    conflict,
    forbidden,
)

ASSIGN: Final = """mutation ($input: AssignOffboardingInput!) {
  assignOffboarding(input: $input) {
    __typename
    ... on AssignOffboardingSuccess { offboarding { assignee { id } version } }
    ... on Error { code message }
    ... on ForbiddenError { permission }
    ... on ConflictError { offboarding { assignee { id } version } }
  }
}"""
DONE: Final = OffboardingStatus.DONE


async def assign(ask: Ask, viewer: User, row: Offboarding, id_: str | None, **values: Any) -> Any:
    return await ask(viewer, ASSIGN, input={"offboardingId": gid(row), "assigneeId": id_, **values})


def success(assignee: User | None, version: int) -> dict[str, Any]:
    shown = None if assignee is None else {"id": gid(assignee)}
    return {
        "assignOffboarding": {
            "__typename": "AssignOffboardingSuccess",
            "offboarding": {"assignee": shown, "version": version},
        }
    }


@pytest.mark.parametrize("subject", ["party", "product"])
async def test_gives_the_task_to_a_colleague_who_is_mailed(ask: Ask, subject: str) -> None:
    ada, grace = await make_user(), await make_user()
    row = (
        await make_offboarding(party=await make_party())
        if subject == "party"
        else await make_offboarding(product=await make_product())
    )

    answered = await assign(ask, ada, row, gid(grace), expectedVersion=1)

    assert answered == success(grace, 2)
    assert await letters() == [
        {
            "offboarding_id": row.id,
            "recipient_id": grace.id,
            "sender_id": ada.id,
            "kind": "TASK_ASSIGNED",
            "status": "QUEUED",
        }
    ]
    logged = Activity.all().values(
        "kind", "actor_id", "offboarding_id", "party_id", "product_id", "changes"
    )
    assert await logged == [
        {
            "kind": "ASSIGNED",
            "actor_id": ada.id,
            "offboarding_id": row.id,
            "party_id": row.party_id,
            "product_id": row.product_id,
            "changes": [{"field": "assignee", "before": None, "after": gid(grace)}],
        }
    ]


async def test_mails_also_who_takes_the_task_themselves(ask: Ask) -> None:
    ada, row = await make_user(), await make_offboarding()

    answered = await assign(ask, ada, row, gid(ada))

    assert answered == success(ada, 2)
    assert [letter["recipient_id"] for letter in await letters()] == [ada.id]


async def test_mails_nobody_where_the_task_is_theirs_already_or_taken_away(ask: Ask) -> None:
    ada, grace = await make_user(), await make_user()
    row = await make_offboarding(assignee=grace)
    before = await everything()

    same = await assign(ask, ada, row, gid(grace))
    assert await everything() == before
    removed = await assign(ask, ada, row, None)
    absent = await ask(ada, ASSIGN, input={"offboardingId": gid(row)})

    assert [same, removed, absent] == [success(grace, 1), success(None, 2), success(None, 2)]
    assert await letters() == []
    (entry,) = await Activity.all()
    assert entry.changes == [{"field": "assignee", "before": gid(grace), "after": None}]


async def test_mails_again_who_gets_the_task_back(ask: Ask) -> None:
    ada, grace = await make_user(), await make_user()
    row = await make_offboarding()

    for person in (grace, ada, grace):
        await assign(ask, ada, row, gid(person))

    assert [one["recipient_id"] for one in await letters()] == [grace.id, ada.id, grace.id]


async def test_leaves_a_disabled_assignee_and_takes_them_off(ask: Ask) -> None:
    ada, grace = await make_user(), await make_user(enabled=False)
    row = await make_offboarding(assignee=grace)

    same = await assign(ask, ada, row, gid(grace))
    removed = await assign(ask, ada, row, None)

    assert [same, removed] == [success(grace, 1), success(None, 2)]


async def test_refuses_who_is_not_available(refused: Ask) -> None:
    bank, other = await make_organisation(), await make_organisation()
    ada = await make_user(organisation=bank)
    own = await make_user(organisation=bank, client_access=ClientAccess.OWN)
    party = await make_party(organisation=bank, manager=ada)
    product = await make_product(organisation=bank)
    await make_holding(party, product)
    rows = [await make_offboarding(party=party), await make_offboarding(product=product)]
    unavailable = {
        "unknown": f"user_{uuid4()}",
        "nobody": "user_00000000-0000-0000-0000-000000000000",
        "disabled": gid(await make_user(organisation=bank, enabled=False)),
        "a stranger": gid(await make_user(organisation=other)),
        "who sees only others": gid(own),
        "who may not read": gid(await make_user(organisation=bank, groups=["Administrator"])),
        "another thing": gid(party),
        "garbage": "ada",
        "nothing": "",
        "nul": "\0",
    }

    refusals = {
        who: [await assign(refused, ada, row, id_) for row in rows]
        for who, id_ in unavailable.items()
    }

    assert refusals == dict.fromkeys(unavailable, [ASSIGNEE_UNAVAILABLE] * 2)


@pytest.mark.parametrize("resolution", list(OffboardingResolution))
async def test_refuses_to_assign_what_is_done(
    refused: Ask, resolution: OffboardingResolution
) -> None:
    ada = await make_user()
    row = await make_offboarding(status=DONE, resolution=resolution, assignee=ada)

    refusals = [
        await assign(refused, ada, row, id_, expectedVersion=version)
        for id_ in (gid(ada), None, "garbage", gid(await make_user()))
        for version in (1, 9, None)
    ]

    assert refusals == [OFFBOARDING_DONE] * 12


async def test_refuses_a_stale_version_before_the_assignee(refused: Ask) -> None:
    ada, grace = await make_user(), await make_user()
    row = await make_offboarding(assignee=grace, version=2)

    refusals = [
        await assign(refused, ada, row, id_, expectedVersion=1)
        for id_ in (gid(ada), gid(grace), None, "garbage")
    ]

    assert refusals == [conflict({"assignee": {"id": gid(grace)}, "version": 2})] * 4


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
        await assign(refused, viewer, row, id_) for viewer in blind for id_ in (None, gid(viewer))
    ]
    unknown = [
        await refused(blind[0], ASSIGN, input={"offboardingId": id_, "assigneeId": "garbage"})
        for id_ in no_ids
    ]

    assert unseen == [NOT_FOUND] * 6
    assert unknown == [NOT_FOUND] * 4


async def test_forbids_what_the_viewer_has_no_permission_for(refused: Ask) -> None:
    reader = await make_user(groups=["Reader"])
    party = await make_offboarding(party=await make_party())
    product = await make_offboarding(product=await make_product())
    done = await make_offboarding(
        party=await make_party(), status=DONE, resolution=OffboardingResolution.CANCELLED
    )

    refusals = [
        await assign(refused, reader, row, id_, expectedVersion=9)
        for row in (party, done, product)
        for id_ in (gid(reader), None, "garbage")
    ]

    assert refusals == [
        *[forbidden("PARTY_OFFBOARDING_WRITE")] * 6,
        *[forbidden("PRODUCT_TERMINATION_WRITE")] * 3,
    ]
