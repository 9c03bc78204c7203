"""Exports: every row of a list in one go, noted in the log before the first of them leaves."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from database import fetch_text, texts_of
from models import ActivityKind, Change, ClientAccess, Entry, Permission, Viewer
from resolvers.connections import Connection
from resolvers.reader import Reader
from resolvers.selection import Asked
from resolvers.writing import log, write

# Few enough to be held, and to be worked on between two requests of others.
ROWS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Exported:
    """How many rows there are, and the rows as JSON, some at a time, all of one moment."""

    total: int
    rows: AsyncGenerator[list[str]]


async def export(
    viewer: Viewer, asked: Asked, type_name: str, file: str, parameters: str
) -> Exported:
    """Export a list as a file of a name; `asked` is a connection, `parameters` is for the log."""
    viewer.require(Permission.CLIENT_FILE_READ)
    viewer.require(Permission.CLIENT_FILE_EXPORT)
    counting, every = (_connection(viewer, asked, type_name) for _ in range(2))
    count = counting.count()
    rows = every.every(every.fields[0])

    async def note() -> int:
        total = int(await fetch_text(count, _values(viewer, asked, counting)) or 0)
        told = {"file": file, "parameters": parameters or None, "rows": str(total)}
        changes = [Change(name, None, text) for name, text in told.items() if text is not None]
        entry = Entry(ActivityKind.CLIENT_FILE_EXPORTED, changes)
        await log(viewer, datetime.now(UTC), [entry])
        return total

    total = await write(note)
    return Exported(total, texts_of(rows, _values(viewer, asked, every), ROWS_AT_ONCE))


def _connection(viewer: Viewer, asked: Asked, type_name: str) -> Connection:
    reader = Reader(asked, own=viewer.client_access is ClientAccess.OWN)
    return reader.connection_of_all(asked.selection, type_name)


def _values(viewer: Viewer, asked: Asked, connection: Connection) -> list[Any]:
    return [source(viewer, asked.arguments, ()) for source in connection.statement.sources]
