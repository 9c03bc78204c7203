"""Stopping the daily digest from a letter, without a login: who holds the link may do just that.

The token in the link names the user and is signed with a key that only this user has. It stands in
every digest of theirs, so that one from an old letter works as well.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final
from uuid import UUID

from mail.wording import worded
from models import Language, User

_PURPOSE: Final = b"stop the daily digest"
_KEY_BYTES: Final = 16
_TOKEN_BYTES: Final = _KEY_BYTES + hashlib.sha256().digest_size


def unsubscribe_token(user: User) -> str:
    """Return the token by which a user's digest can be stopped."""
    return urlsafe_b64encode(user.id.bytes + _signature(user)).decode()


def _signature(user: User) -> bytes:
    return hmac.digest(user.mail_key.bytes, _PURPOSE + user.id.bytes, "sha256")


async def user_of(token: str) -> User | None:
    """Return whose digest a token stops, if it is a good one."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii"))
    except ValueError:
        return None
    if len(raw) != _TOKEN_BYTES:
        return None
    user = await User.get_or_none(id=UUID(bytes=raw[:_KEY_BYTES]))
    if user is None or not hmac.compare_digest(raw[_KEY_BYTES:], _signature(user)):
        return None
    return user


async def stop_digest(user: User) -> None:
    """Keep that a user wants no digest any more."""
    await User.filter(id=user.id).update(daily_digest=False)


def unsubscribe_page(user: User, *, stopped: bool) -> str:
    """Return the page that asks whether to stop, or says that it has stopped."""
    return worded(user.language, "unsubscribe.html", {"stopped": stopped})


def invalid_page() -> str:
    """Return the page for who comes by no good link."""
    return worded(Language.EN, "invalid_link.html", {})
