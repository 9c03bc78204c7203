"""The person whom an issuer vouches for, among those that an administrator has let in."""

from collections.abc import Mapping
from typing import Any, Final

from auth.errors import UnauthenticatedError
from auth.viewers import fetch_row, select_viewer, viewer_from
from models import Organisation, User, Viewer
from settings.issuers import Issuer

_BY_EMAIL: Final = select_viewer(
    "join organisation o on o.id = u.organisation_id where o.name = $1 and u.email = $2",
    "u.enabled",
    groups="$3::text[]",
)


def email_of(issuer: Issuer, claims: Mapping[str, Any]) -> str:
    """Return the address in the claims; raise `ValueError` where there is none, or none to trust.

    Who may choose their own address at the issuer, and has not proved that it is theirs, could
    choose somebody else's.
    """
    email = claims.get(issuer.user_claim)
    if not isinstance(email, str) or not email or claims.get("email_verified") is False:
        raise ValueError("no address")
    return email.lower()


def groups_of(issuer: Issuer, claims: Mapping[str, Any]) -> list[str] | None:
    """Return the names of groups in the claims; None where the issuer has no say in that."""
    if issuer.groups_claim is None:
        return None
    named = claims.get(issuer.groups_claim)
    return [name for name in named if isinstance(name, str)] if isinstance(named, list) else []


async def viewer_named(issuer: Issuer, claims: Mapping[str, Any]) -> Viewer | None:
    """Return the viewer whom an access token names; None for who is disabled."""
    email, groups = email_of(issuer, claims), groups_of(issuer, claims)
    row = await fetch_row(_BY_EMAIL, issuer.organisation, email, groups)
    if row is None:
        await _refuse_stranger(issuer)
        return None
    return viewer_from(row) if row["enabled"] else None


async def user_named(issuer: Issuer, claims: Mapping[str, Any]) -> User | None:
    """Return the user whom an ID token names; None for who is disabled."""
    email = email_of(issuer, claims)
    user = await User.get_or_none(organisation__name=issuer.organisation, email=email)
    if user is None:
        await _refuse_stranger(issuer)
        return None
    return user if user.enabled else None


async def _refuse_stranger(issuer: Issuer) -> None:
    """Tell somebody whom we do not know, of an organisation that we do, that this is why."""
    if await Organisation.exists(name=issuer.organisation):
        raise UnauthenticatedError("USER_UNKNOWN")
