"""Sign-ins of browsers: a row each, found by the hash of a secret that only a cookie holds."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from tortoise.connection import get_connection

from auth.origins import header
from auth.viewers import fetch_row, select_viewer, viewer_from
from models import BrowserSession, User, Viewer
from models.credentials import hash_of

COOKIE: Final = "session"
LONGEST_SECRET: Final = 100

_BY_HASH: Final = select_viewer(
    "join browser_session s on s.user_id = u.id where s.hash = $1"
    " and s.expires_at > now() and u.enabled"
)


class Ended(NamedTuple):
    """Who had vouched for the user of a session that has ended, and the proof of it."""

    issuer: str | None
    id_token: str | None


def secret_of(scope: Mapping[str, Any]) -> str | None:
    """Return the secret in the cookie of a request."""
    for part in header(scope, b"cookie").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE and 0 < len(value) <= LONGEST_SECRET:
            return value
    return None


async def viewer_of_session(hash_: str) -> Viewer | None:
    """Return who signed in; None where it has ended, expired, or the user is disabled."""
    row = await fetch_row(_BY_HASH, hash_)
    return None if row is None else viewer_from(row)


async def begin_session(
    user: User, lifetime: timedelta, *, issuer: str | None = None, id_token: str | None = None
) -> str:
    """Sign a user in and return the secret for the cookie: 256 random bits, never kept."""
    secret = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    await BrowserSession.filter(expires_at__lt=now).delete()
    await BrowserSession.create(
        organisation_id=user.organisation_id,
        user_id=user.id,
        hash=hash_of(secret),
        issuer=issuer,
        id_token=id_token,
        expires_at=now + lifetime,
    )
    return secret


async def end_session(secret: str) -> Ended | None:
    """Sign out; return what has ended, None where no such session is left."""
    _, rows = await get_connection("default").execute_query(
        "delete from browser_session where hash = $1 returning issuer, id_token", [hash_of(secret)]
    )
    return Ended(rows[0]["issuer"], rows[0]["id_token"]) if rows else None
