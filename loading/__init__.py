"""The import of a client file: CSV in, one transaction, everything or nothing."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg

from database.client import SESSION
from loading.access import AccessChanges
from loading.checks import bad_rows, checks_of
from loading.layout import HOLDINGS, SHEETS, Sheet
from loading.listing import patiently, relist
from loading.merge import MERGES, merge_sheet
from loading.organisations import ensure_organisation
from loading.report import BadRow, BadRowsError, Counts, LoadReport
from loading.staging import OWN_TABLES, make_tables, stage

__all__ = [
    "BadRow",
    "BadRowsError",
    "Counts",
    "LoadReport",
    "ensure_organisation",
    "load_client_file",
]

Progress = Callable[[str, float], None]

# An import takes as long as it takes. Each of its joins is of whole tables, of which the planner
# knows little while they are being filled: only nested loops would be slow.
_SESSION: Final = {
    **SESSION,
    "application_name": "offboarding import",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": "5min",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "enable_nestloop": "off",
}


def _present(folder: Path) -> dict[Sheet, Path]:
    """Return the files of a folder; raise `BadRowsError` when there are none."""
    paths = {sheet: folder / sheet.name for sheet in SHEETS if (folder / sheet.name).exists()}
    if not paths:
        names = ", ".join(sheet.name for sheet in SHEETS)
        problem = f"holds none of {names}" if folder.is_dir() else "is not a folder"
        raise BadRowsError([BadRow(str(folder), 0, "", problem)])
    return paths


def _overall(tell: Progress | None, paths: Mapping[Sheet, Path]) -> Progress:
    """Return a function that takes the progress of one stage and tells that of the whole."""
    stages: dict[str, float] = {}
    for word, weight in (("Reading", 1), ("Checking", 1), ("Writing", 6)):
        for sheet, path in paths.items():
            slow = 2 if word == "Writing" and sheet is HOLDINGS else 1
            stages[f"{word} {sheet.name}"] = weight * slow * (path.stat().st_size + 1)
    begin = dict(zip(stages, accumulate(stages.values(), initial=0), strict=False))
    total = sum(stages.values())

    def step(stage: str, fraction: float) -> None:
        if tell is not None:
            tell(stage, (begin[stage] + stages[stage] * fraction) / total)

    return step


class _Load:
    """One run of an import, on its own connection, within its own transaction."""

    def __init__(
        self, connection: asyncpg.Connection, paths: Mapping[Sheet, Path], step: Progress
    ) -> None:
        self._connection = connection
        self._paths = paths
        self._step = step

    async def run(self, organisation: str) -> LoadReport:
        """Load the files into an organisation; raise `BadRowsError` for all that is wrong."""
        id_, added = await ensure_organisation(self._connection, organisation)
        await make_tables(self._connection, id_)
        await self._check(await self._stage())
        access = AccessChanges(self._connection)
        await access.begin()
        counts = await self._merge(id_)
        await patiently(self._connection, partial(relist, self._connection))
        await access.end()
        return LoadReport(organisation_added=added, files=counts)

    async def _stage(self) -> set[Sheet]:
        """Stage every file and return those of which not every key is known."""
        unjudged = set()
        for sheet, path in self._paths.items():
            progress = partial(self._step, f"Reading {sheet.name}")
            if not await stage(self._connection, path, sheet, progress):
                unjudged.add(sheet)
        return unjudged

    async def _check(self, unjudged: set[Sheet]) -> None:
        for sheet in self._paths:
            checks = checks_of(sheet, unjudged)
            for number, check in enumerate(checks):
                self._step(f"Checking {sheet.name}", number / len(checks))
                await self._connection.execute(check.statement)
        rows, more = await bad_rows(self._connection)
        if rows:
            raise BadRowsError(rows, more)

    async def _merge(self, organisation: UUID) -> dict[str, Counts]:
        counts: dict[str, Counts] = {}
        for merge in MERGES:
            if merge.sheet not in self._paths:
                continue
            progress = partial(self._step, f"Writing {merge.sheet.name}")
            progress(0.0)
            work = partial(merge_sheet, self._connection, merge, organisation, progress)
            counts[merge.sheet.name] = await patiently(self._connection, work)
        return counts


async def load_client_file(
    url: str,
    folder: Path,
    organisation: str,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> LoadReport:
    """Load the CSV files of a folder into the organisation of a name, all or nothing.

    Raises `BadRowsError` with every bad row; `progress` is told the stage and the share done.
    """
    paths = _present(folder)
    connection = await asyncpg.connect(url, server_settings=_SESSION)
    try:
        transaction = connection.transaction()
        await transaction.start()
        try:
            report = await _Load(connection, paths, _overall(progress, paths)).run(organisation)
        except BaseException:
            await transaction.rollback()
            raise
        if dry_run:
            await transaction.rollback()
            return report
        await transaction.commit()
        # Only so that the first reads are planned well; autovacuum sees to it later anyway.
        with suppress(asyncpg.PostgresError):
            await connection.execute(f"analyze {', '.join(OWN_TABLES.values())}")
    finally:
        await connection.close()
    return report
