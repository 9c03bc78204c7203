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
        self._lent = 0
        self._turns: Final = asyncio.Semaphore(size)
        self._at_hand: Final[list[asyncpg.Connection]] = []
        self._is_closing = False

    def lend(self) -> "Loan":
        """Return a context that holds a connection."""
        return Loan(self)

    async def take(self) -> asyncpg.Connection:
        """Return a connection once there is one."""
        await self._turns.acquire()
        self._lent += 1
        try:
            while self._at_hand:
                connection = self._at_hand.pop()
                if not has_ended(connection):
                    return connection
            return await self._pool.acquire()
        except BaseException:
            self._end_turn()
            raise

    async def give_back(self, connection: asyncpg.Connection, *, whole: bool) -> None:
        """Take a connection back: `whole` where nothing went wrong over it."""
        try:
            if whole and not self._is_closing:
                self._at_hand.append(connection)
            else:
                await self._pool.release(connection)
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        self._lent -= 1
        self._turns.release()

    def figures(self) -> tuple[int, int]:
        """Return how many connections are lent, and how many more could be."""
        return self._lent, self._size - self._lent

    async def close(self) -> None:
        """Give the pool all that is at hand; what is out follows."""
        self._is_closing = True
        while self._at_hand:
            await self._pool.release(self._at_hand.pop())


class Loan:
    """A connection for as long as the context lasts."""

    __slots__ = ("_connection", "_lender")

    def __init__(self, lender: Lender) -> None:
        self._lender = lender

    async def __aenter__(self) -> asyncpg.Connection:
        """Wait for a connection."""
        self._connection = await self._lender.take()
        return self._connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Give it back."""
        await self._lender.give_back(self._connection, whole=kind is None)
