"""The mutation `inviteUser`: a person is let in, with the access they shall have."""

from typing import Any

import pytest

from models import User, UserGroup
from tests.asking import Ask, gid
from tests.factories import make_organisation, make_user
from tests.schema.administration import INVITE, entries
from tests.schema.refusals import NOT_FOUND, forbidden, invalid

BOTH = "Who gives access sees all clients: OWN and USER_ADMIN do not go together."


async def group(name: str, **of: Any) -> str:
    return gid(await UserGroup.get(name=name, **of))


async def test_lets_a_person_in_and_writes_it_to_the_log(ask: Ask) -> None:
    admin = await make_user(groups=["Administrator"])
    groups = [await group("Officer"), await group("Analyst")]
    wanted = {
        "email": " New@Bank.Example ",
        "name": "Nina New",
        "clientAccess": "OWN",
        "groupIds": groups,
    }

    answered = await ask(admin, INVITE, input=wanted)

    assert answered["inviteUser"] == {
        "__typename": "InviteUserSuccess",
        "user": {
            "name": "Nina New",
            "email": "new@bank.example",
            "enabled": True,
            "clientAccess": "OWN",
            "groups": [{"name": "Analyst"}, {"name": "Officer"}],
        },
    }
    user = await User.get(email="new@bank.example")
    assert user.organisation_id == admin.organisation_id
    assert await entries() == [
        {
            "kind": "USER_INVITED",
            "actor": admin.id,
            "user": user.id,
            "changes": {
                "email": (None, "new@bank.example"),
                "name": (None, "Nina New"),
                "clientAccess": (None, "OWN"),
                "groups": (None, "Analyst, Officer"),
            },
        }
    ]


async def test_gives_nothing_that_is_not_asked_for(ask: Ask) -> None:
    admin = await make_user(groups=["Administrator"])

    answered = await ask(admin, INVITE, input={"email": "a@b.example", "name": "A"})

    user = answered["inviteUser"]["user"]
    assert (user["clientAccess"], user["groups"]) == ("OPEN", [])


async def test_knows_the_same_address_in_two_organisations(ask: Ask) -> None:
    await make_user(
        organisation=await make_organisation(), email="a@b.example", groups=["Administrator"]
    )
    admin = await make_user(organisation=await make_organisation(), groups=["Administrator"])

    answered = await ask(admin, INVITE, input={"email": "a@b.example", "name": "A"})

    assert answered["inviteUser"]["__typename"] == "InviteUserSuccess"


@pytest.mark.parametrize(
    ("wanted", "field", "message"),
    [
        ({"email": "nobody"}, "email", "This is not an e-mail address."),
        ({"email": "a@b.example\nBcc: c@d.example"}, "email", "This is not an e-mail address."),
        ({"email": "a b@c.example"}, "email", "This is not an e-mail address."),
        ({"email": f"{'a' * 320}@b.example"}, "email", "This is not an e-mail address."),
        (
            {"email": "ADMIN@bank.example"},
            "email",
            "Somebody with this address is known already.",
        ),
        ({"name": " "}, "name", "It has 1 to 200 characters and no control character."),
        ({"name": "A\tB"}, "name", "It has 1 to 200 characters and no control character."),
        ({"name": "A" * 201}, "name", "It has 1 to 200 characters and no control character."),
    ],
)
async def test_refuses_values_that_make_no_sense(
    refused: Ask, wanted: dict[str, str], field: str, message: str
) -> None:
    admin = await make_user(groups=["Administrator"], email="admin@bank.example")

    refusal = await refused(admin, INVITE, input={"email": "a@b.example", "name": "A"} | wanted)

    assert refusal == invalid(field, message)


async def test_refuses_an_administrator_who_sees_their_own_clients_only(refused: Ask) -> None:
    admin = await make_user(groups=["Administrator"])
    wanted = {"clientAccess": "OWN", "groupIds": [await group("Administrator")]}

    refusal = await refused(admin, INVITE, input={"email": "a@b.example", "name": "A"} | wanted)

    assert refusal == invalid("clientAccess", BOTH)


async def test_finds_no_group_of_another_organisation(refused: Ask) -> None:
    admin = await make_user(groups=["Administrator"])
    other = await make_organisation()
    ids = [
        await group("Reader", organisation=other),
        "user_group_00000000-0000-4000-8000-000000000000",
        gid(admin),
        "nonsense",
    ]

    for id_ in ids:
        wanted = {"email": "a@b.example", "name": "A", "groupIds": [id_]}

        assert await refused(admin, INVITE, input=wanted) == NOT_FOUND


async def test_is_forbidden_to_who_gives_no_access(refused: Ask) -> None:
    viewer = await make_user(groups=["Approver", "Analyst"])

    refusal = await refused(viewer, INVITE, input={"email": "a@b.example", "name": "A"})

    assert refusal == forbidden("USER_ADMIN")
