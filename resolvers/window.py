"""The window of a connection: its rows, found by their place in an order, not by counting."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from models import Viewer
from models.readable import Readable, cursor
from resolvers.filters import Filters
from resolvers.paging import Page, page_of
from resolvers.selection import Arguments, Selection
from resolvers.statement import Statement


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows a connection pages through: `source` and `condition` from the row's alias."""

    readable: Readable
    source: Callable[[str], str]
    condition: Callable[[str], str]


class Window:
    """The SQL of the rows of one connection, and of the places of its page."""

    def __init__(self, statement: Statement, selection: Selection, rows: Rows) -> None:
        self.statement = statement
        self.selection = selection
        self.rows = rows
        self.page: Page = page_of(rows.readable, statement.asked.arguments_of(selection))

    def matching(self, row: str) -> str:
        """Return the FROM and WHERE of all rows of the connection."""
        conditions = [
            self.rows.condition(row),
            self.rows.readable.visible(row, self.statement),
            *Filters(self.statement, self.selection, self.rows.readable).of(row),
        ]
        return f"{self.rows.source(row)} where {' and '.join(conditions)}"

    def on_page(self, *, and_one: bool) -> str:
        """Return the SELECT of the rows of the page, and of one more to know if more follow."""
        row = self.statement.alias()
        beyond = "".join(
            f" and {self._side(row, argument, beyond=True)}"
            for argument in ("after", "before")
            if getattr(self.page, argument) is not None
        )
        limit = self.page.size + and_one
        rows = f"select {row}.* from {self.matching(row)}{beyond} {self.ordered(row)} limit {limit}"
        whole = self.statement.alias()
        return f"select {whole}.*, row_number() over () as place_ from ({rows}) {whole}"

    def ordered(self, row: str) -> str:
        """Return the ORDER BY of rows, in the direction of the page."""
        return self._ordered(row, descending=self.page.descending is not self.page.backward)

    def _ordered(self, row: str, *, descending: bool) -> str:
        direction = " desc" if descending else ""
        return f"order by {', '.join(f'{value}{direction}' for value in self.place(row))}"

    def place(self, row: str) -> tuple[str, ...]:
        """Return the place of a row in the order: no two rows have the same."""
        expression = self.page.order.expression(row)
        return (expression,) if self.page.order.unique else (expression, f"{row}.id")

    def cursor(self, row: str) -> str:
        """Return the SQL of the cursor of a row."""
        return cursor(self.page.name, *self.place(row))

    def goes_behind(self, argument: Literal["after", "before"]) -> str:
        """Return the condition that some row lies at a cursor or behind it.

        The nearest is asked for, which mostly is the cursor's own: PostgreSQL would look for any
        by reading the table from its beginning, where there may be none for long.
        """
        row, descending = self.statement.alias(), self.page.descending is not (argument == "after")
        return (
            f"coalesce((select true from {self.matching(row)}"
            f" and {self._side(row, argument, beyond=False)}"
            f" {self._ordered(row, descending=descending)} limit 1), false)"
        )

    def _side(self, row: str, argument: Literal["after", "before"], *, beyond: bool) -> str:
        """Return the condition that a row lies beyond a cursor, or at it or behind."""
        slot, readable = self.selection.slot, self.rows.readable

        def source(
            _viewer: Viewer, arguments: tuple[Arguments, ...], _inputs: tuple[Any, ...]
        ) -> tuple[str, ...] | None:
            page = page_of(readable, arguments[slot] if slot is not None else {})
            texts: tuple[str, ...] | None = getattr(page, argument)
            return texts

        values = self.statement.bind((slot, argument), "text[]", source)
        place = ", ".join(
            f"({values})[{number}]::{type_}"
            for number, type_ in enumerate(self.page.columns, start=1)
        )
        upwards = (argument == "after") is not self.page.descending
        sign = (">" if upwards else "<") if beyond else ("<=" if upwards else ">=")
        return f"({', '.join(self.place(row))}) {sign} ({place})"
