"""What access there can be: names and addresses, how long, and what never goes together."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from models.errors import InvalidInputError
from models.user import ClientAccess
from models.user_group import Permission, UserGroup

LONGEST_EMAIL: Final = 320
LONGEST_NAME: Final = 200
LONGEST_GROUP_NAME: Final = 100
LONGEST_DESCRIPTION: Final = 500
_EMAIL: Final = re.compile(r"[^\s<>@,;\"()]+@[^\s<>@,;\"()]+\.[^\s<>@,;\"()]+")


def email_in(text: str) -> str:
    """Return an e-mail address in small letters, or refuse what is none."""
    email = text.strip().lower()
    if len(email) > LONGEST_EMAIL or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise InvalidInputError("email", "This is not an e-mail address.")
    return email


def text_in(field: str, text: str, longest: int, *, shortest: int = 1) -> str:
    """Return a text without spaces at its ends, or refuse one that is too long, short or odd."""
    stripped = text.strip()
    if not shortest <= len(stripped) <= longest or not stripped.isprintable():
        raise InvalidInputError(
            field, f"It has {shortest} to {longest} characters and no control character."
        )
    return stripped


def check_own_gives_no_access(
    access: ClientAccess, permissions: Iterable[str], field: str = "clientAccess"
) -> None:
    """Refuse who sees their own clients only, and could give themselves and others all of them."""
    if access is ClientAccess.OWN and Permission.USER_ADMIN in permissions:
        message = "Who gives access sees all clients: OWN and USER_ADMIN do not go together."
        raise InvalidInputError(field, message)


def permissions_of(groups: Iterable[UserGroup]) -> set[str]:
    """Return what the members of some groups may do."""
    return {permission for group in groups for permission in group.permissions}


def names_of(groups: Iterable[UserGroup]) -> str | None:
    """Return groups as the log shows them."""
    return ", ".join(sorted(group.name for group in groups)) or None


def a_year_from(now: datetime) -> datetime:
    """Return the last moment at which a token made now may end."""
    try:
        return now.replace(year=now.year + 1)
    except ValueError:  # 29 February
        return now.replace(year=now.year + 1, day=28)


def check_expiry(expires_at: datetime) -> None:
    """Refuse a token that is over already, or good for more than a year."""
    now = datetime.now(UTC)
    if not now < expires_at <= a_year_from(now):
        raise InvalidInputError("expiresAt", "A token ends within a year from now, and not before.")
