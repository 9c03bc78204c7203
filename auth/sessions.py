"""Sign-ins of browsers: a row each, found by the hash of a secret that only a cookie holds."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from auth.origins import Scope, header
from auth.viewers import fetch_row, select_viewer, viewer_from
from models import BrowserSession, User, Viewer
from models.credentials import hash_of

COOKIE: Final = "session"
LONGEST_SECRET: Final = 100

_BY_HASH: Final = select_viewer(
    "join browser_session s on s.user_id = u.id where s.hash = $1"
    " and s.expires_at > now() and u.enabled",
    groups="s.groups",
)


class Voucher(NamedTuple):
    """Who vouched for the user of a session: the issuer, its proof, and the groups it named."""

    issuer: str
    id_token: str
    groups: list[str] | None


def secret_of(scope: Scope) -> str | None:
    """Return the secret in the cookie of a request."""
    for part in (header(scope, b"cookie") or "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE and 0 < len(value) <= LONGEST_SECRET:
            return value
    return None


async def viewer_of_session(hash_: str) -> Viewer | None:
    """Return who signed in; None where it has ended, expired, or the user is disabled."""
    row = await fetch_row(_BY_HASH, hash_)
    return None if row is None else viewer_from(row)


async def begin_session(user: User, lifetime: timedelta, voucher: Voucher | None = None) -> str:
    """Sign a user in and return the secret for the cookie: 256 random bits, never kept."""
    secret = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    await BrowserSession.filter(expires_at__lt=now).delete()
    await BrowserSession.create(
        organisation_id=user.organisation_id,
        user_id=user.id,
        hash=hash_of(secret),
        expires_at=now + lifetime,
        **({} if voucher is None else voucher._asdict()),
    )
    return secret


async def end_session(secret: str) -> Voucher | None:
    """Sign out; return who had vouched for the user, if anybody had."""
    row = await fetch_row(
        "delete from browser_session where hash = $1 returning issuer, id_token, groups",
        hash_of(secret),
    )
    return None if row is None or row["issuer"] is None else Voucher(*row)
