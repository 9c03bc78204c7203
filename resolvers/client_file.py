"""The Client File overview: its parties and its products."""

import orjson

from models import Permission, Viewer
from resolvers.reading import Reader, read
from resolvers.selection import Asked
from resolvers.statement import json_object

_NODES = {"parties": "Party", "products": "Product"}


def _overview(reader: Reader) -> str:
    pairs = [
        (
            part.key,
            "'ClientFile'" if part.field == "__typename" else reader.all(part, _NODES[part.field]),
        )
        for part in reader.asked.selection.of("ClientFile")
    ]
    return json_object(pairs)


async def overview(viewer: Viewer, asked: Asked) -> orjson.Fragment | None:
    """Return pages of the parties and products of the viewer's organisation (V)."""
    viewer.require(Permission.CLIENT_FILE_READ)
    return await read(viewer, asked, _overview)
