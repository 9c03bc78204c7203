"""The field `party`: one by its id or its reference."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import pytest

from models import (
    ClientAccess,
    HoldingRole,
    OffboardingResolution,
    OffboardingStatus,
    Party,
    PartyType,
)
from tests.asking import Ask, gid
from tests.factories import (
    CLOSED_AT,
    STARTED_AT,
    make_holding,
    make_offboarding,
    make_organisation,
    make_party,
    make_product,
    make_user,
)
from tests.schema.pages import ENDS, forward

BY_ID: Final = (
    "query ($id: ID, $reference: String) { party(id: $id, reference: $reference) { id } }"
)
WHOLE: Final = """query ($id: ID!) {
  party(id: $id) {
    __typename id type name reference email status offboardingState offboardedAt retentionUntil
    onboardedOn createdAt updatedAt viewerCanStartOffboarding
    manager { name }
    holdings { role startedOn endedOn party { reference } product { number } }
    products { number }
    offboarding { status }
    offboardings { nodes { status resolution } totalCount }
  }
}"""
DONE: Final = OffboardingStatus.DONE


async def test_shows_all_of_a_party(ask: Ask) -> None:
    viewer = await make_user(name="Ada")
    party = await make_party(
        type=PartyType.LEGAL_ENTITY,
        name="Abel Ltd",
        reference="C-1",
        email="abel@example.com",
        manager=viewer,
        onboarded_on=date(2020, 2, 29),
    )
    await make_holding(party, await make_product(number="A-2"), started_on=date(2020, 3, 1))
    await make_holding(party, await make_product(number="A-1"), HoldingRole.REPRESENTATIVE)
    left = await make_product(number="A-0")
    await make_holding(
        party,
        left,
        HoldingRole.JOINT_OWNER,
        started_on=date(2020, 3, 1),
        ended_on=date(2021, 1, 1),
    )
    await make_offboarding(
        party=party,
        status=DONE,
        resolution=OffboardingResolution.CANCELLED,
        started_at=STARTED_AT - timedelta(days=1),
    )
    await make_offboarding(party=party, status=OffboardingStatus.REVIEW)

    answered = await ask(viewer, WHOLE, id=gid(party))
    times = [answered["party"].pop(name) for name in ("createdAt", "updatedAt")]

    def holding(role: str, number: str, start: str | None, end: str | None) -> dict[str, Any]:
        return {
            "role": role,
            "startedOn": start,
            "endedOn": end,
            "party": {"reference": "C-1"},
            "product": {"number": number},
        }

    # As texts they may differ: PostgreSQL leaves out zeros at the end.
    assert [datetime.fromisoformat(at) for at in times] == [party.created_at, party.updated_at]
    assert answered == {
        "party": {
            "__typename": "Party",
            "id": gid(party),
            "type": "LEGAL_ENTITY",
            "name": "Abel Ltd",
            "reference": "C-1",
            "email": "abel@example.com",
            "status": "ACTIVE",
            "offboardingState": "PENDING",
            "offboardedAt": None,
            "retentionUntil": None,
            "onboardedOn": "2020-02-29",
            "viewerCanStartOffboarding": False,
            "manager": {"name": "Ada"},
            "holdings": [
                holding("OWNER", "A-2", "2020-03-01", None),
                holding("REPRESENTATIVE", "A-1", None, None),
                holding("JOINT_OWNER", "A-0", "2020-03-01", "2021-01-01"),
            ],
            "products": [{"number": "A-1"}, {"number": "A-2"}],
            "offboarding": {"status": "REVIEW"},
            "offboardings": {
                "nodes": [
                    {"status": "REVIEW", "resolution": None},
                    {"status": "DONE", "resolution": "CANCELLED"},
                ],
                "totalCount": 2,
            },
        }
    }


async def test_shows_all_of_a_party_of_which_little_is_known(ask: Ask) -> None:
    viewer = await make_user()
    party = await make_party()

    answered = await ask(viewer, WHOLE, id=gid(party))

    unknown = ("email", "offboardedAt", "retentionUntil", "onboardedOn", "manager", "offboarding")
    found = answered["party"]
    assert [found[name] for name in unknown] == [None] * 6
    assert (found["holdings"], found["products"]) == ([], [])
    assert found["offboardings"] == {"nodes": [], "totalCount": 0}
    assert found["offboardingState"] == "NONE"
    assert found["viewerCanStartOffboarding"] is True


async def test_shows_a_party_that_is_offboarded_and_hidden(ask: Ask) -> None:
    viewer = await make_user()
    party = await make_party(reference="C-9")
    await make_offboarding(party=party, status=DONE, resolution=OffboardingResolution.DONE)
    assert not party.listed

    by_id = await ask(viewer, WHOLE, id=gid(party))
    by_reference = await ask(viewer, BY_ID, reference="C-9")

    found = by_id["party"]
    assert found["status"] == "OFFBOARDED"
    assert found["offboardingState"] == "OFFBOARDED"
    assert found["offboardedAt"] == CLOSED_AT.isoformat()
    assert found["retentionUntil"] == "2031-03-09"
    assert found["offboarding"] is None
    assert found["offboardings"]["nodes"] == [{"status": "DONE", "resolution": "DONE"}]
    assert found["viewerCanStartOffboarding"] is False
    assert by_reference == {"party": {"id": gid(party)}}


async def test_finds_by_id_or_by_reference_within_the_organisation(ask: Ask) -> None:
    north, south = await make_organisation(), await make_organisation()
    ours = await make_party(organisation=north, reference="C-1")
    theirs = await make_party(organisation=south, reference="C-1")
    only_theirs = await make_party(organisation=south, reference="C-2")
    viewer = await make_user(organisation=north)

    assert await ask(viewer, BY_ID, id=gid(ours)) == {"party": {"id": gid(ours)}}
    assert await ask(viewer, BY_ID, reference="C-1") == {"party": {"id": gid(ours)}}
    for nothing in (
        {"id": gid(theirs)},
        {"id": f"party_{uuid4()}"},
        {"reference": only_theirs.reference},
        {"reference": "c-1"},
        {"reference": "C-1 "},
        {"reference": "%"},
        {"reference": "C-1' or true --"},
        {"reference": "x" * 50_000},
    ):
        assert await ask(viewer, BY_ID, **nothing) == {"party": None}


async def test_wants_exactly_one_of_id_and_reference(told: Ask) -> None:
    viewer, party = await make_user(), await make_party()
    cases: list[dict[str, Any]] = [
        {},
        {"id": None, "reference": None},
        {"id": gid(party), "reference": party.reference},
        {"id": "", "reference": ""},
    ]

    errors = [await told(viewer, BY_ID, **case) for case in cases]

    refusal = ("BAD_REQUEST", "Give exactly one of id and reference.", ["party"])
    assert errors == [[refusal]] * 4


async def test_refuses_the_id_of_something_else(told: Ask) -> None:
    viewer, product = await make_user(), await make_product()

    errors = [await told(viewer, BY_ID, id=id_) for id_ in (gid(product), "party_1", "C-1")]

    none = ("BAD_REQUEST", "This is not an id of anything here.", ["party"])
    another = (
        "BAD_REQUEST",
        "This is an id of the type Product; one of Party is wanted.",
        ["party"],
    )
    assert errors == [[another], [none], [none]]


async def test_refuses_nul(told: Ask) -> None:
    viewer = await make_user()

    errors = [await told(viewer, BY_ID, **{name: "C\0"}) for name in ("id", "reference")]

    assert errors == [[("BAD_REQUEST", "A text cannot hold the character NUL.", None)]] * 2


async def test_shows_with_access_own_only_what_the_viewer_manages(ask: Ask) -> None:
    viewer = await make_user(client_access=ClientAccess.OWN)
    mine, other = await make_party(manager=viewer), await make_party(manager=await make_user())
    joint = await make_product(number="A-1")
    await make_holding(mine, joint, HoldingRole.JOINT_OWNER)
    await make_holding(other, joint, HoldingRole.JOINT_OWNER)
    document = """query ($id: ID!) { party(id: $id) {
      holdings { party { id } product { holdings { party { id } } parties { id } } }
    } }"""

    answered = await ask(viewer, document, id=gid(mine))

    me = {"id": gid(mine)}
    product = {"holdings": [{"party": me}], "parties": [me]}
    assert answered == {"party": {"holdings": [{"party": me, "product": product}]}}
    assert await ask(viewer, document, id=gid(other)) == {"party": None}
    assert await ask(viewer, BY_ID, reference=other.reference) == {"party": None}


async def test_hides_with_access_own_a_product_that_the_party_has_left(ask: Ask) -> None:
    viewer = await make_user(client_access=ClientAccess.OWN)
    party, product = await make_party(manager=viewer), await make_product()
    await make_holding(party, product, ended_on=date(2026, 1, 1))

    answered = await ask(
        viewer, "query ($id: ID!) { party(id: $id) { holdings { endedOn } } }", id=gid(party)
    )

    assert answered == {"party": {"holdings": []}}


async def test_is_forbidden_to_who_may_not_read(told: Ask) -> None:
    administrator, party = await make_user(groups=["Administrator"]), await make_party()

    errors = [
        await told(administrator, BY_ID, id=gid(party)),
        await told(administrator, BY_ID, id=f"party_{uuid4()}"),
        await told(administrator, BY_ID),
    ]

    message = "This needs the permission CLIENT_FILE_READ; ask an administrator for it."
    assert errors == [[("FORBIDDEN", message, ["party"])]] * 3


@pytest.mark.parametrize(
    ("groups", "can"), [(["Reader"], False), (["Officer"], True), (["Approver"], True)]
)
async def test_says_whether_the_viewer_can_start(ask: Ask, groups: list[str], *, can: bool) -> None:
    viewer = await make_user(groups=groups)
    running, cancelled, fresh = [await make_party() for _ in range(3)]
    await make_offboarding(party=running)
    await make_offboarding(party=cancelled, status=DONE, resolution=OffboardingResolution.CANCELLED)

    async def can_start(party: Party) -> bool:
        answered = await ask(viewer, WHOLE, id=gid(party))
        return answered["party"]["viewerCanStartOffboarding"] is True

    assert [await can_start(party) for party in (fresh, cancelled, running)] == [can, can, False]


@pytest.mark.usefixtures("database")
async def test_pages_through_its_offboardings_newest_first() -> None:
    viewer, party = await make_user(), await make_party()
    for version in range(1, 6):
        done = version < 5
        await make_offboarding(
            party=party,
            version=version,
            # Two of them started at the same moment.
            started_at=STARTED_AT + timedelta(days=version // 2),
            status=DONE if done else OffboardingStatus.OPEN,
            resolution=OffboardingResolution.CANCELLED if done else None,
        )
    document = f"""query ($first: Int, $after: Cursor) {{ party(id: "{gid(party)}") {{
      offboardings(first: $first, after: $after) {{ nodes {{ version }} pageInfo {{ ...ends }} }}
    }} }} {ENDS}"""

    pages = await forward(viewer, document, 2, "party", "offboardings")

    assert pages == [
        [{"version": 5}, {"version": 4}],
        [{"version": 3}, {"version": 2}],
        [{"version": 1}],
    ]


async def test_shows_each_who_asks_at_the_same_time_their_own(ask: Ask) -> None:
    ada, manager = await make_user(), await make_user(client_access=ClientAccess.OWN)
    other = await make_organisation()
    stranger = await make_user(organisation=other)
    askers = [ada, manager, stranger]
    parties = [
        await make_party(),
        await make_party(manager=manager),
        await make_party(organisation=other),
    ]
    seen = {(ada, 0), (ada, 1), (manager, 1), (stranger, 2)}
    asked = [(asker, number) for _ in range(4) for number in range(3) for asker in askers]

    answers = await asyncio.gather(
        *(ask(asker, BY_ID, id=gid(parties[number])) for asker, number in asked)
    )

    assert [answer["party"] for answer in answers] == [
        {"id": gid(parties[number])} if (asker, number) in seen else None for asker, number in asked
    ]
