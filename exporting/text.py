"""Rows as text: CSV for tables, JSON lines for programs."""

import csv
import io
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Final

import orjson

from schema.exports import Column

Rows = AsyncGenerator[list[str]]

# A spreadsheet takes a cell that begins so for a formula and runs it; also in full width.
_FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - these are meant

# Types of the schema that hold what somebody typed; all others begin with a letter or a digit.
_FREE: Final = frozenset({"String", "[Change!]"})


def cells_of(columns: Sequence[Column], text: str) -> list[Any]:
    """Return the values of a row's JSON; None where an object on the way to one is not there."""
    row = orjson.loads(text)
    cells = []
    for column in columns:
        value = row
        for key in column.path:
            value = value.get(key)
            if value is None:
                break
        cells.append(value)
    return cells


def _harmless(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return a value as a cell that no spreadsheet takes for a formula."""
    if isinstance(value, str):
        return f"'{value}" if value[:1] in _FORMULA else value
    return orjson.dumps(value).decode() if isinstance(value, list) else value


async def csv_of(columns: Sequence[Column], rows: Rows) -> AsyncGenerator[bytes]:
    """Yield a table as CSV (RFC 4180, UTF-8), the names of the columns first."""
    free = [n for n, column in enumerate(columns) if column.type in _FREE]
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([column.name for column in columns])
    async with aclosing(rows):
        async for texts in rows:
            for text in texts:
                cells = cells_of(columns, text)
                for number in free:
                    cells[number] = _harmless(cells[number])
                writer.writerow(cells)
            yield _taken(written)
    if written.tell():
        yield _taken(written)


def _taken(written: io.StringIO) -> bytes:
    text = written.getvalue()
    written.seek(0)
    written.truncate()
    return text.encode()


async def ndjson_of(rows: Rows) -> AsyncGenerator[bytes]:
    """Yield each row as a line of JSON: the node as the query gives it."""
    async with aclosing(rows):
        async for texts in rows:
            lines = [orjson.dumps(orjson.loads(text)) for text in texts]
            yield b"\n".join([*lines, b""])
