"""Groups: `userGroups`, `createUserGroup`, `changeUserGroup` and `deleteUserGroup`."""

from typing import Any, Final

import pytest

from models import ClientAccess, UserGroup
from tests.asking import Ask, gid
from tests.factories import make_organisation, make_user
from tests.schema.administration import REFUSALS, entries
from tests.schema.refusals import NOT_FOUND, forbidden, invalid

GROUP: Final = "group { name description permissions isDefault memberCount }"
LIST: Final = "{ userGroups { nodes { name isDefault memberCount } totalCount } }"
DEFAULT: Final = "Every organisation has this group as it is; make one of your own."
IN_USE: Final = {
    "__typename": "GroupInUseError",
    "code": "GROUP_IN_USE",
    "message": "This group still has members; take them out of it first.",
}


def mutation(name: str, success: str) -> str:
    stem = name[0].upper() + name[1:]
    return (
        f"mutation ($input: {stem}Input!) {{ {name}(input: $input) {{ {REFUSALS}"
        f" ... on {stem}Success {{ {success} }} }} }}"
    )


CREATE: Final = mutation("createUserGroup", GROUP)
CHANGE: Final = mutation("changeUserGroup", GROUP)
DELETE: Final = mutation("deleteUserGroup", "deletedId")


async def make_group(permissions: list[str] | None = None, **values: Any) -> UserGroup:
    organisation = values.pop("organisation_id", None)
    if organisation is None:
        organisation = (await make_user()).organisation_id
    return await UserGroup.create(
        organisation_id=organisation,
        name=values.get("name", "Auditors"),
        description="",
        permissions=permissions or ["CLIENT_FILE_READ"],
    )


async def test_lists_the_groups_of_the_organisation_with_their_members(ask: Ask) -> None:
    admin = await make_user(groups=["Administrator"])
    await make_user(groups=["Officer", "Reader"])
    await make_group(organisation_id=admin.organisation_id)
    await make_organisation()

    answered = await ask(admin, LIST)

    assert answered["userGroups"] == {
        "nodes": [
            {"name": name, "isDefault": default, "memberCount": members}
            for name, default, members in (
                ("Administrator", True, 1),
                ("Analyst", True, 0),
                ("Approver", True, 0),
                ("Auditors", False, 0),
                ("Officer", True, 1),
                ("Reader", True, 1),
            )
        ],
        "totalCount": 6,
    }


async def test_makes_changes_and_deletes_a_group_and_writes_it_to_the_log(ask: Ask) -> None:
    admin = await make_user(groups=["Administrator"])

    made = await ask(
        admin,
        CREATE,
        input={
            "name": " Auditors ",
            "description": "From outside.",
            "permissions": ["OFFBOARDING_REASON_READ", "CLIENT_FILE_READ"],
        },
    )
    id_ = gid(await UserGroup.get(name="Auditors"))
    changed = await ask(
        admin, CHANGE, input={"groupId": id_, "permissions": ["CLIENT_FILE_READ"] * 2}
    )
    same = await ask(admin, CHANGE, input={"groupId": id_, "name": "Auditors"})
    deleted = await ask(admin, DELETE, input={"groupId": id_})

    whole = {
        "name": "Auditors",
        "description": "From outside.",
        "permissions": ["CLIENT_FILE_READ", "OFFBOARDING_REASON_READ"],
        "isDefault": False,
        "memberCount": 0,
    }
    assert made["createUserGroup"] == {"__typename": "CreateUserGroupSuccess", "group": whole}
    narrower = whole | {"permissions": ["CLIENT_FILE_READ"]}
    for answered in (changed, same):
        assert answered["changeUserGroup"]["group"] == narrower
    assert deleted["deleteUserGroup"]["deletedId"] == id_
    assert not await UserGroup.exists(name="Auditors")
    both = "CLIENT_FILE_READ, OFFBOARDING_REASON_READ"
    about = {"actor": admin.id, "user": None}
    assert await entries() == [
        {
            "kind": "GROUP_CREATED",
            "changes": {
                "name": (None, "Auditors"),
                "description": (None, "From outside."),
                "permissions": (None, both),
            },
            **about,
        },
        {
            "kind": "GROUP_CHANGED",
            "changes": {
                "name": ("Auditors", "Auditors"),
                "permissions": (both, "CLIENT_FILE_READ"),
            },
            **about,
        },
        {
            "kind": "GROUP_DELETED",
            "changes": {"name": ("Auditors", None), "permissions": ("CLIENT_FILE_READ", None)},
            **about,
        },
    ]


