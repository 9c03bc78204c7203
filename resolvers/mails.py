"""Letters as administrators see them, sending one again, and which letters the viewer wants."""

from typing import Any
from uuid import UUID

import orjson

from models import OutgoingMail, Permission, User, Viewer
from resolvers.json_text import Json
from resolvers.reader import Reader
from resolvers.reading import read, read_by_id
from resolvers.selection import Asked
from resolvers.writing import lock, write


def _mails(reader: Reader) -> Json:
    return reader.all(reader.asked.selection, "OutgoingMail")


async def find(viewer: Viewer, asked: Asked, id: UUID) -> orjson.Fragment | None:
    """Return a letter that the viewer may see."""
    return await read_by_id(viewer, asked, "OutgoingMail", id)


async def mails(viewer: Viewer, asked: Asked) -> orjson.Fragment | None:
    """Return a page of the letters of the viewer's organisation, newest first."""
    viewer.require(Permission.USER_ADMIN)
    return await read(viewer, asked, _mails)


async def redeliver(viewer: Viewer, id: UUID) -> UUID:
    """Let a letter that failed or was dropped leave again, and return its id (R14)."""
    return await write(lambda: _redeliver(viewer, id))


async def _redeliver(viewer: Viewer, id: UUID) -> UUID:
    viewer.require(Permission.USER_ADMIN)
    mail = await lock(viewer, OutgoingMail, id)
    if mail.requeue():
        await mail.save()
    return mail.id


async def set_preferences(viewer: Viewer, wanted: dict[str, Any]) -> None:
    """Keep in which language the viewer is written to, and whether they want the daily digest."""
    await write(lambda: _set_preferences(viewer, wanted))


async def _set_preferences(viewer: Viewer, wanted: dict[str, Any]) -> None:
    user = await lock(viewer, User, viewer.user_id)
    if any(getattr(user, name) != value for name, value in wanted.items()):
        await user.update_from_dict(wanted).save(update_fields=[*wanted, "updated_at"])
