"""API tokens of integrations: never more than their maker may, and over within a year."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import orjson

import auth
from models import (
    ActivityKind,
    ApiToken,
    Entry,
    InvalidInputError,
    Permission,
    Viewer,
)
from models.access import check_expiry, text_in
from models.change import changed
from resolvers.json_text import Json
from resolvers.reading import Reader, read
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
    return await read(viewer, asked, _by_id, id)


async def tokens(viewer: Viewer, asked: Asked) -> orjson.Fragment | None:
    """Return a page of the tokens of the viewer's organisation, newest first."""
    viewer.require(Permission.USER_ADMIN)
    return await read(viewer, asked, _tokens)


def _by_id(reader: Reader) -> Json:
    return reader.by_id("ApiToken")


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
    changes = [
        *changed("name", None, name),
        *changed("scopes", None, ", ".join(ordered)),
        *changed("expiresAt", None, expires_at.isoformat()),
    ]
    entry = Entry(ActivityKind.API_TOKEN_CREATED, changes)
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
