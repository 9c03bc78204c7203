"""Who is let in, and to what: each change leaves an entry for those who give access (R15)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import orjson
from tortoise.connection import get_connection

import auth
from models import (
    ActivityKind,
    BrowserSession,
    Change,
    ClientAccess,
    Entry,
    InvalidInputError,
    LastAdministratorError,
    NotFoundError,
    Permission,
    User,
    UserGroup,
    Viewer,
)
from models.access import (
    LONGEST_NAME,
    check_own_gives_no_access,
    email_in,
    names_of,
    permissions_of,
    text_in,
)
from models.change import changed
from resolvers.json_text import Json
from resolvers.reader import Reader
from resolvers.reading import read, read_by_id
from resolvers.selection import Asked
from resolvers.writing import lock, log, write

# Who changes access waits for whoever does so in the same organisation, and loading a client file.
_ALONE: Final = "select id from organisation where id = $1 for no key update"
_GIVES_ACCESS: Final = """
select exists (select from app_user u join user_group_member m on m.user_id = u.id
  join user_group g on g.id = m.user_group_id
  where u.organisation_id = $1 and u.enabled and 'USER_ADMIN' = any(g.permissions)) as somebody
"""


@dataclass(frozen=True, slots=True)
class Access:
    """What is to be set of a user's access; None leaves it as it is."""

    enabled: bool | None = None
    client_access: ClientAccess | None = None
    groups: Sequence[UUID] | None = None


@asynccontextmanager
async def changing_access(viewer: Viewer) -> AsyncIterator[None]:
    """Change access alone, and refuse with `LastAdministratorError` what leaves nobody to do so."""
    viewer.require(Permission.USER_ADMIN)
    connection = get_connection("default")
    await connection.execute_query(_ALONE, [viewer.organisation_id])
    (before,) = await connection.execute_query_dict(_GIVES_ACCESS, [viewer.organisation_id])
    yield
    (after,) = await connection.execute_query_dict(_GIVES_ACCESS, [viewer.organisation_id])
    if before["somebody"] and not after["somebody"]:
        raise LastAdministratorError


async def invite(
    viewer: Viewer, email: str, name: str, access: ClientAccess, groups: Sequence[UUID]
) -> UUID:
    """Let a person in whom the organisation's sign-in will know by their address."""
    return await write(lambda: _invite(viewer, email, name, access, groups))


async def set_access(viewer: Viewer, id: UUID, access: Access) -> UUID:
    """Enable or disable a person, or give them other access; at once, in every process."""
    await write(lambda: _set_access(viewer, id, access))
    auth.forget_trusted()
    return id


async def find(viewer: Viewer, asked: Asked, id: UUID) -> orjson.Fragment | None:
    """Return a person of the viewer's organisation."""
    return await read_by_id(viewer, asked, "User", id)


async def users(viewer: Viewer, asked: Asked) -> orjson.Fragment | None:
    """Return a page of the people of the viewer's organisation, by name."""
    viewer.require(Permission.USER_ADMIN)
    return await read(viewer, asked, _users)


def _users(reader: Reader) -> Json:
    return reader.all(reader.asked.selection, "User")


async def _groups(viewer: Viewer, ids: Sequence[UUID]) -> list[UserGroup]:
    """Return groups of the viewer's organisation, or refuse where one is none of them (R12)."""
    groups = await UserGroup.filter(organisation_id=viewer.organisation_id, id__in=list(ids))
    if len(groups) != len(set(ids)):
        raise NotFoundError
    return groups


async def _invite(
    viewer: Viewer, email: str, name: str, access: ClientAccess, ids: Sequence[UUID]
) -> UUID:
    async with changing_access(viewer):
        groups = await _groups(viewer, ids)
        check_own_gives_no_access(access, permissions_of(groups))
        user = User(
            organisation_id=viewer.organisation_id,
            email=email_in(email),
            name=text_in("name", name, LONGEST_NAME),
            client_access=access,
        )
        if await User.exists(organisation_id=viewer.organisation_id, email=user.email):
            raise InvalidInputError("email", "Somebody with this address is known already.")
        await user.save()
        await user.groups.add(*groups)
    changes = [
        *changed("email", None, user.email),
        *changed("name", None, user.name),
        *changed("clientAccess", None, access),
        *changed("groups", None, names_of(groups)),
    ]
    await _log(viewer, ActivityKind.USER_INVITED, changes, user.id)
    return user.id


async def _set_access(viewer: Viewer, id: UUID, access: Access) -> None:
    async with changing_access(viewer):
        user = await lock(viewer, User, id)
        before = await user.groups.all()
        after = before if access.groups is None else await _groups(viewer, access.groups)
        client_access = access.client_access or user.client_access
        check_own_gives_no_access(client_access, permissions_of(after))
        enabled = user.enabled if access.enabled is None else access.enabled
        changes = [
            *changed("enabled", str(user.enabled).lower(), str(enabled).lower()),
            *changed("clientAccess", user.client_access, client_access),
            *changed("groups", names_of(before), names_of(after)),
        ]
        if changes:
            user.enabled, user.client_access = enabled, client_access
            await user.save(update_fields=["enabled", "client_access", "updated_at"])
            await _join(user, before, after)
        if not enabled:
            await BrowserSession.filter(user_id=id).delete()
    if changes:
        await _log(viewer, ActivityKind.ACCESS_CHANGED, changes, id)


async def _join(user: User, before: Sequence[UserGroup], after: Sequence[UserGroup]) -> None:
    was, will_be = {group.id for group in before}, {group.id for group in after}
    if left := [group for group in before if group.id not in will_be]:
        await user.groups.remove(*left)
    await user.groups.add(*(group for group in after if group.id not in was))


async def _log(viewer: Viewer, kind: ActivityKind, changes: list[Change], user: UUID) -> None:
    await log(viewer, datetime.now(UTC), [Entry(kind, changes)], user=user)
