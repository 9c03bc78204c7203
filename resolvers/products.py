"""Products: one by its id or number."""

from collections.abc import Sequence
from uuid import UUID

import orjson

from models import Permission, Viewer
from resolvers.json_text import Json
from resolvers.reader import Reader
from resolvers.reading import read, read_by_id
from resolvers.selection import Asked, check_present


def _by_number(reader: Reader) -> Json:
    return reader.by_key("Product", "number")


async def find(
    viewer: Viewer, asked: Asked, id: UUID | None, number: str | None
) -> orjson.Fragment | None:
    """Return the product of an id or a number, hidden from the overview or not."""
    viewer.require(Permission.CLIENT_FILE_READ)
    check_present(id=id, number=number)
    if id is not None:
        return await read_by_id(viewer, asked, "Product", id)
    return await read(viewer, asked, _by_number, number)


def _by_ids(reader: Reader) -> Json:
    return reader.many("Product", "number")


async def find_many(viewer: Viewer, asked: Asked, ids: Sequence[UUID]) -> orjson.Fragment | None:
    """Return those products of a list of ids that the viewer may see, by number."""
    return await read(viewer, asked, _by_ids, list(ids))
