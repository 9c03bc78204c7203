"""Connections: the rows of a page, and what there is to say of them, as JSON."""

from collections.abc import Callable
from typing import Literal

from models.readable import cursor
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
from resolvers.selection import Selection
from resolvers.statement import Statement
from resolvers.window import Rows, Window

# The JSON of a row (its alias) as the selection asks for it.
Render = Callable[[Selection, str], Json]


class Connection:
    """The SQL of one connection."""

    def __init__(
        self, statement: Statement, selection: Selection, rows: Rows, render: Render
    ) -> None:
        self.statement = statement
        self.selection = selection
        self.window = Window(statement, selection, rows)
        self.page = self.window.page
        self.render = render
        self.fields = selection.of(selection.type_name)

    def json(self) -> Json:
        """Return the connection's JSON."""
        row = self.statement.alias()
        pairs = [(field.key, self._field(field, row)) for field in self.fields]
        # The HAVING makes one row of all, also where nothing that was selected aggregates.
        rest = f"from ({self.window.on_page(and_one=self._looks_beyond)}) {row} having true"
        return (Sql(selected(json_object(pairs), rest)),)

    def every(self, nodes: Selection) -> str:
        """Return the SELECT of each row's JSON, as text: all pages in one, in their order."""
        row = self.statement.alias()
        rows = f"select {row}.* from {self.window.matching(row)} {self.window.ordered(row)}"
        # Apart from the rows, so that these are sorted before their JSON is built.
        whole = self.statement.alias()
        return f"select {text_of(self.render(nodes, whole))} from ({rows}) {whole}"

    def count(self) -> str:
        """Return the SELECT of the number of all rows."""
        return f"select count(*)::text from {self.window.matching(self.statement.alias())}"

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
                return value(f"(select count(*) from {self.window.matching(other)})")
            case other:
                raise LookupError(f"A connection has no field {other}.")

    def _edge(self, field: Selection, row: str) -> Json:
        def part_of(part: Selection) -> Json:
            match part.field:
                case "__typename":
                    return name(field.type_name)
                case "cursor":
                    return plain(self.window.cursor(row))
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
        place = [
            f"(array_agg({value}{ordered}){on_page})[{number}]" for value in self.window.place(row)
        ]
        return f"case when count(*) > 0 then {cursor(self.page.name, *place)} end"

    def _goes_on(self, argument: Literal["after", "before"], *, looked: bool) -> str:
        """Return the condition that rows lie on one side of the page: past its size or a cursor."""
        conditions = [f"count(*) > {self.page.size}"] if looked else []
        if getattr(self.page, argument) is not None:
            conditions.append(self.window.goes_behind(argument))
        return f"({' or '.join(conditions) or 'false'})"
