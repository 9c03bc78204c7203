"""What everything with an id has in common, and the scalars of the schema."""

from collections.abc import Mapping
from typing import Final, NewType, NoReturn

import strawberry
from strawberry.types.scalar import ScalarDefinition

Cursor = NewType("Cursor", str)

SCALARS: Final[Mapping[object, ScalarDefinition]] = {
    Cursor: strawberry.scalar(
        name="Cursor",
        description="Place in a list, from an edge or an activity entry; opaque.",
        serialize=str,
        parse_value=str,
    )
}


@strawberry.interface(description="Anything that can be fetched again by its id.")
class Node:
    id: strawberry.ID = strawberry.field(description="Globally unique id; opaque.")


def compiled() -> NoReturn:
    """Say that a field is part of its root field's statement and never resolved by itself."""
    raise NotImplementedError("This field is answered by the statement of its root field.")
