"""The viewer, and the colleagues that a task can be given to."""

import orjson

from models import Viewer
from models.readable import Readable
from resolvers.connections import Rows
from resolvers.reading import Reader, read, readable_of
from resolvers.selection import Asked, Selection
from resolvers.statement import json_object


def _viewer(reader: Reader) -> str:
    def value(part: Selection) -> str:
        match part.field:
            case "__typename":
                return "'Viewer'"
            case "user":
                return reader.one("User", part, lambda user: f"{user}.id = {reader.user}")
            case "organisation":
                return reader.one("Organisation", part, lambda _organisation: "true")
            case "permissions":
                return f"to_json({reader.permissions})"
            case "client_access":
                return f"'{'OWN' if reader.own else 'OPEN'}'"
            case "open_task_count":
                return _open_tasks(reader)
            case name:
                raise LookupError(f"Viewer has no field {name}.")

    return json_object([(part.key, value(part)) for part in reader.asked.selection.of("Viewer")])


def _open_tasks(reader: Reader) -> str:
    task = reader.alias()
    readable: Readable = readable_of("Offboarding")
    return (
        f"(select count(*) from offboarding {task} where {task}.assignee_id = {reader.user}"
        f" and {task}.status <> 'DONE' and {readable.visible(task, reader)})"
    )


def _assignable(reader: Reader) -> str:
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
