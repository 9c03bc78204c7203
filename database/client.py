"""The connection pool: Tortoise's client for asyncpg, opened from a URL as PostgreSQL reads it."""
# ruff: noqa: SLF001 - a transaction and its client are two halves of one thing in Tortoise

from contextlib import suppress
from types import TracebackType
from typing import Any, Final

import asyncpg
from tortoise import fields
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionContextPooled
from tortoise.connection import get_connections
from typing_extensions import override

from database.lending import Lender, has_ended
from observing import tracing
from settings import TORTOISE_ORM

SESSION: Final = {
    "application_name": "offboarding",
    "TimeZone": "UTC",
    "jit": "off",
    # All that is read often is in memory: an index is cheaper than even a small table as a whole.
    "random_page_cost": "1.1",
    # A statement's text says what is asked; to plan it anew for each value takes longer than most
    # reads do.
    "plan_cache_mode": "force_generic_plan",
    "DateStyle": "ISO",
    "idle_in_transaction_session_timeout": "30s",
}


def bounds(seconds: int) -> dict[str, str]:
    """Return the bounds of statements for operations that may take so many seconds.

    A wait for a lock past its bound is tried again.
    """
    return {
        "statement_timeout": f"{seconds * 900}ms",
        "lock_timeout": f"{seconds * 400}ms",
    }


# The driver reads identifiers and times, in UTC, as Tortoise would make them of text.
fields.UUIDField.skip_to_python_if_native = True
fields.DatetimeField.skip_to_python_if_native = True

LOST: Final = "The connection to the database was lost."


async def _keep(_connection: object) -> None:
    """Leave a connection as it is: nothing here changes one beyond its transaction."""


# What asyncpg raises of a connection that has ended, beside what the server said last.
_ENDED: Final = (asyncpg.InterfaceError, asyncpg.InternalClientError)


class Transaction(TransactionContextPooled):
    """A transaction that gives its connection back and says what went wrong, however it ends.

    Tortoise's own keeps the connection for ever when BEGIN fails or is cancelled, and tells of a
    lost one only that it cannot be rolled back.
    """

    client: TransactionWrapper

    @override
    async def __aenter__(self) -> TransactionWrapper:
        await self.ensure_connection()
        self.lender: Lender = self.client._parent.lender  # type: ignore[attr-defined] # our client
        connection = self.lender.take_at_hand() or await self.lender.take()
        self.client._connection = connection
        try:
            await self.client.begin()
        except BaseException as error:
            if not has_ended(connection):
                connection.terminate()
            await self.lender.give_back(connection, whole=False)
            if isinstance(error, _ENDED):
                raise asyncpg.ConnectionDoesNotExistError(LOST) from error
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client

    @override
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        get_connections().reset(self.token)
        connection, whole = self.client._connection, False
        try:
            if has_ended(connection):
                if exc_val is None or isinstance(exc_val, _ENDED):
                    raise asyncpg.ConnectionDoesNotExistError(LOST)
            elif exc_val is None:
                await self.client.commit()
                whole = True
            else:
                # What cannot be undone now, the server undoes when it sees the connection end.
                with suppress(OSError, asyncpg.PostgresError, *_ENDED):
                    await self.client.rollback()
        finally:
            await self.lender.give_back(connection, whole=whole)


class Client(AsyncpgDBClient):
    """A pool that takes a whole URL, with everything asyncpg understands in one."""

    lender: Lender | None = None
    _is_closed = False

    @override
    async def create_pool(self, **kwargs: Any) -> asyncpg.Pool:
        # Tortoise makes a pool whenever it finds none: nobody would close one that is made by now.
        if self._is_closed:
            raise asyncpg.InterfaceError("pool is closed")
        for name in ("host", "port", "user", "database", "password", "loop"):
            kwargs.pop(name, None)
        if tracing.spans is not None:
            kwargs["init"] = tracing.spans.watch
        pool = await asyncpg.create_pool(**kwargs)
        self.lender = Lender(pool, kwargs["max_size"])
        return pool

    @override
    def acquire_connection(self) -> Any:
        return super().acquire_connection() if self.lender is None else self.lender.lend()

    @override
    async def _close(self) -> None:
        self._is_closed = True
        async with self._pool_init_lock:  # a pool that is being made is closed as well
            if self.lender is not None:
                await self.lender.close()
            await super()._close()
            self.lender = None

    @override
    def _in_transaction(self) -> Transaction:
        return Transaction(TransactionWrapper(self), self._pool_init_lock)


client_class = Client


def tortoise_config(url: str, pool_size: int, **session: str) -> dict[str, Any]:
    """Return the configuration of Tortoise for a database; `session` overrides its settings."""
    credentials = {
        "dsn": url,
        "minsize": 1,
        "maxsize": pool_size,
        "reset": _keep,
        "max_inactive_connection_lifetime": 0,
        "timeout": 10,
        "server_settings": {**SESSION, **session},
    }
    connection = {"engine": "database.client", "credentials": credentials}
    return {**TORTOISE_ORM, "connections": {"default": connection}}
