"""Things by their global ids, whatever they are."""

from collections.abc import Sequence
from functools import partial

import orjson

from models import Viewer
from resolvers.errors import BadRequestError
from resolvers.json_text import Json, Sql, json_array, selected, text_of
from resolvers.reader import Reader
from resolvers.reading import read
from resolvers.selection import Asked
from resolvers.tables import key_type_of

MOST_NODES = 100

# The name of a type and the key of a row, as text.
Key = tuple[str, str]


def _has_id(row: str, key: str) -> str:
    return f"{row}.id = {key}"


def _wanted(reader: Reader) -> tuple[Json, str, str]:
    """Return the JSON of what is wanted, its place, and the FROM of all that is.

    A type that the client selects nothing of is never looked up.
    """
    wanted, selection = reader.alias(), reader.asked.selection
    branches = []
    for type_name in selection.children:
        key = f"{wanted}.key::{key_type_of(type_name)}"
        one = reader.one(type_name, selection, partial(_has_id, key=key))
        branches.append(f"when '{type_name}' then {text_of(one)}")
    types, keys = reader.input(0, "text[]"), reader.input(1, "text[]")
    rest = f"from unnest({types}, {keys}) with ordinality {wanted}(type, key, place)"
    node = (Sql(f"case {wanted}.type {' '.join(branches)} else 'null' end"),)
    return node, f"{wanted}.place", rest


def _nodes(reader: Reader) -> Json:
    node, place, rest = _wanted(reader)
    return (Sql(selected(json_array(node, place), rest)),)


def _node(reader: Reader) -> Json:
    node, _, rest = _wanted(reader)
    return (Sql(selected(node, rest)),)


async def find(viewer: Viewer, asked: Asked, key: Key) -> orjson.Fragment | None:
    """Return what an id stands for; None when there is no such thing or it may not be seen."""
    type_name, value = key
    return await read(viewer, asked, _node, (type_name,), (value,))


async def find_many(viewer: Viewer, asked: Asked, keys: Sequence[Key]) -> orjson.Fragment | None:
    """Return what ids stand for, in the order asked, null for what may not be seen."""
    if len(keys) > MOST_NODES:
        raise BadRequestError(f"At most {MOST_NODES} ids can be asked for at once.")
    types, values = [key[0] for key in keys], [key[1] for key in keys]
    return await read(viewer, asked, _nodes, types, values)
