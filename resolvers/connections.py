"""Connections: a page of rows, found by the place of a row rather than by counting."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from models import Viewer
from models.readable import Readable, cursor
from resolvers.filters import Filters
from resolvers.json_text import (
    Json,
    Sql,
    json_array,
    json_object,
    name,
    plain,
    selected,
    text_of,
    value,
)
from resolvers.paging import Page, page_of
from resolvers.selection import Arguments, Selection
from resolvers.statement import Statement

# The JSON of a row (its alias) as the selection asks for it.
Render = Callable[[Selection, str], Json]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows a connection pages through: `source` and `condition` from the row's alias."""

    readable: Readable
    source: Callable[[str], str]
    condition: Callable[[str], str]


class Connection:
    """The SQL of one connection."""

    def __init__(
        self, statement: Statement, selection: Selection, rows: Rows, render: Render
    ) -> None:
        self.statement = statement
        self.selection = selection
        self.rows = rows
        self.render = render
        self.page: Page = page_of(rows.readable, statement.asked.arguments_of(selection))
        self.fields = selection.of(selection.type_name)

    def json(self) -> Json:
        """Return the connection's JSON."""
        row = self.statement.alias()
        pairs = [(field.key, self._field(field, row)) for field in self.fields]
        # The HAVING makes one row of all, also where nothing that was selected aggregates.
        rest = f"from ({self._window()}) {row} having true"
        return (Sql(selected(json_object(pairs), rest)),)

    def every(self, nodes: Selection) -> str:
        """Return the SELECT of each row's JSON, as text: all pages in one, in their order."""
        row = self.statement.alias()
        order = ", ".join(f"{value}{self._direction}" for value in self._place(row))
        rows = f"select {row}.* from {self._matching(row)} order by {order}"
        # Apart from the rows, so that these are sorted before their JSON is built.
        whole = self.statement.alias()
        return f"select {text_of(self.render(nodes, whole))} from ({rows}) {whole}"

    def count(self) -> str:
        """Return the SELECT of the number of all rows."""
        return f"select count(*)::text from {self._matching(self.statement.alias())}"

    def _field(self, field: Selection, row: str) -> Json:
        match field.field:
            case "__typename":
                return name(self.selection.type_name)
            case "nodes":
                return self._all(self.render(field, row), row)
            case "edges":
                return self._all(self._edge(field, row), row)
            case "page_info":
                return json_object(
                    [(part.key, self._page_info(part, row)) for part in field.of("PageInfo")]
                )
            case "total_count":
                other = self.statement.alias()
                return value(f"(select count(*) from {self._matching(other)})")
            case other:
                raise LookupError(f"A connection has no field {other}.")

    def _edge(self, field: Selection, row: str) -> Json:
        def part_of(part: Selection) -> Json:
            match part.field:
                case "__typename":
                    return name(field.type_name)
                case "cursor":
                    return plain(self._cursor(row))
                case _:
                    return self.render(part, row)

        return json_object([(part.key, part_of(part)) for part in field.of(field.type_name)])

    def _all(self, element: Json, row: str) -> Json:
        return json_array(element, self._order(row), self._on_page(row))

    def _order(self, row: str) -> str:
        """Return the ORDER BY of an aggregate, so that the first row of the page comes first.

        No aggregate of a page may ask for another order: PostgreSQL would sort the rows for that
        one, and those that name no order would see them sorted so.
        """
        return f"{row}.place_ desc" if self.page.backward else ""

    def _on_page(self, row: str) -> str:
        return f" filter (where {row}.place_ <= {self.page.size})" if self._looks_beyond else ""

    @property
    def _looks_beyond(self) -> bool:
        """Whether it must be known if more rows follow in the direction of the page."""
        wanted = "has_previous_page" if self.page.backward else "has_next_page"
        return any(
            part.field == wanted
            for field in self.fields
            if field.field == "page_info"
            for part in field.of("PageInfo")
        )

    def _page_info(self, part: Selection, row: str) -> Json:
        match part.field:
            case "__typename":
                return name("PageInfo")
            case "has_next_page":
                return value(self._goes_on("before", looked=not self.page.backward))
            case "has_previous_page":
                return value(self._goes_on("after", looked=self.page.backward))
            case "start_cursor":
                return value(self._cursor_at("1", row))
            case "end_cursor":
                return value(self._cursor_at(f"count(*){self._on_page(row)}", row))
            case other:
                raise LookupError(f"PageInfo has no field {other}.")

    def _cursor_at(self, number: str, row: str) -> str:
        """Return the SQL of the cursor of one row of the page; null on an empty page."""
        order, on_page = self._order(row), self._on_page(row)
        ordered = f" order by {order}" if order else ""
        place = [f"(array_agg({value}{ordered}){on_page})[{number}]" for value in self._place(row)]
        return f"case when count(*) > 0 then {cursor(self.page.name, *place)} end"

    def _goes_on(self, argument: Literal["after", "before"], *, looked: bool) -> str:
        """Return the condition that rows lie on one side of the page: past its size or a cursor."""
        conditions = [f"count(*) > {self.page.size}"] if looked else []
        if getattr(self.page, argument) is not None:
            other = self.statement.alias()
            behind = self._side(other, argument, beyond=False)
            conditions.append(f"exists (select from {self._matching(other)} and {behind})")
        return f"({' or '.join(conditions) or 'false'})"

    def _matching(self, row: str) -> str:
        """Return the FROM and WHERE of all rows of the connection."""
        conditions = [
            self.rows.condition(row),
            self.rows.readable.visible(row, self.statement),
            *Filters(self.statement, self.selection, self.rows.readable).of(row),
        ]
        return f"{self.rows.source(row)} where {' and '.join(conditions)}"

    def _window(self) -> str:
        """Return the rows of the page, with one more where it must be known if more follow."""
        row = self.statement.alias()
        order = ", ".join(f"{value}{self._direction}" for value in self._place(row))
        beyond = "".join(
            f" and {self._side(row, argument, beyond=True)}"
            for argument in ("after", "before")
            if getattr(self.page, argument) is not None
        )
        limit = self.page.size + self._looks_beyond
        rows = f"select {row}.* from {self._matching(row)}{beyond} order by {order} limit {limit}"
        whole = self.statement.alias()
        return f"select {whole}.*, row_number() over () as place_ from ({rows}) {whole}"

    @property
    def _direction(self) -> str:
        return " desc" if self.page.descending is not self.page.backward else ""

    def _place(self, row: str) -> tuple[str, ...]:
        expression = self.page.order.expression(row)
        return (expression,) if self.page.order.unique else (expression, f"{row}.id")

    def _cursor(self, row: str) -> str:
        return cursor(self.page.name, *self._place(row))

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
        return f"({', '.join(self._place(row))}) {sign} ({place})"
