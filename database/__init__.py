"""The database: one PostgreSQL, given or embedded, brought to head, connected, written whole."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import require_context

from database.client import bounds, tortoise_config
from database.embedded import embedded_postgresql
from database.faults import is_away, is_full, log_mishap, took_too_long
from database.lending import Lender
from database.migrations import DatabaseUnusableError, missing_migrations, run_migrations
from database.programs import EmbeddedError
from database.snapshots import texts_of
from database.transactions import AWAY, StaleError, single, transaction
from settings import ROOT, Settings

__all__ = [
    "AWAY",
    "DatabaseUnusableError",
    "EmbeddedError",
    "StaleError",
    "connected",
    "embedded_postgresql",
    "fetch_apart",
    "fetch_rows",
    "fetch_text",
    "is_away",
    "is_full",
    "log_mishap",
    "missing_migrations",
    "pool_figures",
    "provided",
    "run_migrations",
    "single",
    "texts_of",
    "took_too_long",
    "transaction",
]


@contextmanager
def provided(settings: Settings) -> Iterator[str]:
    """Yield the URL of the database that the settings name, or else of the embedded one.

    A relative DATA_DIR counts from the program's folder, so that it is found again from any other.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    with embedded_postgresql(ROOT / settings.data_dir) as url:
        yield url


@asynccontextmanager
async def connected(url: str, pool_size: int = 5, seconds: int = 10) -> AsyncIterator[None]:
    """Connect the models to a database for as long as the context lasts.

    What a statement or a wait for a lock may take is less than the seconds of an operation.
    """
    config = tortoise_config(url, pool_size, **bounds(seconds))
    await Tortoise.init(config=config, _enable_global_fallback=True)
    try:
        yield
    finally:
        await Tortoise.close_connections()


def _client() -> BaseDBAsyncClient:
    """Return the pool, or the running transaction; `get_connection` imports anew at each call."""
    return require_context().connections.get("default")


def pool_figures() -> tuple[int, int]:
    """Return how many connections of the pool are lent, and how many more could be."""
    lender: Lender | None = _client().lender  # type: ignore[attr-defined] # it is our client
    return (0, 0) if lender is None else lender.figures()


async def fetch_text(sql: str, values: Sequence[Any]) -> str | None:
    """Run a statement that answers with one text, in the running transaction if there is one."""
    async with _client().acquire_connection() as connection:
        answer: str | None = await connection.fetchval(sql, *values)
    return answer


async def fetch_apart(url: str, sql: str, seconds: float = 3) -> str | None:
    """Run a statement on a connection of its own: for who cannot wait for one of the pool."""
    connection = await asyncpg.connect(url, timeout=seconds)
    try:
        answer: str | None = await connection.fetchval(sql, timeout=seconds)
    finally:
        await connection.close(timeout=seconds)
    return answer


async def fetch_rows(sql: str, values: Sequence[Any]) -> list[asyncpg.Record]:
    """Run a statement and return its rows, in the running transaction if there is one."""
    async with _client().acquire_connection() as connection:
        rows: list[asyncpg.Record] = await connection.fetch(sql, *values)
    return rows
