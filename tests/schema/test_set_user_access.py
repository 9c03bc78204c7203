"""The mutation `setUserAccess`: access is given and taken, and somebody is left who can."""

import asyncio
from typing import Any, Final

import pytest

import auth
from models import BrowserSession, ClientAccess, User, UserGroup
from tests.asking import Ask, data, gid
from tests.factories import make_organisation, make_token, make_user
from tests.schema.administration import SET_ACCESS, entries
from tests.schema.refusals import NOT_FOUND, forbidden, invalid

LAST: Final = {
    "__typename": "LastAdministratorError",
    "code": "LAST_ADMINISTRATOR",
    "message": "Somebody who is enabled must keep USER_ADMIN; give it to another person first.",
}


async def group(name: str) -> str:
    return gid(await UserGroup.get(name=name))


async def test_changes_all_at_once_and_writes_it_to_the_log(ask: Ask) -> None:
    admin = await make_user(groups=["Administrator"])
    user = await make_user(groups=["Officer", "Reader"], name="Una")
    wanted = {
        "userId": gid(user),
        "enabled": False,
        "clientAccess": "OWN",
        "groupIds": [await group("Officer"), await group("Analyst")],
    }

    answered = await ask(admin, SET_ACCESS, input=wanted)

    assert answered["setUserAccess"] == {
        "__typename": "SetUserAccessSuccess",
        "user": {
            "name": "Una",
            "email": user.email,
            "enabled": False,
            "clientAccess": "OWN",
            "groups": [{"name": "Analyst"}, {"name": "Officer"}],
        },
    }
    assert await entries() == [
        {
            "kind": "ACCESS_CHANGED",
            "actor": admin.id,
            "user": user.id,
            "changes": {
                "enabled": ("true", "false"),
                "clientAccess": ("OPEN", "OWN"),
                "groups": ("Officer, Reader", "Analyst, Officer"),
            },
        }
    ]


async def test_leaves_what_is_absent_or_null(ask: Ask) -> None:
    admin = await make_user(groups=["Administrator"])
    user = await make_user(groups=["Officer"], client_access=ClientAccess.OWN)
    nothing: dict[str, Any] = {"enabled": None, "clientAccess": None, "groupIds": None}

    for wanted in ({}, nothing):
        answered = await ask(admin, SET_ACCESS, input={"userId": gid(user)} | wanted)

        found = answered["setUserAccess"]["user"]
        assert (found["enabled"], found["clientAccess"]) == (True, "OWN")
        assert found["groups"] == [{"name": "Officer"}]
    assert await entries() == []


async def test_takes_all_groups_away(ask: Ask) -> None:
    admin, user = await make_user(groups=["Administrator"]), await make_user(groups=["Officer"])

    answered = await ask(admin, SET_ACCESS, input={"userId": gid(user), "groupIds": []})

    assert answered["setUserAccess"]["user"]["groups"] == []
    assert [entry["changes"] for entry in await entries()] == [{"groups": ("Officer", None)}]


async def test_turns_who_was_disabled_away_at_once(ask: Ask) -> None:
    admin, user = await make_user(groups=["Administrator"]), await make_user()
    token = f"Bearer {await make_token(user)}"
    await BrowserSession.create(
        organisation_id=user.organisation_id, user_id=user.id, hash="x", expires_at="2100-01-01"
    )
    assert (await auth.viewer_of(token)).user_id == user.id

    await ask(admin, SET_ACCESS, input={"userId": gid(user), "enabled": False})

    with pytest.raises(auth.UnauthenticatedError):
        await auth.viewer_of(token)
    assert await BrowserSession.all().count() == 0


@pytest.mark.parametrize(
    "wanted", [{"enabled": False}, {"groupIds": []}, {"groupIds": [], "clientAccess": "OWN"}]
)
async def test_leaves_the_last_who_gives_access(refused: Ask, wanted: dict[str, Any]) -> None:
    admin = await make_user(groups=["Administrator", "Reader"])
    await make_user(groups=["Administrator"], enabled=False)
    await make_user(organisation=await make_organisation(), groups=["Administrator"])

    assert await refused(admin, SET_ACCESS, input={"userId": gid(admin)} | wanted) == LAST


async def test_lets_one_of_two_go_even_if_each_sends_the_other_away_at_once(ask: Ask) -> None:
    one, two = await make_user(groups=["Administrator"]), await make_user(groups=["Administrator"])

    answers = await asyncio.gather(
        *(
            data(by, SET_ACCESS, input={"userId": gid(whom), "enabled": False})
            for by, whom in ((one, two), (two, one))
        )
    )

    told = sorted(answer["setUserAccess"]["__typename"] for answer in answers)
    assert told == ["LastAdministratorError", "SetUserAccessSuccess"]
    assert await User.filter(enabled=True).count() == 1
    assert ask is not None


@pytest.mark.parametrize("access", ["OPEN", "OWN"])
async def test_refuses_an_administrator_who_sees_their_own_clients_only(
    refused: Ask, access: str
) -> None:
    admin = await make_user(groups=["Administrator"])
    user = await make_user(
        groups=["Administrator"] if access == "OPEN" else ["Officer"],
        client_access=ClientAccess(access),
    )
    wanted: dict[str, Any] = {"clientAccess": "OWN"}
    if access == "OWN":
        wanted = {"groupIds": [await group("Administrator")]}

    refusal = await refused(admin, SET_ACCESS, input={"userId": gid(user)} | wanted)

    message = "Who gives access sees all clients: OWN and USER_ADMIN do not go together."
    assert refusal == invalid("clientAccess", message)


async def test_finds_nobody_and_nothing_of_another_organisation(refused: Ask) -> None:
    bank, other = await make_organisation(), await make_organisation()
    admin = await make_user(organisation=bank, groups=["Administrator"])
    stranger = await make_user(organisation=other)
    theirs = await UserGroup.get(organisation=other, name="Reader")
    nobody = "00000000-0000-4000-8000-000000000000"

    for wanted in (
        {"userId": gid(stranger), "enabled": False},
        {"userId": f"user_{nobody}", "enabled": False},
        {"userId": gid(theirs), "enabled": False},
        {"userId": gid(admin), "groupIds": [gid(theirs)]},
        {"userId": gid(admin), "groupIds": [f"user_group_{nobody}"]},
    ):
        assert await refused(admin, SET_ACCESS, input=wanted) == NOT_FOUND


async def test_is_forbidden_to_who_gives_no_access_whomever_it_is_about(refused: Ask) -> None:
    viewer = await make_user(groups=["Approver", "Analyst"])

    for id_ in (gid(viewer), "user_00000000-0000-4000-8000-000000000000"):
        refusal = await refused(viewer, SET_ACCESS, input={"userId": id_, "enabled": False})

        assert refusal == forbidden("USER_ADMIN")
