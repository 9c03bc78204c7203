"""API tokens: random, shown once, kept as hashes only."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from auth.viewers import VIEWER, fetch_row, viewer_from
from models import ApiToken, User, Viewer
from models.user import TOKEN_PREFIX, hash_of

LONGEST_TOKEN: Final = 200

_BY_HASH: Final = (
    VIEWER + "join api_token t on t.user_id = u.id where t.hash = $1"
    " and t.revoked_at is null and t.expires_at > now() and u.enabled"
)


def is_token(text: str) -> bool:
    """Return whether a text looks like an API token; what does not is never looked up."""
    return len(text) <= LONGEST_TOKEN and text.startswith(TOKEN_PREFIX) and text.isascii()


async def viewer_of_token(hash_: str) -> Viewer | None:
    """Return whose token has a hash; None where it is unknown, revoked, expired or disabled."""
    row = await fetch_row(_BY_HASH, hash_)
    return None if row is None else viewer_from(row)


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
