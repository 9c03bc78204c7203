"""The viewer, and the colleagues that a task can be given to."""

from collections.abc import Callable, Mapping
from typing import Final

import orjson

from models import Viewer
from models.readable import Readable
from resolvers.json_text import Json, json_object, name, value
from resolvers.reader import Reader
from resolvers.reading import read
from resolvers.selection import Asked, Selection
from resolvers.tables import readable_of
from resolvers.window import Rows


def _column(reader: Reader, part: Selection) -> Json:
    user = reader.alias()
    return value(
        f"(select {user}.{part.field} from app_user {user} where {user}.id = {reader.user})"
    )


def _user(reader: Reader, part: Selection) -> Json:
    return reader.one("User", part, lambda user: f"{user}.id = {reader.user}")


def _organisation(reader: Reader, part: Selection) -> Json:
    return reader.one("Organisation", part, lambda _organisation: "true")


def _open_tasks(reader: Reader, _part: Selection) -> Json:
    task = reader.alias()
    readable: Readable = readable_of("Offboarding")
    return value(
        f"(select count(*) from offboarding {task} where {task}.assignee_id = {reader.user}"
        f" and {task}.status <> 'DONE' and {readable.visible(task, reader)})"
    )


# The JSON of each field of the viewer.
_FIELDS: Final[Mapping[str, Callable[[Reader, Selection], Json]]] = {
    "__typename": lambda _reader, _part: name("Viewer"),
    "user": _user,
    "organisation": _organisation,
    "permissions": lambda reader, _part: value(reader.permissions),
    "client_access": lambda reader, _part: name("OWN" if reader.own else "OPEN"),
    "language": _column,
    "daily_digest": _column,
    "open_task_count": _open_tasks,
}


def _viewer(reader: Reader) -> Json:
    parts = reader.asked.selection.of("Viewer")
    return json_object([(part.key, _FIELDS[part.field](reader, part)) for part in parts])


def _assignable(reader: Reader) -> Json:
    enabled = Rows(
        readable_of("User"),
        lambda user: f"app_user {user}",
        lambda user: f"{user}.enabled",
    )
    return reader.connection(reader.asked.selection, enabled, "User")


async def viewer(viewer: Viewer, asked: Asked) -> orjson.Fragment | None:
    """Return who the viewer is and what they may do."""
    return await read(viewer, asked, _viewer)


async def assignable(viewer: Viewer, asked: Asked) -> orjson.Fragment | None:
    """Return a page of the enabled people of the viewer's organisation."""
    return await read(viewer, asked, _assignable)
