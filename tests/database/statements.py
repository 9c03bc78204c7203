"""Statements that are refused, and statements that wait."""

import asyncpg
import pytest

from tests.served import until


async def refused_by(raw: asyncpg.Connection, statement: str, *values: object) -> str:
    """Run a statement that the database refuses, and return the name of what refused it."""
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refusal:
        await raw.execute(statement, *values)
    assert isinstance(refusal.value.constraint_name, str)
    return refusal.value.constraint_name


async def until_one_waits(raw: asyncpg.Connection) -> None:
    """Return once another connection waits for a lock that this one holds."""
    await until_so_many_wait(raw, 1)


async def until_so_many_wait(raw: asyncpg.Connection, number: int) -> None:
    """Return once so many connections wait for locks that this one holds."""
    waiting = (
        "select count(distinct pid) from pg_locks"
        " where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))"
    )

    async def wait() -> bool:
        return bool(await raw.fetchval(waiting) >= number)

    await until(wait)
