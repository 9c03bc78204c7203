"""What a client selected, as plain values: nothing here knows where it came from."""

import dataclasses
from collections.abc import Mapping
from enum import Enum
from functools import cached_property
from typing import Any, Final

from asyncpg.pgproto import pgproto

from resolvers.errors import BadRequestError

Arguments = Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """A selected field with what was selected below it.

    `children` holds the fields for each object type that the value may be of, fragments resolved;
    `slot` is the place of its arguments among those of the request, None where it takes none.
    """

    field: str
    key: str
    slot: int | None = None
    children: Mapping[str, tuple["Selection", ...]] = dataclasses.field(default_factory=dict)

    def of(self, type_name: str) -> tuple["Selection", ...]:
        """Return the fields selected for a type."""
        return self.children.get(type_name, ())

    @property
    def type_name(self) -> str:
        """Name of the only object type the value can be of."""
        (name,) = self.children
        return name


# What most arguments are.
_PLAIN: Final = frozenset({str, pgproto.UUID})


@dataclasses.dataclass(eq=False)
class Asked:
    """A selection with the arguments of a request, and the plans made for it so far."""

    selection: Selection
    arguments: tuple[Arguments, ...]
    plans: dict[Any, Any]

    @cached_property
    def shape(self) -> object:
        """What of the arguments decides over a statement's text."""
        return shape_of(self.arguments)

    def arguments_of(self, selection: Selection) -> Arguments:
        """Return the arguments of a field."""
        return {} if selection.slot is None else self.arguments[selection.slot]


def shape_of(value: object) -> object:
    """Return what of arguments decides over a statement's text: all but the plain values."""
    kind = type(value)
    if kind in _PLAIN:
        return kind
    if isinstance(value, dict):
        return tuple([(name, shape_of(item)) for name, item in value.items() if item is not None])
    if isinstance(value, tuple) or (
        isinstance(value, list) and (not value or isinstance(value[0], Enum))
    ):
        return tuple([shape_of(item) for item in value])
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, Enum):
        return value.name
    return kind


def check_present(**arguments: object) -> None:
    """Refuse unless exactly one of the arguments is given."""
    if [*arguments.values()].count(None) != len(arguments) - 1:
        raise BadRequestError(f"Give exactly one of {' and '.join(arguments)}.")
