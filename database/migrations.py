"""Migrations: all that are missing, in one transaction, under one lock."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import asyncpg
from tortoise.context import TortoiseContext
from tortoise.exceptions import OperationalError
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.transactions import in_transaction

from database.client import tortoise_config
from settings import ROOT, TORTOISE_ORM

OLDEST_POSTGRESQL: Final = 16
_UNREACHABLE: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)
_LOCK: Final = 7_311_000  # any number that nothing else in the database uses


class DatabaseUnusableError(Exception):
    """The database cannot serve: unreachable, too old, or of a newer schema."""


def _known() -> list[str]:
    folder: Path = ROOT / "models" / "migrations"
    return sorted(path.stem for path in folder.glob("[0-9]*.py"))


def check_version(major: int) -> None:
    """Refuse a PostgreSQL that is too old with `DatabaseUnusableError`."""
    if major < OLDEST_POSTGRESQL:
        raise DatabaseUnusableError(
            f"The database is PostgreSQL {major}; {OLDEST_POSTGRESQL} or newer is needed."
        )


async def _is_at_head(connection: asyncpg.Connection) -> bool:
    """Whether nothing is missing; the server's own role may be allowed to look, and no more."""
    if await connection.fetchval("select to_regclass('tortoise_migrations')") is None:
        return False
    applied = {
        row["name"] for row in await connection.fetch("select name from tortoise_migrations")
    }
    _check_not_newer(applied)
    return applied.issuperset(_known())


async def _check_server(url: str) -> bool:
    """Refuse a server that cannot serve; return whether its database is at head."""
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (OSError, ValueError, OverflowError, *_UNREACHABLE) as e:
        reason = str(e).strip() or type(e).__name__
        raise DatabaseUnusableError(f"The database cannot be reached: {reason}") from e
    try:
        check_version(connection.get_server_version().major)
        return await _is_at_head(connection)
    except asyncpg.InsufficientPrivilegeError as e:
        raise DatabaseUnusableError(f"The database refuses this role: {e}.") from e
    finally:
        await connection.close()


def _check_not_newer(applied: Iterable[str]) -> None:
    newer = sorted(set(applied) - set(_known()))
    if newer:
        raise DatabaseUnusableError(
            f"The database has a newer schema than this program knows ({newer[-1]});"
            " start the newer program."
        )


async def missing_migrations() -> list[str]:
    """Return the migrations that the connected database lacks; none means it can be served.

    While an upgrade is under way it may have newer ones, which only add: who runs goes on.
    """
    async with in_transaction() as connection:
        _, rows = await connection.execute_query("select name from tortoise_migrations")
    applied = {row["name"] for row in rows}
    return [name for name in _known() if name not in applied]


async def run_migrations(url: str) -> list[str]:
    """Bring the database to head and return what was applied; any number may do so at once.

    Raises `DatabaseUnusableError` when the database is unreachable, too old or newer than we are.
    """
    if await _check_server(url):
        return []
    try:
        return await _apply(url)
    except OperationalError as error:
        if not isinstance(error.args[0], asyncpg.InsufficientPrivilegeError):
            raise
        raise DatabaseUnusableError(
            f"The database lacks migrations, and this role may not apply them: {error}."
        ) from error


async def _apply(url: str) -> list[str]:
    done: list[str] = []

    def note(event: str, _app: str, name: str) -> None:
        if event == "apply_done":
            done.append(name)

    config = tortoise_config(url, 1, statement_timeout="0", lock_timeout="60s")
    async with TortoiseContext() as context:
        await context.init(config=config)
        async with in_transaction() as connection:
            await connection.execute_query("select pg_advisory_xact_lock($1)", [_LOCK])
            executor = MigrationExecutor(connection, TORTOISE_ORM["apps"])
            # First, because the recorder's failing SELECT would abort the transaction.
            await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))  # noqa: SLF001 - Tortoise offers no public way
            applied = await executor.recorder.applied_migrations()
            _check_not_newer(key.name for key in applied)
            latest = [MigrationTarget("models", "__latest__")]
            await executor.migrate(latest, direction="forward", progress=note)
    return done
