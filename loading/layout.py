"""The layout of a client file: its sheets, their columns, and what a cell may hold."""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Final

from tortoise.fields import CharField
from tortoise.models import Model

from models import ClientAccess, HoldingRole, Language, Party, PartyType, Product, User


class Kind(Enum):
    """What the text of a cell is."""

    TEXT = auto()
    KEY = auto()
    EMAIL = auto()
    DAY = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """A column, with the bounds of its cells; a cell that is not required may be empty.

    One that is `optional` may be left out of the file, and counts as empty then.
    """

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    optional: bool = False
    longest: int | None = None
    choices: type[StrEnum] | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One CSV file, the table that stages its rows, and the columns that tell them apart."""

    name: str
    staged: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """Return the names of the columns in the order in which they are staged."""
        return tuple(column.name for column in self.columns)

    @property
    def needed_names(self) -> tuple[str, ...]:
        """Return the names of the columns that no file may leave out."""
        return tuple(column.name for column in self.columns if not column.optional)

    def position(self, column: str) -> int:
        """Return the place of a column, from 1; what is wrong with a whole row stands at 0."""
        return self.column_names.index(column) + 1


def _longest(model: type[Model], field: str) -> int:
    text = model._meta.fields_map[field]  # noqa: SLF001 - Tortoise's way to ask for a field
    if not isinstance(text, CharField):
        raise TypeError(f"{model.__name__}.{field} is not bounded text.")
    return text.max_length


_EMAIL: Final = _longest(User, "email")
_REFERENCE: Final = _longest(Party, "reference")
_NUMBER: Final = _longest(Product, "number")

USERS: Final = Sheet(
    "users.csv",
    "staged_user",
    ("email",),
    (
        Column("email", Kind.EMAIL, required=True, longest=_EMAIL),
        Column("name", required=True, longest=_longest(User, "name")),
        Column("groups"),
        Column("client_access", required=True, choices=ClientAccess),
        Column("language", optional=True, choices=Language),
    ),
)
PARTIES: Final = Sheet(
    "parties.csv",
    "staged_party",
    ("reference",),
    (
        Column("reference", Kind.KEY, required=True, longest=_REFERENCE),
        Column("type", required=True, choices=PartyType),
        Column("name", required=True, longest=_longest(Party, "name")),
        Column("email", Kind.EMAIL, longest=_longest(Party, "email")),
        Column("onboarded_on", Kind.DAY),
        Column("manager_email"),
    ),
)
PRODUCTS: Final = Sheet(
    "products.csv",
    "staged_product",
    ("number",),
    (
        Column("number", Kind.KEY, required=True, longest=_NUMBER),
        Column("name", required=True, longest=_longest(Product, "name")),
        Column("opened_on", Kind.DAY),
    ),
)
HOLDINGS: Final = Sheet(
    "holdings.csv",
    "staged_holding",
    ("party_reference", "product_number"),
    (
        Column("party_reference", required=True),
        Column("product_number", required=True),
        Column("role", required=True, choices=HoldingRole),
        Column("started_on", Kind.DAY),
        Column("ended_on", Kind.DAY),
    ),
)

# In the order in which they are loaded: a sheet refers only to those before it.
SHEETS: Final = (USERS, PARTIES, PRODUCTS, HOLDINGS)
