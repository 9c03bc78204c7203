"""Staging: the rows of the files as text, in temporary tables, beside the organisation's own rows.

The rows of the organisation are reached through temporary views only: they are the tenant wall of
an import, in one place.
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg

from loading.files import HeaderError, read_batches
from loading.layout import SHEETS, USERS, Sheet

OWN_TABLES: Final = {
    "own_user": "app_user",
    "own_group": "user_group",
    "own_party": "party",
    "own_product": "product",
    "own_holding": "holding",
}

_BAD_ROW: Final = """
create temp table bad_row (id bigint generated always as identity, sheet int, line int,
  position int, name text, problem text) on commit drop
"""
_FAULT_COLUMNS: Final = ("sheet", "line", "position", "name", "problem")


async def make_tables(connection: asyncpg.Connection, organisation: UUID) -> None:
    """Make the temporary tables, and the views of the organisation's own rows."""
    await connection.execute(_BAD_ROW)
    for sheet in SHEETS:
        cells = ", ".join(f"{name} text" for name in sheet.column_names)
        await connection.execute(
            f"create temp table {sheet.staged} (id uuid, line int, whole boolean, {cells})"
            " on commit drop"
        )
    for view, table in OWN_TABLES.items():
        await connection.execute(
            f"create temp view {view} as select * from {table}"  # noqa: S608 - our own names, and an id as such
            f" where organisation_id = '{organisation}'"
        )


async def _note(
    connection: asyncpg.Connection, sheet: Sheet, faults: list[tuple[int, int, str, str]]
) -> None:
    number = SHEETS.index(sheet)
    await connection.copy_records_to_table(
        "bad_row", records=[(number, *fault) for fault in faults], columns=_FAULT_COLUMNS
    )


async def stage(
    connection: asyncpg.Connection,
    path: Path,
    sheet: Sheet,
    progress: Callable[[float], None],
) -> bool:
    """Stage the rows of a file, note what cannot be read, and return whether all keys are known."""
    names = ("", *sheet.column_names)
    complete = True
    try:
        for batch in read_batches(path, sheet):
            await connection.copy_to_table(
                sheet.staged, source=io.BytesIO(batch.data), format="text", null=""
            )
            if batch.faults:
                faults = [(line, at, names[at], text) for line, at, text in batch.faults]
                await _note(connection, sheet, faults)
            complete = complete and batch.complete
            progress(batch.fraction)
    except HeaderError as error:
        await _note(connection, sheet, [(1, 0, name, text) for name, text in error.faults])
        return False
    except OSError as error:
        await _note(connection, sheet, [(0, 0, "", f"cannot be read: {error.strerror}")])
        return False
    if sheet is USERS:
        await connection.execute("update staged_user set email = lower(email)")
    await connection.execute(f"analyze {sheet.staged}")
    return complete
