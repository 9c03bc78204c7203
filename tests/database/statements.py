"""Statements that are refused, and statements that wait."""

import asyncio

import asyncpg
import pytest


async def refused_by(raw: asyncpg.Connection, statement: str, *values: object) -> str:
    """Run a statement that the database refuses, and return the name of what refused it."""
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refusal:
        await raw.execute(statement, *values)
    assert isinstance(refusal.value.constraint_name, str)
    return refusal.value.constraint_name


async def until_one_waits(raw: asyncpg.Connection) -> None:
    """Return once another connection waits for a lock that this one holds."""
    waits = (
        "select exists (select from pg_locks where pg_backend_pid() = any(pg_blocking_pids(pid)))"
    )
    async with asyncio.timeout(10):
        while not await raw.fetchval(waits):  # noqa: ASYNC110 - PostgreSQL tells nobody of it
            await asyncio.sleep(0.01)
