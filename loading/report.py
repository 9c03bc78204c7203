"""What an import tells: how many rows it wrote, or every row that is bad."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BadRow:
    """What is wrong with a cell, with a whole row (no column) or with a whole file (line 0)."""

    file: str
    line: int
    column: str
    problem: str


class BadRowsError(Exception):
    """The client file has bad rows, and nothing of it was written; `more` are not listed."""

    def __init__(self, rows: list[BadRow], more: int = 0) -> None:
        total = len(rows) + more
        faults = f"{total} fault{'s' if total != 1 else ''} in the client file"
        listed = f", of which {len(rows)} are listed" if more else ""
        super().__init__(f"{faults}{listed}; nothing was written.")
        self.rows = rows
        self.more = more


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows of a file were added, changed, or found as they are."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What an import did, or would have done, by file; files that were not there are left out."""

    organisation_added: bool
    files: Mapping[str, Counts]
