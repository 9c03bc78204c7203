"""The read path: a selection becomes one SQL statement, and its plan is kept."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import orjson

from models import ClientAccess, Viewer
from resolvers.json_text import Json, text_of
from resolvers.reader import Reader
from resolvers.selection import Asked
from resolvers.statement import Source
from resolvers.together import fetch_by_id, fetch_same

# Composes the JSON of a root field.
Compose = Callable[[Reader], Json]

# More shapes than this of one document's arguments: the plans start anew.
MOST_PLANS: Final = 64

# A statement, and where its values come from.
Plan = tuple[str, list[Source]]


def keep(asked: Asked, key: object, plan: Plan) -> Plan:
    """Keep a plan for the next who ask for the same, and return it."""
    if len(asked.plans) >= MOST_PLANS:
        asked.plans.clear()
    asked.plans[key] = plan
    return plan


async def read(
    viewer: Viewer,
    asked: Asked,
    compose: Compose,
    *inputs: Any,  # noqa: ANN401 - a parameter can be of any type
) -> orjson.Fragment | None:
    """Answer a selection in one statement, as JSON to be passed on; None where there is nothing."""
    own = viewer.client_access is ClientAccess.OWN
    key = (compose, own, asked.shape)
    plan: Plan | None = asked.plans.get(key)
    if plan is None:
        reader = Reader(asked, own=own)
        plan = keep(asked, key, (f"select {text_of(compose(reader))}", reader.sources))
    sql, sources = plan
    values = [source(viewer, asked.arguments, inputs) for source in sources]
    text = await fetch_same(sql, *values)
    return None if text is None or text == "null" else orjson.Fragment(text)


async def read_by_id(
    viewer: Viewer, asked: Asked, type_name: str, id: UUID
) -> orjson.Fragment | None:
    """Answer a selection of the row of an id; None where the viewer may see none."""
    own = viewer.client_access is ClientAccess.OWN
    key = (type_name, own, asked.shape)
    plan: Plan | None = asked.plans.get(key)
    if plan is None:
        reader = Reader(asked, own=own)
        plan = keep(asked, key, (reader.by_ids(type_name), reader.sources))
    sql, (_, *others) = plan
    values = [source(viewer, asked.arguments, ()) for source in others]
    row = await fetch_by_id(sql, id, *values)
    return None if row is None else orjson.Fragment(row["json"])
