"""A user's row becomes the viewer they are."""

from typing import Final
from uuid import UUID

import asyncpg
from tortoise.connection import get_connection

from models import ClientAccess, Permission, Viewer

_THEIR_GROUPS: Final = """(select array_agg(distinct p) from user_group_member m
    join user_group g on g.id = m.user_group_id, unnest(g.permissions) p
    where m.user_id = u.id)"""
_NAMED_GROUPS: Final = """(select array_agg(distinct p) from user_group g, unnest(g.permissions) p
    where g.organisation_id = u.organisation_id and g.name = any({groups}))"""


def select_viewer(rest: str, *more: str, groups: str | None = None) -> str:
    """Return the statement that fetches a user `u` with their permissions, and more columns.

    `groups` is SQL for names of groups which, unless null, count in place of the user's own.
    """
    columns = ", ".join(("u.id", "u.organisation_id", "u.client_access", *more))
    permissions = _THEIR_GROUPS
    if groups is not None:
        named = _NAMED_GROUPS.format(groups=groups)
        permissions = f"case when {groups} is null then {permissions} else {named} end"
    return (
        f"select {columns}, coalesce({permissions}, '{{}}') as permissions from app_user u {rest}"  # noqa: S608 - text of our own
    )


_COLLEAGUE: Final = select_viewer(
    "where u.id = $1 and u.organisation_id = $2 and u.enabled for share of u"
)


async def enabled_colleague(viewer: Viewer, user_id: UUID) -> Viewer | None:
    """Return an enabled person of the viewer's organisation as the viewer they would be.

    The person's row is locked, so that they stay enabled to the end of the transaction.
    """
    row = await fetch_row(_COLLEAGUE, user_id, viewer.organisation_id)
    return None if row is None else viewer_from(row)


async def fetch_row(sql: str, *values: object) -> asyncpg.Record | None:
    """Return the first row that a statement answers with."""
    async with get_connection("default").acquire_connection() as connection:
        row: asyncpg.Record | None = await connection.fetchrow(sql, *values)
    return row


def viewer_from(row: asyncpg.Record) -> Viewer:
    """Return the viewer of a row that `select_viewer` fetches.

    Who sees their own clients only never gives access, whatever groups an issuer names.
    """
    access = ClientAccess(row["client_access"])
    permissions = frozenset(Permission(name) for name in row["permissions"])
    if access is ClientAccess.OWN:
        permissions -= {Permission.USER_ADMIN}
    return Viewer(row["id"], row["organisation_id"], permissions, access)
