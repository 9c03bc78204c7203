"""Pages of a connection: which rows, in which order, from which cursor on."""

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

import orjson

from models.readable import Order, Readable
from resolvers.errors import BadRequestError, TooLongError
from resolvers.selection import Arguments

DEFAULT_SIZE: Final = 50
LARGEST_SIZE: Final = 100
# The longest name, taken apart into its marks, fits in.
LONGEST_CURSOR: Final = 20_000


_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT: Final = re.compile(_DAY.pattern + r"T\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,18}", re.ASCII)


def _check_matches(pattern: re.Pattern[str], value: str) -> None:
    if not pattern.fullmatch(value):
        raise ValueError(value)


def _check_text(value: str) -> None:
    if "\0" in value:
        raise ValueError(value)


def _check_day(value: str) -> None:
    if value != "infinity":
        _check_matches(_DAY, value)
        date.fromisoformat(value)


def _check_moment(value: str) -> None:
    if value != "infinity":
        _check_matches(_MOMENT, value)
        datetime.fromisoformat(value)


def _check_uuid(value: str) -> None:
    if str(UUID(value)) != value:
        raise ValueError(value)


# Refuses with ValueError the text of a cursor's value that PostgreSQL would not read as its type.
_CHECKS: Final[Mapping[str, Callable[[str], object]]] = {
    "text": _check_text,
    "date": _check_day,
    "timestamptz": _check_moment,
    "bigint": partial(_check_matches, _NUMBER),
    "uuid": _check_uuid,
}


@dataclass(frozen=True, slots=True)
class Page:
    """A page asked for, with what is needed to find it."""

    name: str
    order: Order
    descending: bool
    size: int
    backward: bool
    after: tuple[str, ...] | None
    before: tuple[str, ...] | None

    @property
    def columns(self) -> tuple[str, ...]:
        """SQL types of a cursor's values."""
        return (self.order.type,) if self.order.unique else (self.order.type, "uuid")


def _size(arguments: Arguments, largest: int) -> tuple[int, bool]:
    first, last = arguments.get("first"), arguments.get("last")
    if first is not None and last is not None:
        raise BadRequestError("Give first or last, not both.")
    for name, size in (("first", first), ("last", last)):
        sentence = f"{name} must lie between 1 and {largest}."
        if size is not None and size > largest:
            raise TooLongError(sentence, "MAX_PAGE_SIZE", largest)
        if size is not None and size < 1:
            raise BadRequestError(sentence)
    return (first or last or DEFAULT_SIZE), last is not None


def _decoded(cursor: str) -> list[Any]:
    if len(cursor) > LONGEST_CURSOR:
        raise ValueError("too long")
    values = orjson.loads(b64decode(cursor, validate=True))
    if not isinstance(values, list):
        raise TypeError("not a list")
    return values


def _cursor(
    arguments: Arguments, argument: str, name: str, types: tuple[str, ...]
) -> tuple[str, ...] | None:
    """Return the place that a cursor tells, as text for SQL."""
    cursor = arguments.get(argument)
    if cursor is None:
        return None
    try:
        order, *values = _decoded(cursor)
        if order != name:
            raise BadRequestError(
                f"{argument} is a cursor of another order; start again without it."
            )
        texts = tuple(str(value) for value in values)
        for text, type_ in zip(texts, types, strict=True):
            _CHECKS[type_](text)
    except (ValueError, TypeError, binascii.Error, UnicodeError) as error:
        raise BadRequestError(f"{argument} is not a cursor of this list.") from error
    return texts


def page_of(readable: Readable, arguments: Arguments, largest: int = LARGEST_SIZE) -> Page:
    """Return the page that arguments ask for; refuse with `BadRequestError` what makes no sense."""
    asked = arguments.get("order_by") or arguments.get("orderBy")
    if asked is None:
        field, descending = readable.order
    else:
        field, descending = asked["field"].name, asked["direction"].name == "DESC"
    order = readable.orders[field]
    name = f"{field} {'DESC' if descending else 'ASC'}"
    types = (order.type,) if order.unique else (order.type, "uuid")
    size, backward = _size(arguments, largest)
    return Page(
        name=name,
        order=order,
        descending=descending,
        size=size,
        backward=backward,
        after=_cursor(arguments, "after", name, types),
        before=_cursor(arguments, "before", name, types),
    )
