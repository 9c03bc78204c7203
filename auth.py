"""A credential becomes a viewer."""

import secrets
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final
from uuid import UUID

import asyncpg
from tortoise.connection import get_connection

from models import ApiToken, ClientAccess, Permission, User, Viewer
from models.user import TOKEN_PREFIX, hash_of

LONGEST_TOKEN: Final = 200
# For how long an accepted credential is not looked up again; taking access away waits as long.
TRUSTED_SECONDS: Final = 1.0
MOST_TRUSTED: Final = 10_000

_VIEWER: Final = """
select u.id, u.organisation_id, u.client_access,
  coalesce((select array_agg(distinct p) from user_group_member m
    join user_group g on g.id = m.user_group_id, unnest(g.permissions) p
    where m.user_id = u.id), '{}') as permissions
from app_user u
"""
_BY_TOKEN: Final = (
    _VIEWER + "join api_token t on t.user_id = u.id where t.hash = $1"
    " and t.revoked_at is null and t.expires_at > now() and u.enabled"
)
_COLLEAGUE: Final = (
    _VIEWER + "where u.id = $1 and u.organisation_id = $2 and u.enabled for share of u"
)


class UnauthenticatedError(Exception):
    """No credential, or one that is not (or no longer) good; which of these is not told."""


_trusted: OrderedDict[str, tuple[float, Viewer]] = OrderedDict()


def forget_trusted() -> None:
    """Look up every credential afresh at its next use."""
    _trusted.clear()


async def viewer_of(authorization: str | None) -> Viewer:
    """Return who shows an `Authorization` header; raise `UnauthenticatedError` for nobody."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or len(token) > LONGEST_TOKEN:
        raise UnauthenticatedError
    if not token.startswith(TOKEN_PREFIX) or not token.isascii():
        raise UnauthenticatedError
    key = hash_of(token)
    until, viewer = _trusted.get(key, (0.0, None))
    if viewer is None or until < monotonic():
        viewer = await _look_up(key)
        _trusted[key] = (monotonic() + TRUSTED_SECONDS, viewer)
        if len(_trusted) > MOST_TRUSTED:
            _trusted.popitem(last=False)
    return viewer


async def _look_up(key: str) -> Viewer:
    row = await _fetch_row(_BY_TOKEN, key)
    if row is None:
        _trusted.pop(key, None)
        raise UnauthenticatedError
    return _viewer(row)


async def enabled_colleague(viewer: Viewer, user_id: UUID) -> Viewer | None:
    """Return an enabled person of the viewer's organisation as the viewer they would be.

    The person's row is locked, so that they stay enabled to the end of the transaction.
    """
    row = await _fetch_row(_COLLEAGUE, user_id, viewer.organisation_id)
    return None if row is None else _viewer(row)


async def _fetch_row(sql: str, *values: object) -> asyncpg.Record | None:
    async with get_connection("default").acquire_connection() as connection:
        row: asyncpg.Record | None = await connection.fetchrow(sql, *values)
    return row


def _viewer(row: asyncpg.Record) -> Viewer:
    return Viewer(
        user_id=row["id"],
        organisation_id=row["organisation_id"],
        permissions=frozenset(Permission(name) for name in row["permissions"]),
        client_access=ClientAccess(row["client_access"]),
    )


async def issue_token(user: User, name: str, lifetime: timedelta) -> str:
    """Make an API token for a user and return it: 256 random bits, shown this once."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    await ApiToken.create(
        organisation_id=user.organisation_id,
        user_id=user.id,
        name=name,
        hash=hash_of(token),
        expires_at=datetime.now(UTC) + lifetime,
    )
    return token
