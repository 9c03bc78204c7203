"""An import as an operator follows it: a bar while it runs, then its counts or its bad rows."""

import csv
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from loading.report import BadRow, LoadReport


@contextmanager
def progress_bar() -> Iterator[Callable[[str, float], None]]:
    """Show a bar on standard error for as long as the context lasts, if that is a terminal."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Starting", total=1)
        yield lambda stage, share: bar.update(task, description=stage, completed=share)


def lines_of(report: LoadReport, organisation: str) -> Iterator[str]:
    """Say what an import did, or would have done."""
    if report.organisation_added:
        yield f"{organisation} is a new organisation."
    for file, counts in report.files.items():
        numbers = (counts.added, counts.changed, counts.unchanged)
        yield "{:14}{:>10,} added{:>10,} changed{:>10,} unchanged".format(file, *numbers)


def line_of(row: BadRow) -> str:
    """Say what is bad and where, as compilers do."""
    place = f"{row.file}:{row.line}" if row.line else row.file
    return f"{place} {row.column}: {row.problem}" if row.column else f"{place}: {row.problem}"


def write_bad_rows(path: Path, rows: Iterable[BadRow]) -> None:
    """Write bad rows as CSV; without any, the header alone."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "line", "column", "problem"])
        writer.writerows([row.file, row.line, row.column, row.problem] for row in rows)
