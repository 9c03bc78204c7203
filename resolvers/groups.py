"""Groups of users: an organisation's own, beside those that every organisation has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson

import auth
from models import (
    ActivityKind,
    Change,
    ClientAccess,
    Entry,
    GroupInUseError,
    InvalidInputError,
    Permission,
    UserGroup,
    Viewer,
)
from models.access import (
    LONGEST_DESCRIPTION,
    LONGEST_GROUP_NAME,
    check_own_gives_no_access,
    text_in,
)
from models.change import changed
from resolvers.access import changing_access
from resolvers.json_text import Json
from resolvers.reader import Reader
from resolvers.reading import read, read_by_id
from resolvers.selection import Asked
from resolvers.writing import lock, log, write


@dataclass(frozen=True, slots=True)
class Group:
    """What a group is to be; None leaves it as it is."""

    name: str | None = None
    description: str | None = None
    permissions: Sequence[Permission] | None = None


async def create(viewer: Viewer, wanted: Group) -> UUID:
    """Make a group, and return its id."""
    return await write(lambda: _create(viewer, wanted))


async def change(viewer: Viewer, id: UUID, wanted: Group) -> UUID:
    """Change a group of the organisation's own, for all its members at once."""
    await write(lambda: _change(viewer, id, wanted))
    auth.forget_trusted()
    return id


async def delete(viewer: Viewer, id: UUID) -> None:
    """Delete a group of the organisation's own that has no members."""
    await write(lambda: _delete(viewer, id))


async def find(viewer: Viewer, asked: Asked, id: UUID) -> orjson.Fragment | None:
    """Return a group of the viewer's organisation."""
    return await read_by_id(viewer, asked, "UserGroup", id)


async def groups(viewer: Viewer, asked: Asked) -> orjson.Fragment | None:
    """Return a page of the groups of the viewer's organisation, by name."""
    viewer.require(Permission.USER_ADMIN)
    return await read(viewer, asked, _groups)


def _groups(reader: Reader) -> Json:
    return reader.all(reader.asked.selection, "UserGroup")


async def _create(viewer: Viewer, wanted: Group) -> UUID:
    async with changing_access(viewer):
        group = UserGroup(
            organisation_id=viewer.organisation_id, name="", description="", permissions=[]
        )
        changes = await _take(group, wanted)
        await group.save()
    await _log(viewer, ActivityKind.GROUP_CREATED, changes)
    return group.id


async def _change(viewer: Viewer, id: UUID, wanted: Group) -> None:
    async with changing_access(viewer):
        group = await lock(viewer, UserGroup, id)
        group.check_custom()
        name = group.name
        changes = await _take(group, wanted)
        if await group.members.filter(client_access=ClientAccess.OWN).exists():
            check_own_gives_no_access(ClientAccess.OWN, group.permissions, "permissions")
        if changes:
            await group.save()
    if changes:
        # Which group it is about is told also where its name stays.
        about = [] if any(c.field == "name" for c in changes) else [Change("name", name, name)]
        await _log(viewer, ActivityKind.GROUP_CHANGED, [*about, *changes])


async def _delete(viewer: Viewer, id: UUID) -> None:
    async with changing_access(viewer):
        group = await lock(viewer, UserGroup, id)
        group.check_custom()
        if await group.members.all().exists():
            raise GroupInUseError
        await group.delete()
    changes = [
        Change("name", group.name, None),
        *changed("permissions", ", ".join(group.permissions) or None, None),
    ]
    await _log(viewer, ActivityKind.GROUP_DELETED, changes)


async def _take(group: UserGroup, wanted: Group) -> list[Change]:
    """Change the group in memory, and return what of it changed."""
    before = _values(group)
    if wanted.name is not None:
        group.name = text_in("name", wanted.name, LONGEST_GROUP_NAME)
        others = UserGroup.filter(organisation_id=group.organisation_id, name=group.name)
        if await others.exclude(id=group.id).exists():
            raise InvalidInputError("name", "Another group has this name.")
    if wanted.description is not None:
        group.description = text_in(
            "description", wanted.description, LONGEST_DESCRIPTION, shortest=0
        )
    if wanted.permissions is not None:
        group.permissions = [str(p) for p in Permission if p in wanted.permissions]
    after = _values(group)
    return [change for field in before for change in changed(field, before[field], after[field])]


def _values(group: UserGroup) -> dict[str, str | None]:
    return {
        "name": group.name or None,
        "description": group.description or None,
        "permissions": ", ".join(group.permissions) or None,
    }


async def _log(viewer: Viewer, kind: ActivityKind, changes: list[Change]) -> None:
    await log(viewer, datetime.now(UTC), [Entry(kind, changes)])
