"""The activity log: what happened, oldest first."""

import orjson

from models import Permission, Viewer
from resolvers.reading import Reader, read
from resolvers.selection import Asked


def _log(reader: Reader) -> str:
    return reader.all(reader.asked.selection, "Activity")


async def log(viewer: Viewer, asked: Asked) -> orjson.Fragment | None:
    """Return a page of the log, in the order of commits (R15)."""
    viewer.require(Permission.CLIENT_FILE_READ)
    return await read(viewer, asked, _log)
