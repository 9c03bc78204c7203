"""What of a row can be read: the words in which a model tells the read compiler.

A column needs no words, and neither does a foreign key. All else stands here: fields that are
derived, links to other rows, lists with their orders and filters, and who may see the row.
Everything is SQL text over aliases; values reach a statement as parameters only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Asker(Protocol):
    """The viewer as seen from within a statement: each property is SQL text."""

    @property
    def user(self) -> str:
        """Id of the viewer's user."""

    @property
    def organisation(self) -> str:
        """Id of the viewer's organisation."""

    @property
    def permissions(self) -> str:
        """Permissions of the viewer, `text[]`."""

    @property
    def own(self) -> bool:
        """Whether the viewer's client access is OWN; it shapes the statement, so no parameter."""

    def may(self, permission: str) -> str:
        """Return the condition that the viewer has a permission."""


def cursor(name: str, *values: str) -> str:
    """Return the SQL of a cursor: the order it belongs to and the row's place in it, opaque."""
    place = f"json_build_array('{name}', {', '.join(values)})::text"
    return f"translate(encode(convert_to({place}, 'UTF8'), 'base64'), E'\\n', '')"


Expression = Callable[[str, Asker], str]


@dataclass(frozen=True)
class Link:
    """Rows of another model that belong to a row.

    `source` is the FROM list and `condition` the WHERE, both from the aliases (row, other).
    """

    model: str
    source: Callable[[str, str], str]
    condition: Callable[[str, str], str]
    many: bool = True
    order: Callable[[str], str] = lambda other: f"{other}.id"


@dataclass(frozen=True)
class Variants:
    """A link of which each type that the schema knows has its own foreign key."""

    keys: Mapping[str, str]


@dataclass(frozen=True)
class Elements:
    """A list of objects that a JSON column holds: `values` gives each field from the element."""

    column: str
    values: Mapping[str, Callable[[str, Asker], str]]


@dataclass(frozen=True)
class Order:
    """A way to sort: an expression that is never null, and its SQL type; the id breaks ties."""

    expression: Callable[[str], str]
    type: str
    unique: bool = False


@dataclass(frozen=True)
class Filter:
    """One key of a filter: the condition from (row, value's placeholder, asker).

    `type` is the SQL type of the value; `convert` makes it from the input.
    """

    condition: Callable[[str, str, Asker], str]
    type: str
    convert: Callable[[object], object] = lambda value: value


@dataclass(frozen=True)
class Range:
    """One key of a filter that has a first and a last value, each of them optional.

    The expression is never null and the same as that of an order, so that one index serves both;
    what is unknown is infinity, and in no period that has a bound.
    """

    expression: Callable[[str], str]
    type: str
    convert: Callable[[object], object] = lambda value: value


@dataclass(frozen=True)
class Cases:
    """One key of a filter that lists some of a few values; each makes a condition of its own."""

    conditions: Mapping[str, Callable[[str, Asker], str]]


@dataclass(frozen=True)
class Choice:
    """One key of a filter that is true or false; each makes a condition of its own."""

    condition: Callable[[str, bool, Asker], str]


@dataclass(frozen=True)
class Readable:
    """All that can be read of a model.

    `visible` is the wall, asked of every row. `own` says the same once more to who sees their own
    only, in words by which an index finds these rows among all of a list. `order` is the order
    where none is asked for, and whether it descends.
    """

    visible: Expression
    own: Expression | None = None
    derived: Mapping[str, Expression] = field(default_factory=dict)
    links: Mapping[str, Link | Variants | Elements] = field(default_factory=dict)
    orders: Mapping[str, Order] = field(default_factory=dict)
    order: tuple[str, bool] = ("", False)
    filters: Mapping[str, Filter | Range | Cases | Choice] = field(default_factory=dict)
