"""Reading a CSV file: rows by line, in batches that COPY takes as they are.

The common batch is joined with tabs and done. Only one whose cells hold what COPY would take amiss
is escaped, and only one that holds a NUL or a byte that is not UTF-8 is looked at cell by cell.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from uuid_utils import uuid7

from loading.layout import Sheet

ROWS_PER_BATCH: Final = 5_000
# What is wrong, with its line and the position of its column.
Fault = tuple[int, int, str]
# How COPY wants text: tabs between cells, backslashes before what would be taken amiss.
_COPY: Final[dict[str, Any]] = {
    "delimiter": "\t",
    "quoting": csv.QUOTE_NONE,
    "escapechar": "\\",
    "quotechar": None,
    "lineterminator": "\r\n",
}


class HeaderError(Exception):
    """The header row is not the one of the sheet; `faults` are (column, problem)."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__()
        self.faults = faults


@dataclass(slots=True)
class Batch:
    """Rows ready for COPY, what is wrong with them, and how much of the file is read.

    `complete` is false once a row could not be made out, so that its key is not known.
    """

    data: bytes = b""
    faults: list[Fault] = field(default_factory=list)
    fraction: float = 0.0
    complete: bool = True
    last: bool = False


def _is_text(text: str) -> bool:
    return "\0" not in text and not any("\udc80" <= letter <= "\udcff" for letter in text)


def _order(header: Sequence[str], sheet: Sheet) -> list[int]:
    """Return where each column of the sheet stands in the file; past its end if it is left out."""
    names = [name.strip() for name in header]
    wanted = sheet.column_names
    if not names:
        raise HeaderError([("", "has no header row")])
    if not all(map(_is_text, names)):
        raise HeaderError([("", "is not UTF-8 text")])
    for separator, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and separator in names[0]:
            raise HeaderError([("", f"has {word} between its cells; commas are needed")])
    faults = [(name, "is missing") for name in sheet.needed_names if name not in names]
    for name in dict.fromkeys(names):
        if name not in wanted:
            faults.append((name, f"is unknown; the columns are {', '.join(wanted)}"))
        elif names.count(name) > 1:
            faults.append((name, "stands more than once"))
    if faults:
        raise HeaderError(faults)
    return [names.index(name) if name in names else len(names) for name in wanted]


def _clean(rows: list[list[str]], faults: list[Fault]) -> None:
    """Note each cell that is not UTF-8 text and leave in it what is."""
    for row in rows:
        for position, cell in enumerate(row[3:], start=1):
            if _is_text(cell):
                continue
            bad = next(
                letter for letter in cell if letter == "\0" or "\udc80" <= letter <= "\udcff"
            )
            byte = ord(bad) & 0xFF
            problem = (
                "holds a NUL" if bad == "\0" else f"is not UTF-8: it holds the byte 0x{byte:02X}"
            )
            faults.append((int(row[1]), position, problem))
            row[position + 2] = "".join(letter if _is_text(letter) else "?" for letter in cell)


def _joined(rows: list[list[str]]) -> str:
    """Return rows as COPY wants them."""
    text = "".join(["\t".join(row) + "\n" for row in rows])
    breaks, tabs = len(rows), sum(map(len, rows)) - len(rows)
    parted = text.count("\n") == breaks and text.count("\t") == tabs
    if parted and "\\" not in text and "\r" not in text:
        return text
    escaped = io.StringIO(newline="")
    csv.writer(escaped, **_COPY).writerows(rows)
    return escaped.getvalue()


def _encoded(rows: list[list[str]]) -> bytes | None:
    """Return rows as COPY wants them, or None when a cell holds what no text may."""
    try:
        data = _joined(rows).encode()
    except UnicodeEncodeError:
        return None
    return None if b"\0" in data else data


class _Rows:
    """The rows of an open file: an id, the line, whether they are whole, and the cells in order."""

    def __init__(self, file: IO[str], sheet: Sheet) -> None:
        self._reader = csv.reader(file, strict=True)
        try:
            header = next(self._reader, [])
        except csv.Error as error:
            raise HeaderError([("", f"cannot be read: {error}")]) from error
        self._order = _order(header, sheet)
        self._width = len(header)
        self._left_out = [""] if self._width in self._order else []

    def take(self, batch: Batch) -> list[list[str]]:
        """Return the next rows, and note in the batch what is wrong with them."""
        rows: list[list[str]] = []
        reader, order, width, strip = self._reader, self._order, self._width, str.strip
        left_out = self._left_out
        while len(rows) + len(batch.faults) < ROWS_PER_BATCH:
            # A cell in quotes may hold line breaks: a row begins where the last one ended.
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                batch.last = True
                break
            except csv.Error as error:
                batch.faults.append((line, 0, f"cannot be read: {error}"))
                batch.complete = False
                continue
            if not cells:
                continue
            whole = "t"
            if len(cells) != width:
                count = f"{len(cells)} cell{'s' if len(cells) != 1 else ''}"
                batch.faults.append((line, 0, f"has {count}; the header has {width}"))
                cells += [""] * (width - len(cells))
                whole = "f"
            if left_out:
                cells[width:] = left_out
            rows.append([str(uuid7()), str(line), whole, *[strip(cells[place]) for place in order]])
        return rows


def read_batches(path: Path, sheet: Sheet) -> Iterator[Batch]:
    """Read a file batch by batch; raise `HeaderError` when its header is not the sheet's."""
    size = max(path.stat().st_size, 1)
    with (
        path.open("rb") as raw,
        io.TextIOWrapper(raw, "utf-8-sig", errors="surrogateescape", newline="") as text,
    ):
        rows_of_file = _Rows(text, sheet)
        while True:
            batch = Batch()
            rows = rows_of_file.take(batch)
            data = _encoded(rows)
            if data is None:
                _clean(rows, batch.faults)
                data = _encoded(rows)
            batch.data, batch.fraction = data or b"", raw.tell() / size
            yield batch
            if batch.last:
                return
