"""What the database's faults mean to who waits for an answer."""

import logging
from typing import Final

import asyncpg

from database.transactions import AWAY
from observing import log_fault

logger: Final = logging.getLogger(__name__)

# Connections are refused, as while the database is renamed, restored or has another password, or
# they only read, as of a server that another has taken the place of.
_CLOSED = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.ReadOnlySQLTransactionError,
)


def _said(error: BaseException) -> object:
    """Return what the driver said where Tortoise has wrapped it."""
    return error.args[0] if error.args and isinstance(error.args[0], Exception) else error


def is_away(error: BaseException) -> bool:
    """Whether the database could not be reached, was lost on the way, or has no room."""
    return isinstance(error, (*AWAY, *_CLOSED)) or isinstance(_said(error), (*AWAY, *_CLOSED))


def is_full(error: BaseException) -> bool:
    """Whether the database has refused a write because its disk is full."""
    return isinstance(_said(error), asyncpg.DiskFullError)


def took_too_long(error: BaseException) -> bool:
    """Whether the database gave up a statement, or a wait for a lock, for the time it took."""
    return isinstance(_said(error), asyncpg.QueryCanceledError | asyncpg.LockNotAvailableError)


def log_mishap(error: Exception, consequence: str) -> None:
    """Log what keeps work that nobody waits for from being done: a fault, or a database away."""
    if is_away(error) or took_too_long(error):
        logger.warning("%s: %s", consequence, type(error).__name__)
    else:
        log_fault(error, at=consequence)
