"""API tokens of integrations: never more than their maker may, and over within a year."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import orjson

import auth
from database import transaction
from models import (
    Activity,
    ActivityKind,
    ApiToken,
    Change,
    DomainError,
    Entry,
    InvalidInputError,
    Permission,
    User,
    Viewer,
)
from models.access import check_expiry, text_in
from models.change import changed
from resolvers.json_text import Json
from resolvers.reader import Reader
from resolvers.reading import read, read_by_id
from resolvers.selection import Asked
from resolvers.writing import lock, log, write

LONGEST_NAME: Final = 100


async def create(
    viewer: Viewer, name: str, scopes: Collection[Permission], expires_at: datetime
) -> tuple[UUID, str]:
    """Make a token of the viewer's, and return its id and its secret, which is not kept."""
    return await write(lambda: _create(viewer, name, scopes, expires_at))


async def revoke(viewer: Viewer, id: UUID) -> UUID:
    """Let a token be good no more; in every process within a second."""
    await write(lambda: _revoke(viewer, id))
    auth.forget_trusted()
    return id


async def find(viewer: Viewer, asked: Asked, id: UUID) -> orjson.Fragment | None:
    """Return a token of the viewer's organisation."""
    return await read_by_id(viewer, asked, "ApiToken", id)


async def tokens(viewer: Viewer, asked: Asked) -> orjson.Fragment | None:
    """Return a page of the tokens of the viewer's organisation, newest first."""
    viewer.require(Permission.USER_ADMIN)
    return await read(viewer, asked, _tokens)


def _tokens(reader: Reader) -> Json:
    return reader.all(reader.asked.selection, "ApiToken")


async def _create(
    viewer: Viewer, name: str, scopes: Collection[Permission], expires_at: datetime
) -> tuple[UUID, str]:
    viewer.require(Permission.USER_ADMIN)
    name = text_in("name", name, LONGEST_NAME)
    if not scopes:
        raise InvalidInputError("scopes", "A token needs a permission, or it can do nothing.")
    for scope in scopes:
        viewer.require(scope)
    check_expiry(expires_at)
    ordered = [permission for permission in Permission if permission in scopes]
    row, secret = await auth.make_token(
        viewer.organisation_id, viewer.user_id, name, expires_at, ordered
    )
    entry = Entry(ActivityKind.API_TOKEN_CREATED, _made(row))
    await log(viewer, datetime.now(UTC), [entry], user=viewer.user_id)
    return row.id, secret


async def _revoke(viewer: Viewer, id: UUID) -> None:
    viewer.require(Permission.USER_ADMIN)
    token = await lock(viewer, ApiToken, id)
    if token.revoked_at is not None:
        return
    token.revoked_at = datetime.now(UTC)
    await token.save(update_fields=["revoked_at"])
    entry = Entry(ActivityKind.API_TOKEN_REVOKED, changed("name", token.name, None))
    await log(viewer, token.revoked_at, [entry], user=token.user_id)


async def issue(
    user: User, name: str, lifetime: timedelta, scopes: Collection[Permission] | None
) -> str:
    """Make a token for a user as an operator, and return its secret."""

    async def work() -> str:
        until = datetime.now(UTC) + lifetime
        given = text_in("name", name, LONGEST_NAME)
        token, secret = await auth.make_token(user.organisation_id, user.id, given, until, scopes)
        await _log_of_operator(token, ActivityKind.API_TOKEN_CREATED, _made(token))
        return secret

    return await transaction(work)


async def end(id: UUID) -> bool:
    """Revoke a token as an operator; return False where it was revoked before."""

    async def work() -> bool:
        token = await ApiToken.filter(id=id).select_for_update().first()
        if token is None:
            raise DomainError("There is no such token; list those of a user.")
        if token.revoked_at is not None:
            return False
        token.revoked_at = datetime.now(UTC)
        await token.save(update_fields=["revoked_at"])
        changes = changed("name", token.name, None)
        await _log_of_operator(token, ActivityKind.API_TOKEN_REVOKED, changes)
        return True

    return await transaction(work)


def _made(token: ApiToken) -> list[Change]:
    return [
        *changed("name", None, token.name),
        *changed("scopes", None, None if token.scopes is None else ", ".join(token.scopes)),
        *changed("expiresAt", None, token.expires_at.isoformat()),
    ]


async def _log_of_operator(token: ApiToken, kind: ActivityKind, changes: list[Change]) -> None:
    """Write what an operator did, who is nobody that the organisation knows."""
    await Activity.create(
        organisation_id=token.organisation_id,
        kind=kind,
        occurred_at=datetime.now(UTC),
        user_id=token.user_id,
        changes=[asdict(change) for change in changes],
    )
