"""API tokens: random, shown once, kept as hashes only."""

import logging
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from asyncpg import PostgresError
from tortoise.connection import get_connection

from auth.viewers import fetch_row, select_viewer, viewer_from
from models import ApiToken, Permission, User, Viewer
from models.credentials import TOKEN_PREFIX, hash_of

logger = logging.getLogger(__name__)

LONGEST_TOKEN: Final = 200
# When a token was last used is known to a minute; writing it down at each use would cost too much.
NOTED: Final = timedelta(minutes=1)

_BY_HASH: Final = select_viewer(
    "join api_token t on t.user_id = u.id where t.hash = $1"
    " and t.revoked_at is null and t.expires_at > now() and u.enabled",
    "t.id as token_id",
    "t.scopes",
    "t.last_used_at",
)
_NOTE_USE: Final = """
update api_token set last_used_at = now()
where id = (select id from api_token where id = $1 for no key update skip locked)
"""


def is_token(text: str) -> bool:
    """Return whether a text looks like an API token; what does not is never looked up."""
    return len(text) <= LONGEST_TOKEN and text.startswith(TOKEN_PREFIX) and text.isascii()


async def viewer_of_token(hash_: str) -> Viewer | None:
    """Return whose token has a hash; None where it is unknown, revoked, expired or disabled.

    Of what its user may do at this moment, a token can do what is among its scopes.
    """
    row = await fetch_row(_BY_HASH, hash_)
    if row is None:
        return None
    last = row["last_used_at"]
    if last is None or last < datetime.now(UTC) - NOTED:
        await _note_use(row["token_id"])
    viewer, scopes = viewer_from(row), row["scopes"]
    if scopes is None:
        return viewer
    return replace(viewer, permissions=viewer.permissions.intersection(scopes))


async def _note_use(id: UUID) -> None:
    """Write down that a token is used; who may read is not turned away where that fails."""
    try:
        async with get_connection("default").acquire_connection() as connection:
            await connection.execute(_NOTE_USE, id)
    except PostgresError:
        logger.warning("the use of a token could not be noted", exc_info=True)


async def make_token(
    organisation_id: UUID,
    user_id: UUID,
    name: str,
    expires_at: datetime,
    scopes: Iterable[Permission] | None = None,
) -> tuple[ApiToken, str]:
    """Make an API token and return it with its secret: 256 random bits, shown this once.

    Without scopes it can do all that its user may.
    """
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = await ApiToken.create(
        organisation_id=organisation_id,
        user_id=user_id,
        name=name,
        hash=hash_of(secret),
        scopes=None if scopes is None else list(scopes),
        expires_at=expires_at,
    )
    return token, secret


async def issue_token(
    user: User, name: str, lifetime: timedelta, scopes: Iterable[Permission] | None = None
) -> str:
    """Make an API token for a user and return its secret."""
    until = datetime.now(UTC) + lifetime
    _, secret = await make_token(user.organisation_id, user.id, name, until, scopes)
    return secret
