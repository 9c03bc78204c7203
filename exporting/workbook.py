"""Rows as an Excel workbook, written to a file outside of memory before it is sent."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import orjson
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from exporting.text import Rows, cells_of
from schema.exports import Column

# What Excel holds: rows of a sheet, characters of a cell, and its first year.
MOST_ROWS: Final = 1_048_576
LONGEST_CELL: Final = 32_767
FIRST_YEAR: Final = 1900
CHUNK: Final = 65_536

_FORMATS: Final = {"DateTime": "yyyy-mm-dd hh:mm:ss", "Date": "yyyy-mm-dd"}
_WIDTHS: Final = {"ID": 16, "DateTime": 19, "Date": 11, "Int": 8}


class Table:
    """A table in a workbook; what does not fit on one sheet goes on on the next."""

    def __init__(self, path: Path, name: str, columns: Sequence[Column]) -> None:
        # Nothing of a row is looked at for what it might be: no text becomes a formula or a link.
        options = {"constant_memory": True, "tmpdir": str(path.parent)}
        self._book = Workbook(str(path), options)
        self._name = name
        self._columns = columns
        self._head = self._book.add_format({"bold": True, "bottom": 1})
        self._formats: dict[str, Format] = {
            type_: self._book.add_format({"num_format": pattern, "align": "left"})
            for type_, pattern in _FORMATS.items()
        }
        self._sheets = 0
        self._begin()

    def _begin(self) -> None:
        self._sheets += 1
        title = self._name if self._sheets == 1 else f"{self._name} {self._sheets}"
        self._sheet: Worksheet = self._book.add_worksheet(title)
        self._sheet.freeze_panes(1, 0)
        for number, column in enumerate(self._columns):
            self._sheet.set_column(number, number, _WIDTHS.get(column.type, 24))
            self._sheet.write_string(0, number, column.name, self._head)
        self._row = 1

    def write(self, texts: Sequence[str]) -> None:
        """Append rows."""
        for text in texts:
            if self._row == MOST_ROWS:
                self._begin()
            cells = cells_of(self._columns, text)
            for number, (column, value) in enumerate(zip(self._columns, cells, strict=True)):
                self._cell(number, column.type, value)
            self._row += 1

    def _cell(self, number: int, type_: str, value: Any) -> None:  # noqa: ANN401 - whatever JSON holds
        if value is None:
            return
        if isinstance(value, int | float) and not isinstance(value, bool):
            self._sheet.write_number(self._row, number, value)
            return
        moment = _moment(type_, value) if type_ in _FORMATS else None
        if moment is not None:
            self._sheet.write_datetime(self._row, number, moment, self._formats[type_])
            return
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        if len(text) > LONGEST_CELL:
            text = f"{text[: LONGEST_CELL - 1]}…"
        self._sheet.write_string(self._row, number, text)

    def close(self) -> None:
        """Finish the file."""
        self._book.close()


def _moment(type_: str, text: str) -> date | None:
    """Return a day or a moment in UTC as Excel counts them; None before its calendar begins."""
    if type_ == "Date":
        moment: date = date.fromisoformat(text)
    else:
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
    return moment if moment.year >= FIRST_YEAR else None


async def xlsx_of(name: str, columns: Sequence[Column], rows: Rows) -> AsyncGenerator[bytes]:
    """Yield a workbook of one table; each text is a text in it, whatever it begins with."""
    with tempfile.TemporaryDirectory(prefix="offboarding-export-") as folder:
        path = Path(folder) / f"{name}.xlsx"
        table = Table(path, name, columns)
        try:
            async with aclosing(rows):
                async for texts in rows:
                    await asyncio.to_thread(table.write, texts)
        finally:
            # Also where it is given up: what it holds open is closed with it.
            await asyncio.to_thread(table.close)
        with path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                yield chunk
