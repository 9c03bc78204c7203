"""The field `viewer`: who asks, and what they may do."""

import pytest

from models import ClientAccess, OffboardingResolution, OffboardingStatus
from tests.asking import Ask, gid
from tests.factories import (
    make_holding,
    make_offboarding,
    make_organisation,
    make_party,
    make_product,
    make_user,
)

WHO = """{
  viewer {
    __typename
    user { __typename id name email enabled }
    organisation { __typename id name requireProductsTerminated fourEyes retentionMonths }
    permissions
    clientAccess
    language
    dailyDigest
    openTaskCount
  }
}"""
TASKS = "{ viewer { openTaskCount } }"


async def test_says_who_asks_and_what_they_may_do(ask: Ask) -> None:
    bank = await make_organisation("Northbank", four_eyes=True, retention_months=120)
    user = await make_user(organisation=bank, name="Ada", email="ada@north.example")

    answered = await ask(user, WHO)

    assert answered == {
        "viewer": {
            "__typename": "Viewer",
            "user": {
                "__typename": "User",
                "id": gid(user),
                "name": "Ada",
                "email": "ada@north.example",
                "enabled": True,
            },
            "organisation": {
                "__typename": "Organisation",
                "id": gid(bank),
                "name": "Northbank",
                "requireProductsTerminated": False,
                "fourEyes": True,
                "retentionMonths": 120,
            },
            "permissions": [
                "CLIENT_FILE_READ",
                "PARTY_OFFBOARDING_WRITE",
                "PARTY_OFFBOARDING_DONE_WRITE",
                "PRODUCT_TERMINATION_WRITE",
                "PRODUCT_TERMINATION_DONE_WRITE",
                "OFFBOARDING_REASON_READ",
            ],
            "clientAccess": "OPEN",
            "language": "EN",
            "dailyDigest": False,
            "openTaskCount": 0,
        }
    }


@pytest.mark.parametrize(
    ("groups", "permissions"),
    [
        ((), []),
        (("Reader",), ["CLIENT_FILE_READ"]),
        (("Administrator", "Analyst"), ["CLIENT_FILE_READ", "CLIENT_FILE_EXPORT", "USER_ADMIN"]),
        (
            ("Officer", "Analyst", "Reader"),
            [
                "CLIENT_FILE_READ",
                "CLIENT_FILE_EXPORT",
                "PARTY_OFFBOARDING_WRITE",
                "PRODUCT_TERMINATION_WRITE",
            ],
        ),
    ],
)
async def test_gives_each_permission_of_all_groups_once(
    ask: Ask, groups: tuple[str, ...], permissions: list[str]
) -> None:
    # Who gives access sees all clients.
    access = ClientAccess.OPEN if "Administrator" in groups else ClientAccess.OWN
    user = await make_user(groups=groups, client_access=access)

    answered = await ask(user, "{ viewer { permissions clientAccess } }")

    assert answered == {"viewer": {"permissions": permissions, "clientAccess": access}}


async def test_shows_an_organisation_that_keeps_its_data_for_ever(ask: Ask) -> None:
    await make_organisation(retention_months=None, require_products_terminated=True)

    answered = await ask(
        await make_user(),
        "{ viewer { organisation { retentionMonths requireProductsTerminated fourEyes } } }",
    )

    assert answered["viewer"]["organisation"] == {
        "retentionMonths": None,
        "requireProductsTerminated": True,
        "fourEyes": False,
    }


async def test_counts_the_tasks_of_the_viewer_that_are_not_done(ask: Ask) -> None:
    ada = await make_user()
    grace = await make_user()
    for status in (OffboardingStatus.OPEN, OffboardingStatus.IN_PROGRESS, OffboardingStatus.REVIEW):
        await make_offboarding(party=await make_party(), status=status, assignee=ada)
    for resolution in OffboardingResolution:
        await make_offboarding(
            party=await make_party(),
            status=OffboardingStatus.DONE,
            resolution=resolution,
            assignee=ada,
        )
    await make_offboarding(party=await make_party(), assignee=grace)
    await make_offboarding(party=await make_party())

    assert await ask(ada, TASKS) == {"viewer": {"openTaskCount": 3}}
    assert await ask(grace, TASKS) == {"viewer": {"openTaskCount": 1}}


async def test_counts_only_tasks_that_the_viewer_may_see(ask: Ask) -> None:
    ada = await make_user(client_access=ClientAccess.OWN)
    managed, other = await make_party(manager=ada), await make_party()
    held, unheld = await make_product(), await make_product()
    await make_holding(managed, held)
    await make_holding(other, unheld)
    for party in (managed, other):
        await make_offboarding(party=party, assignee=ada)
    for product in (held, unheld):
        await make_offboarding(product=product, assignee=ada)

    assert await ask(ada, TASKS) == {"viewer": {"openTaskCount": 2}}


async def test_counts_no_task_for_who_may_not_read(ask: Ask) -> None:
    ada = await make_user(groups=["Administrator"])
    await make_offboarding(assignee=ada)

    assert await ask(ada, TASKS) == {"viewer": {"openTaskCount": 0}}
