"""What a viewer may do (R11), and which groups give it."""

import pytest
from uuid_utils.compat import uuid7

from models import ClientAccess, ForbiddenError, Permission, Viewer
from models.user_group import DEFAULT_GROUPS

READ = Permission.CLIENT_FILE_READ
OFFICER = {READ, Permission.PARTY_OFFBOARDING_WRITE, Permission.PRODUCT_TERMINATION_WRITE}


def a_viewer(*permissions: Permission) -> Viewer:
    return Viewer(uuid7(), uuid7(), frozenset(permissions), ClientAccess.OPEN)


@pytest.mark.parametrize("permission", list(Permission))
def test_lets_who_has_a_permission(permission: Permission) -> None:
    a_viewer(permission).require(permission)


@pytest.mark.parametrize("permission", list(Permission))
def test_refuses_who_has_every_permission_but_the_needed(permission: Permission) -> None:
    viewer = a_viewer(*(other for other in Permission if other is not permission))

    with pytest.raises(ForbiddenError) as refusal:
        viewer.require(permission)

    assert refusal.value.permission == permission.value
    assert permission.value in str(refusal.value)


@pytest.mark.parametrize(
    ("group", "permissions"),
    [
        ("Reader", {READ}),
        ("Analyst", {READ, Permission.CLIENT_FILE_EXPORT}),
        ("Officer", OFFICER),
        (
            "Approver",
            OFFICER
            | {
                Permission.PARTY_OFFBOARDING_DONE_WRITE,
                Permission.PRODUCT_TERMINATION_DONE_WRITE,
                Permission.OFFBOARDING_REASON_READ,
            },
        ),
        ("Administrator", {Permission.USER_ADMIN}),
    ],
)
def test_gives_each_default_group_what_it_needs(group: str, permissions: set[Permission]) -> None:
    assert set(DEFAULT_GROUPS[group][1]) == permissions


def test_knows_no_other_default_group() -> None:
    assert list(DEFAULT_GROUPS) == ["Reader", "Analyst", "Officer", "Approver", "Administrator"]