async def test_keeps_a_group_that_has_members(refused: Ask) -> None:
    admin = await make_user(groups=["Administrator"])
    group = await make_group(organisation_id=admin.organisation_id)
    await (await make_user(groups=[], enabled=False)).groups.add(group)

    assert await refused(admin, DELETE, input={"groupId": gid(group)}) == IN_USE


async def test_keeps_the_groups_that_every_organisation_has(refused: Ask) -> None:
    admin = await make_user(groups=["Administrator"])
    reader = gid(await UserGroup.get(name="Reader"))

    for document, wanted in ((CHANGE, {"name": "Others"}), (DELETE, {})):
        refusal = await refused(admin, document, input={"groupId": reader} | wanted)

        assert refusal == invalid("groupId", DEFAULT)


async def test_leaves_the_last_who_gives_access(refused: Ask) -> None:
    bank = await make_organisation()
    group = await make_group(["USER_ADMIN"], organisation_id=bank.id, name="Chiefs")
    chief = await make_user(organisation=bank, groups=["Chiefs"])

    refusal = await refused(
        chief, CHANGE, input={"groupId": gid(group), "permissions": ["CLIENT_FILE_READ"]}
    )

    assert refusal["code"] == "LAST_ADMINISTRATOR"


async def test_makes_no_administrator_of_a_member_who_sees_their_own_clients_only(
    refused: Ask,
) -> None:
    admin = await make_user(groups=["Administrator"])
    group = await make_group(organisation_id=admin.organisation_id)
    await make_user(groups=["Auditors"], client_access=ClientAccess.OWN)

    refusal = await refused(
        admin, CHANGE, input={"groupId": gid(group), "permissions": ["USER_ADMIN"]}
    )

    assert (refusal["code"], refusal["field"]) == ("INVALID_INPUT", "permissions")


@pytest.mark.parametrize(
    ("wanted", "field", "message"),
    [
        ({"name": ""}, "name", "It has 1 to 100 characters and no control character."),
        ({"name": "x" * 101}, "name", "It has 1 to 100 characters and no control character."),
        ({"name": "Reader"}, "name", "Another group has this name."),
        (
            {"description": "x" * 501},
            "description",
            "It has 0 to 500 characters and no control character.",
        ),
    ],
)
async def test_refuses_values_that_make_no_sense(
    refused: Ask, wanted: dict[str, str], field: str, message: str
) -> None:
    admin = await make_user(groups=["Administrator"])
    group = gid(await make_group(organisation_id=admin.organisation_id))
    other = {"name": "Others", "permissions": ["CLIENT_FILE_READ"]}

    created = await refused(admin, CREATE, input=other | wanted)
    changed = await refused(admin, CHANGE, input={"groupId": group} | wanted)

    assert created == changed == invalid(field, message)


async def test_finds_no_group_of_another_organisation(refused: Ask) -> None:
    admin = await make_user(organisation=await make_organisation(), groups=["Administrator"])
    theirs = await make_group(organisation_id=(await make_organisation()).id)

    for id_ in (gid(theirs), "user_group_00000000-0000-4000-8000-000000000000", gid(admin), "x"):
        for document in (CHANGE, DELETE):
            assert await refused(admin, document, input={"groupId": id_}) == NOT_FOUND


async def test_is_forbidden_to_who_gives_no_access(refused: Ask, told: Ask) -> None:
    viewer = await make_user(groups=["Approver", "Analyst"])
    group = gid(await make_group(organisation_id=viewer.organisation_id))

    refusals = [
        await refused(viewer, CREATE, input={"name": "Others", "permissions": []}),
        await refused(viewer, CHANGE, input={"groupId": group, "name": "Others"}),
        await refused(viewer, DELETE, input={"groupId": group}),
    ]
    (error,) = await told(viewer, LIST)

    assert refusals == [forbidden("USER_ADMIN")] * 3
    assert error[0] == "FORBIDDEN"
