"""JSON as text that PostgreSQL joins from pieces: its own JSON functions take half as long again.

A value is a sequence of pieces, literal text and SQL of type text that is never null; what stands
side by side in literal text is one literal in the statement.
"""

from dataclasses import dataclass
from typing import Any, Final

from tortoise.fields import BooleanField, DateField, Field, IntField, UUIDField
from tortoise.fields.data import CharEnumFieldInstance

# A chain of more pieces than this is bracketed: the server's parser goes one deeper for each.
LONGEST_CHAIN: Final = 40


@dataclass(frozen=True, slots=True)
class Sql:
    """An SQL expression of type text, never null."""

    text: str


Json = tuple[str | Sql, ...]


def name(text: str) -> Json:
    """Return the JSON of a name in the schema."""
    return (f'"{text}"',)


def plain(sql: str, prefix: str = "") -> Json:
    """Return the JSON of an expression whose text is never null and needs no escaping."""
    return (f'"{prefix}', Sql(sql), '"')


def value(sql: str) -> Json:
    """Return the JSON of an expression of any type, null or not."""
    return (Sql(f"coalesce(to_json({sql})::text, 'null')"),)


def column(field: Field[Any], sql: str) -> Json:
    """Return the JSON of a column, the cheapest way its type allows."""
    match field:
        case CharEnumFieldInstance() | DateField() | UUIDField():
            json = plain(sql)
        case BooleanField() | IntField():
            json = (Sql(f"{sql}::text"),)
        case _:
            json = (Sql(f"to_json({sql})::text"),)
    return or_null(text_of(json)) if field.null else json


def or_null(sql: str) -> Json:
    """Return the JSON of an expression that is JSON as text, or null."""
    return (Sql(f"coalesce({sql}, 'null')"),)


def json_object(pairs: list[tuple[str, Json]]) -> Json:
    """Return the JSON of an object; its keys are GraphQL names."""
    pieces: list[str | Sql] = []
    for key, json in pairs:
        pieces += [f'{"," if pieces else ""}"{key}":', *json]
    return ("{", *pieces, "}")


def json_array(element: Json, order: str = "", suffix: str = "") -> Json:
    """Return the JSON of an array: an aggregate of an element, with its ORDER BY and FILTER."""
    ordered = f" order by {order}" if order else ""
    joined = f"string_agg({text_of(element)}, ','{ordered}){suffix}"
    return ("[", Sql(f"coalesce({joined}, '')"), "]")


def selected(json: Json, rest: str) -> str:
    """Return the SELECT of JSON from rows: `rest` begins with FROM."""
    return f"(select {text_of(json)} {rest})"


def text_of(json: Json) -> str:
    """Return the SQL of JSON, an expression of type text."""
    operands: list[str] = []
    literal = ""
    for piece in (*json, Sql("")):
        if isinstance(piece, str):
            literal += piece
            continue
        if literal:
            operands.append("'" + literal.replace("'", "''") + "'")
            literal = ""
        operands.append(piece.text)
    return _chain(operands[:-1])


def _chain(operands: list[str]) -> str:
    while len(operands) > LONGEST_CHAIN:
        operands = [
            f"({' || '.join(operands[start : start + LONGEST_CHAIN])})"
            for start in range(0, len(operands), LONGEST_CHAIN)
        ]
    return operands[0] if len(operands) == 1 else f"({' || '.join(operands)})"
