"""What everything with an id has in common, and the scalars of the schema."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NewType, NoReturn

import strawberry
from strawberry.schema.types.base_scalars import DateDefinition, DateTimeDefinition
from strawberry.types.scalar import ScalarDefinition

Cursor = NewType("Cursor", str)

SCALARS: Final[Mapping[object, ScalarDefinition]] = {
    Cursor: strawberry.scalar(
        name="Cursor",
        description="Place in a list, from an edge or an activity entry; opaque.",
        serialize=str,
        parse_value=str,
    ),
    dt.date: replace(DateDefinition, description="Day, as `2026-03-02`."),
    dt.datetime: replace(
        DateTimeDefinition,
        description="Moment by RFC 3339, always told in UTC; one given without a zone is in UTC.",
    ),
}


@strawberry.interface(description="Anything that can be fetched again by its id.")
class Node:
    id: strawberry.ID = strawberry.field(description="Globally unique id; opaque.")


def compiled() -> NoReturn:
    """Say that a field is part of its root field's statement and never resolved by itself."""
    raise NotImplementedError("This field is answered by the statement of its root field.")
