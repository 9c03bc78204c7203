"""Parties: one by its id or reference."""

from uuid import UUID

import orjson

from models import Permission, Viewer
from resolvers.json_text import Json
from resolvers.reader import Reader
from resolvers.reading import read, read_by_id
from resolvers.selection import Asked, check_present


def _by_reference(reader: Reader) -> Json:
    return reader.by_key("Party", "reference")


async def find(
    viewer: Viewer, asked: Asked, id: UUID | None, reference: str | None
) -> orjson.Fragment | None:
    """Return the party of an id or a reference, hidden from the overview or not."""
    viewer.require(Permission.CLIENT_FILE_READ)
    check_present(id=id, reference=reference)
    if id is not None:
        return await read_by_id(viewer, asked, "Party", id)
    return await read(viewer, asked, _by_reference, reference)
