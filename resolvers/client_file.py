"""The Client File overview: its parties and its products."""

import orjson

from models import Permission, Viewer
from resolvers.json_text import Json, json_object, name
from resolvers.reader import Reader
from resolvers.reading import read
from resolvers.selection import Asked, Selection

_NODES = {"parties": "Party", "products": "Product"}


def _overview(reader: Reader) -> Json:
    def of(part: Selection) -> Json:
        if part.field == "__typename":
            return name("ClientFile")
        return reader.all(part, _NODES[part.field])

    return json_object([(part.key, of(part)) for part in reader.asked.selection.of("ClientFile")])


async def overview(viewer: Viewer, asked: Asked) -> orjson.Fragment | None:
    """Return pages of the parties and products of the viewer's organisation (V)."""
    viewer.require(Permission.CLIENT_FILE_READ)
    return await read(viewer, asked, _overview)
