"""The reader composes a selection as SQL whose answer PostgreSQL builds as JSON.

Each table that a statement touches, at the root or nested, gets the condition `visible` of its
model. There is no other way to read a row for a client: this is the wall between tenants.
"""

from collections.abc import Callable
from functools import partial

from models import MODELS
from models.readable import Elements, Link, Variants
from resolvers.connections import Connection
from resolvers.json_text import (
    Json,
    Sql,
    column,
    json_array,
    json_object,
    name,
    or_null,
    plain,
    selected,
    text_of,
    value,
)
from resolvers.selection import Selection
from resolvers.statement import Statement
from resolvers.tables import id_prefix, key_type_of, readable_of, table_of
from resolvers.window import Rows


def _has_id(row: str, key: str) -> str:
    return f"{row}.id = {key}"


class Reader(Statement):
    """Composes the one statement of a root field."""

    def object(self, type_name: str, selections: tuple[Selection, ...], row: str) -> Json:
        """Return a row's JSON."""
        return json_object([(s.key, self.value(type_name, s, row)) for s in selections])

    def value(self, type_name: str, selection: Selection, row: str) -> Json:
        """Return the JSON of one field of a row."""
        field = selection.field
        if field == "__typename":
            return name(type_name)
        readable, meta = readable_of(type_name), MODELS[type_name]._meta  # noqa: SLF001 - as above
        if field in readable.derived:
            return value(f"({readable.derived[field](row, self)})")
        link = readable.links.get(field)
        if link is not None:
            return self._linked(link, selection, row)
        if field in meta.fk_fields:
            key = meta.fields_map[field].source_field
            return self.one(
                selection.type_name, selection, lambda other: f"{other}.id = {row}.{key}"
            )
        if field == "id":
            return plain(f"{row}.id", f"{id_prefix(type_name)}_")
        return column(meta.fields_map[field], f"{row}.{meta.fields_db_projection[field]}")

    def is_plain(self, type_name: str, selections: tuple[Selection, ...]) -> bool:
        """Return whether fields are columns of a row, or of people whom it names: no more."""
        meta = MODELS[type_name]._meta  # noqa: SLF001 - as above
        known = readable_of(type_name)
        return all(
            self.is_plain("User", s.of("User"))
            if s.field in meta.fk_fields and s.type_name == "User"
            else s.field
            in {"__typename", *meta.fields_db_projection} - {*known.derived, *known.links}
            for s in selections
        )

    def one(self, type_name: str, selection: Selection, condition: Callable[[str], str]) -> Json:
        """Return the JSON of at most one row, by a condition that no two rows meet."""
        row = self.alias()
        json = self.object(type_name, selection.of(type_name), row)
        visible = readable_of(type_name).visible(row, self)
        rest = f"from {table_of(type_name)} {row} where {condition(row)} and {visible}"
        return or_null(selected(json, rest))

    def by_ids(self, type_name: str) -> str:
        """Return the SELECT of the rows of ids, the first input: each place, and the JSON."""
        ids, row = self.input(0, f"{key_type_of(type_name)}[]"), self.alias()
        json = self.object(type_name, self.asked.selection.of(type_name), row)
        return f"select wanted.place, {text_of(json)} as json {self.wanted(type_name, row, ids)}"

    def wanted(self, type_name: str, row: str, ids: str) -> str:
        """Return the FROM of those rows of a list of ids that the viewer may see."""
        visible = readable_of(type_name).visible(row, self)
        return (
            f"from unnest({ids}) with ordinality wanted(id, place)"
            f" join {table_of(type_name)} {row} on {row}.id = wanted.id where {visible}"
        )

    def by_key(self, type_name: str, column: str) -> Json:
        """Return the JSON of the row that the first input names within the organisation."""
        key, organisation = self.input(0, "text"), self.organisation

        def condition(row: str) -> str:
            return f"{row}.organisation_id = {organisation} and {row}.{column} = {key}"

        return self.one(type_name, self.asked.selection, condition)

    def many(self, type_name: str, order: str) -> Json:
        """Return the JSON of the rows whose ids are the first input, in the order of a column."""
        row, ids = self.alias(), self.input(0, "uuid[]")
        json = self.object(type_name, self.asked.selection.of(type_name), row)
        visible = readable_of(type_name).visible(row, self)
        rest = f"from {table_of(type_name)} {row} where {row}.id = any({ids}) and {visible}"
        return (Sql(selected(json_array(json, f"{row}.{order}"), rest)),)

    def all(self, selection: Selection, type_name: str) -> Json:
        """Return the JSON of a connection of all rows of a type."""
        return self.connection_of_all(selection, type_name).json()

    def connection_of_all(self, selection: Selection, type_name: str) -> Connection:
        """Return the connection of all rows of a type."""
        readable = readable_of(type_name)
        own = readable.own if self.own else None
        rows = Rows(
            readable,
            lambda row: f"{table_of(type_name)} {row}",
            lambda row: "true" if own is None else own(row, self),
        )
        return self._connection(selection, rows, type_name)

    def connection(self, selection: Selection, rows: Rows, node: str) -> Json:
        """Return the JSON of a connection whose nodes are of one type."""
        return self._connection(selection, rows, node).json()

    def _connection(self, selection: Selection, rows: Rows, node: str) -> Connection:
        def render(part: Selection, row: str) -> Json:
            return self.object(node, part.of(node), row)

        return Connection(self, selection, rows, render)

    def _linked(self, link: Link | Variants | Elements, selection: Selection, row: str) -> Json:
        match link:
            case Link():
                return self._link(link, selection, row)
            case Variants():
                return self._variants(link, selection, row)
            case Elements():
                return self._elements(link, selection, row)

    def _link(self, link: Link, selection: Selection, row: str) -> Json:
        if selection.type_name != link.model:
            rows = Rows(
                readable_of(link.model),
                lambda other: link.source(row, other),
                lambda other: link.condition(row, other),
            )
            return self.connection(selection, rows, link.model)
        other = self.alias()
        json = self.object(link.model, selection.of(link.model), other)
        visible = readable_of(link.model).visible(other, self)
        rest = f"from {link.source(row, other)} where {link.condition(row, other)} and {visible}"
        if not link.many:
            return or_null(selected(json, rest))
        return (Sql(selected(json_array(json, link.order(other)), rest)),)

    def _variants(self, link: Variants, selection: Selection, row: str) -> Json:
        branches = []
        for type_name, key_column in link.keys.items():
            key = f"{row}.{key_column}"
            one = self.one(type_name, selection, partial(_has_id, key=key))
            branches.append(f"when {key} is not null then {text_of(one)}")
        return (Sql(f"case {' '.join(branches)} else 'null' end"),)

    def _elements(self, link: Elements, selection: Selection, row: str) -> Json:
        element, type_name = self.alias(), selection.type_name
        pairs = [
            (
                part.key,
                name(type_name)
                if part.field == "__typename"
                else value(link.values[part.field](f"{element}.value", self)),
            )
            for part in selection.of(type_name)
        ]
        rest = f"from jsonb_array_elements({row}.{link.column}) {element}"
        return (Sql(selected(json_array(json_object(pairs)), rest)),)
