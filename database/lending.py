"""Connections of the pool, lent without the task that the pool itself takes for each return."""

import asyncio
from types import TracebackType
from typing import Final

import asyncpg


def has_ended(connection: asyncpg.Connection) -> bool:
    """Return whether nothing can be asked over a connection any more."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:  # the pool has noticed first and taken it back
        return True


class Lender:
    """Lends connections of a pool, of which so many are out at a time.

    What was used without an error is kept at hand; all else goes back to the pool, which knows how
    to mend it.
    """

    def __init__(self, pool: asyncpg.Pool, size: int) -> None:
        self._pool: Final = pool
        self._size: Final = size
        # What may be lent: a connection at hand, or None for one that the pool has.
        self._free: Final = asyncio.LifoQueue[asyncpg.Connection | None]()
        for _ in range(size):
            self._free.put_nowait(None)
        self._waiting = 0
        self._is_closing = False

    def lend(self) -> "Loan":
        """Return a context that holds a connection."""
        return Loan(self)

    def take_at_hand(self) -> asyncpg.Connection | None:
        """Return a connection if one is at hand and nobody waits for it."""
        if self._waiting or self._free.empty():
            return None
        connection = self._free.get_nowait()
        if connection is not None and not has_ended(connection):
            return connection
        self._free.put_nowait(None)
        return None

    async def take(self) -> asyncpg.Connection:
        """Return a connection once there is one."""
        self._waiting += 1
        try:
            connection = await self._free.get()
        finally:
            self._waiting -= 1
        if connection is not None and not has_ended(connection):
            return connection
        try:
            return await self._pool.acquire()
        except BaseException:
            self._free.put_nowait(None)
            raise

    def keep(self, connection: asyncpg.Connection, *, whole: bool) -> bool:
        """Take a connection back at once, if nothing went wrong over it; return if that was so."""
        if not whole or self._is_closing:
            return False
        self._free.put_nowait(connection)
        return True

    async def give_back(self, connection: asyncpg.Connection, *, whole: bool) -> None:
        """Take a connection back: `whole` where nothing went wrong over it."""
        if self.keep(connection, whole=whole):
            return
        try:
            await self._pool.release(connection)
        finally:
            self._free.put_nowait(None)

    def figures(self) -> tuple[int, int]:
        """Return how many connections are lent, and how many more could be."""
        free = self._free.qsize()
        return self._size - free, free

    async def close(self) -> None:
        """Give the pool all that is at hand; what is out follows."""
        self._is_closing = True
        for connection in [self._free.get_nowait() for _ in range(self._free.qsize())]:
            self._free.put_nowait(None)
            if connection is not None:
                await self._pool.release(connection)


class Loan:
    """A connection for as long as the context lasts."""

    __slots__ = ("_connection", "_lender")

    def __init__(self, lender: Lender) -> None:
        self._lender = lender

    async def __aenter__(self) -> asyncpg.Connection:
        """Wait for a connection, where none is at hand."""
        self._connection = self._lender.take_at_hand() or await self._lender.take()
        return self._connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Give it back."""
        if not self._lender.keep(self._connection, whole=kind is None):
            await self._lender.give_back(self._connection, whole=False)
