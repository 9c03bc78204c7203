"""The field `node`: anything by its id, or null."""

from typing import Any
from uuid import uuid4

from tortoise.models import Model

from models import (
    Activity,
    ActivityKind,
    ClientAccess,
    OffboardingResolution,
    OffboardingStatus,
    Organisation,
    User,
    UserGroup,
)
from tests.asking import Ask, gid
from tests.factories import (
    STARTED_AT,
    make_holding,
    make_offboarding,
    make_organisation,
    make_party,
    make_product,
    make_user,
)

NODE = """query ($id: ID!) {
  node(id: $id) {
    __typename
    id
    ... on Party { reference }
    ... on Product { number }
    ... on Offboarding { status }
    ... on Activity { kind }
    ... on User { email }
    ... on UserGroup { name permissions description }
    ... on Organisation { fourEyes }
  }
}"""


async def one_of_each(organisation: Organisation) -> dict[str, Model]:
    """Make one of each thing that has an id, all of them the same user's business."""
    user = await make_user(organisation=organisation, email="ada@bank.example")
    party = await make_party(organisation=organisation, reference="C-1", manager=user)
    product = await make_product(organisation=organisation, number="A-1")
    await make_holding(party, product)
    offboarding = await make_offboarding(party=party)
    activity = await Activity.create(
        organisation=organisation,
        kind=ActivityKind.OFFBOARDING_STARTED,
        occurred_at=STARTED_AT,
        party=party,
        offboarding=offboarding,
        changes=[],
    )
    group = await UserGroup.get(organisation=organisation, name="Reader")
    found = (organisation, user, party, product, offboarding, activity, group)
    return {type(row).__name__: row for row in found}


async def test_finds_one_of_each_type(ask: Ask) -> None:
    rows = await one_of_each(await make_organisation())
    told: dict[str, dict[str, Any]] = {
        "Party": {"reference": "C-1"},
        "Product": {"number": "A-1"},
        "Offboarding": {"status": "OPEN"},
        "Activity": {"kind": "OFFBOARDING_STARTED"},
        "User": {"email": "ada@bank.example"},
        "UserGroup": {
            "name": "Reader",
            "permissions": ["CLIENT_FILE_READ"],
            "description": "Reads the client file.",
        },
        "Organisation": {"fourEyes": False},
    }

    viewer = await make_user(client_access=ClientAccess.OPEN)
    answered = {name: await ask(viewer, NODE, id=gid(row)) for name, row in rows.items()}

    assert answered == {
        name: {"node": {"__typename": name, "id": gid(row), **told[name]}}
        for name, row in rows.items()
    }


async def test_finds_nothing_of_another_organisation(ask: Ask) -> None:
    rows = await one_of_each(await make_organisation())
    stranger = await make_user(organisation=await make_organisation())

    answered = [await ask(stranger, NODE, id=gid(row)) for row in rows.values()]

    assert answered == [{"node": None}] * 7


async def test_finds_with_access_own_only_what_the_viewer_manages(ask: Ask) -> None:
    rows = await one_of_each(await make_organisation())
    manager = rows["User"]
    assert isinstance(manager, User)
    manager.client_access = ClientAccess.OWN
    await manager.save()
    other = await make_user(client_access=ClientAccess.OWN)

    async def found(user: User) -> list[str]:
        return [
            name
            for name, row in rows.items()
            if (await ask(user, NODE, id=gid(row)))["node"] is not None
        ]

    assert await found(manager) == list(rows)
    assert await found(other) == ["Organisation", "User", "UserGroup"]


async def test_finds_nothing_of_the_client_file_for_who_may_not_read_it(ask: Ask) -> None:
    rows = await one_of_each(await make_organisation())
    administrator = await make_user(groups=["Administrator"])

    found = [
        name
        for name, row in rows.items()
        if (await ask(administrator, NODE, id=gid(row)))["node"] is not None
    ]

    assert found == ["Organisation", "User", "UserGroup"]


async def test_finds_what_is_hidden_from_the_overview(ask: Ask) -> None:
    party = await make_party(reference="C-7")
    await make_offboarding(
        party=party, status=OffboardingStatus.DONE, resolution=OffboardingResolution.DONE
    )
    assert not party.listed

    answered = await ask(await make_user(), NODE, id=gid(party))

    assert answered == {"node": {"__typename": "Party", "id": gid(party), "reference": "C-7"}}


async def test_is_null_where_there_is_no_such_thing(ask: Ask) -> None:
    viewer = await make_user()
    types = ("party", "product", "offboarding", "user", "user_group", "organisation")

    answered = [await ask(viewer, NODE, id=f"{type_}_{uuid4()}") for type_ in types]

    assert answered == [{"node": None}] * 6


async def test_is_null_where_there_is_no_such_entry(ask: Ask) -> None:
    assert await ask(await make_user(), NODE, id="activity_999999999999999999") == {"node": None}


UUID = "019c0000-0000-7000-8000-00000000000a"


NO_IDS = [
    "",
    "party",
    "party_",
    f"party-{UUID}",
    f"Party_{UUID}",
    f"party_{UUID.upper()}",
    f" party_{UUID}",
    f"party_{UUID} ",
    f"party_{UUID.replace('-', '')}",
    f"party_{{{UUID}}}",
    f"party_urn:uuid:{UUID}",
    "party_1",
    UUID,
    f"holding_{UUID}",
    f"browser_session_{UUID}",
    f"mail_{UUID}",
    f"activity_{UUID}",
    "activity_-1",
    "activity_1_0",
    "activity_01",
    "activity_0",
    "activity_+1",
    "activity_٣",
    "activity_9999999999999999999",
    "x" * 50_000,
    "' or true --",
]


async def test_refuses_what_is_no_id(told: Ask) -> None:
    viewer = await make_user()

    errors = {id_: await told(viewer, NODE, id=id_) for id_ in NO_IDS}

    refusal = ("BAD_REQUEST", "This is not an id of anything here.", ["node"])
    assert errors == {id_: [refusal] for id_ in NO_IDS}


async def test_refuses_an_id_with_nul(told: Ask) -> None:
    errors = await told(await make_user(), NODE, id=f"party_{UUID}\0")

    assert errors == [("BAD_REQUEST", "A text cannot hold the character NUL.", None)]


async def test_answers_the_interface_and_only_the_fragments_that_apply(ask: Ask) -> None:
    party = await make_party()
    document = """query ($id: ID!) {
      whole: node(id: $id) { ... on Node { __typename key: id } }
      nothing: node(id: $id) { ... on Product { number } }
      part: node(id: $id) { ...party ...product }
    }
    fragment party on Party { name }
    fragment product on Product { name }"""

    answered = await ask(await make_user(), document, id=gid(party))

    assert answered == {
        "whole": {"__typename": "Party", "key": gid(party)},
        "nothing": {},
        "part": {"name": party.name},
    }
