"""Transactions: a write that has begun runs to its end, and is tried again when told to."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeVar

import asyncpg
from tortoise.exceptions import DBConnectionError
from tortoise.transactions import in_transaction

T = TypeVar("T")

logger = logging.getLogger(__name__)

ATTEMPTS: Final = 4


class StaleError(Exception):
    """A row has changed since it was read, so that nothing was written over it."""


# What another attempt may mend: a lost race, a deadlock, a lock not had in time, a lost line, a
# table that has another column since a statement was prepared.
_PASSING: Final = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresConnectionError,
    # The driver's word for a line that ends just as something is to be said over it.
    asyncpg.InternalClientError,
    asyncpg.InvalidCachedStatementError,
    ConnectionError,
    StaleError,
)

# What a read meets while the database is away; it is there again later, and so is all of the log.
AWAY: Final = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientResourcesError,
    DBConnectionError,
)


async def _once(work: Callable[[], Awaitable[T]]) -> T:
    async with in_transaction():
        return await work()


async def _attempts(work: Callable[[], Awaitable[T]]) -> T:
    for attempt in range(1, ATTEMPTS):
        try:
            return await work()
        except _PASSING:
            await asyncio.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311 - jitter
    return await work()


async def _to_its_end(work: Callable[[], Awaitable[T]]) -> T:
    task = asyncio.get_running_loop().create_task(_attempts(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_note)
        raise


def _note(task: asyncio.Task[T]) -> None:
    """Hear how it ended in the place of a caller who has gone."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.info("its caller has gone, and it ended with %s", type(error).__name__)


async def transaction(work: Callable[[], Awaitable[T]]) -> T:
    """Do work in one transaction and return what it returns; the whole of it may run again.

    The caller going away does not end it: a cancelled COMMIT may or may not have happened.
    """
    return await _to_its_end(partial(_once, work))


async def single(work: Callable[[], Awaitable[T]]) -> T:
    """Do work that writes with one statement, which is a transaction by itself; else as above.

    A write over what has changed meanwhile raises `StaleError`; the work then begins anew.
    """
    return await _to_its_end(work)
