"""The third ring of access: somebody keeps giving it, and who gives it sees all clients."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import asyncpg
import pytest

from models import ClientAccess, User, UserGroup
from tests.database.statements import refused_by, until_one_waits
from tests.factories import make_organisation, make_user

KEEPS: Final = "organisation_keeps_an_administrator"
DISABLE: Final = "update app_user set enabled = false where id = $1"
LEAVE: Final = "delete from user_group_member where user_id = $1"
TAKE_PERMISSIONS: Final = """
update user_group set permissions = '{CLIENT_FILE_READ}' where id in
  (select user_group_id from user_group_member where user_id = $1)
"""
GIVE_PERMISSION: Final = """
update user_group set permissions = '{USER_ADMIN}' where id in
  (select user_group_id from user_group_member where user_id = $1)
"""
JOIN: Final = """
insert into user_group_member (user_id, user_group_id)
select $1, id from user_group where name = 'Administrator'
"""
SEE_OWN: Final = "update app_user set client_access = 'OWN' where id = $1"
ACCESS: Final = """
select (select string_agg(u::text, ' ' order by id) from app_user u) as users,
  (select string_agg(g::text, ' ' order by id) from user_group g) as groups,
  (select string_agg(m::text, ' ' order by user_id, user_group_id) from user_group_member m)
    as members
"""

pytestmark = pytest.mark.usefixtures("each_role")


@pytest.fixture
async def ada(raw: asyncpg.Connection) -> User:  # noqa: ARG001 - she is written there
    """Make an organisation with one administrator, and somebody else."""
    organisation = await make_organisation("Northbank")
    await make_user(organisation=organisation, groups=["Reader"])
    return await make_user(organisation=organisation, groups=["Administrator"])


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield the connection of somebody else who writes at the same time."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.mark.parametrize("leaving", [DISABLE, LEAVE, TAKE_PERMISSIONS])
async def test_keeps_the_last_administrator(
    raw: asyncpg.Connection, ada: User, leaving: str
) -> None:
    before = await raw.fetch(ACCESS)

    assert await refused_by(raw, leaving, ada.id) == KEEPS

    assert await raw.fetch(ACCESS) == before


async def test_keeps_the_last_administrator_whatever_is_done_at_once(
    raw: asyncpg.Connection, ada: User
) -> None:
    before = await raw.fetch(ACCESS)

    await raw.execute("begin")
    await raw.execute(DISABLE, ada.id)
    await raw.execute(LEAVE, ada.id)

    assert await refused_by(raw, "commit") == KEEPS

    assert await raw.fetch(ACCESS) == before


async def test_lets_people_change_places_within_a_transaction(
    raw: asyncpg.Connection, ada: User
) -> None:
    bob = await make_user()

    async with raw.transaction():
        await raw.execute(LEAVE, ada.id)
        await raw.execute(JOIN, bob.id)

    assert [user.id for user in await User.filter(groups__name="Administrator")] == [bob.id]


async def test_keeps_one_of_two_who_leave_at_once(
    raw: asyncpg.Connection, ada: User, other: asyncpg.Connection
) -> None:
    bob = await make_user(groups=["Administrator"])
    first = other.transaction()
    await first.start()
    await other.execute(DISABLE, bob.id)
    await other.execute("set constraints all immediate")

    second = asyncio.create_task(refused_by(raw, DISABLE, ada.id))
    await until_one_waits(other)
    await first.commit()

    assert await second == KEEPS
    assert [user.id for user in await User.filter(enabled=True, groups__name="Administrator")] == [
        ada.id
    ]


async def test_asks_nothing_of_who_never_had_an_administrator(raw: asyncpg.Connection) -> None:
    reader = await make_user(groups=["Reader"])
    gone = await make_user(groups=["Administrator"], enabled=False)

    for leaving in (DISABLE, LEAVE):
        await raw.execute(leaving, reader.id)
    await raw.execute(LEAVE, gone.id)

    assert await raw.fetchval("select count(*) from user_group_member") == 0


@pytest.mark.parametrize(
    ("groups", "access", "change"),
    [
        (["Administrator"], ClientAccess.OPEN, SEE_OWN),
        (["Officer"], ClientAccess.OWN, JOIN),
        (["Officer"], ClientAccess.OWN, GIVE_PERMISSION),
    ],
)
async def test_lets_nobody_give_access_who_sees_their_own_clients_only(
    raw: asyncpg.Connection, groups: list[str], access: ClientAccess, change: str
) -> None:
    user = await make_user(groups=groups, client_access=access)
    before = await raw.fetch(ACCESS)

    assert await refused_by(raw, change, user.id) == "own_gives_no_access"

    assert await raw.fetch(ACCESS) == before


async def test_lets_one_of_two_halves_of_own_and_administrator_win(
    raw: asyncpg.Connection, other: asyncpg.Connection
) -> None:
    user = await make_user(groups=["Officer"])
    await make_user(groups=["Administrator"])
    first = other.transaction()
    await first.start()
    await other.execute(SEE_OWN, user.id)
    await other.execute("set constraints all immediate")

    second = asyncio.create_task(refused_by(raw, JOIN, user.id))
    await until_one_waits(other)
    await first.commit()

    assert await second == "own_gives_no_access"
    assert [group.name for group in await UserGroup.filter(members__id=user.id)] == ["Officer"]
