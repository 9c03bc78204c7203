"""Turns: so many operations run at once; the others wait in order, and none of them for long.

What runs beside too much else ends late, whoever asked for it. So an operation that has waited too
long is refused before anything of it happens, and fewer run at once where they take too long.
"""

import asyncio
from collections import deque
from contextlib import suppress
from time import perf_counter
from typing import Final

from graphql import GraphQLError

# So many run at once however long they take.
FEWEST: Final = 2


class OverloadedError(GraphQLError):
    """An operation has not had its turn in time, and nothing of it was done."""

    def __init__(self) -> None:
        super().__init__("Too much is going on; ask again.", extensions={"code": "OVERLOADED"})


class Turns:
    """The turns of one process: `most` at once, each after `patience` seconds at the latest."""

    __slots__ = ("_limit", "_most", "_patience", "_running", "_waiting")

    def __init__(self, most: int, patience: float) -> None:
        self._most = most
        self._patience = patience
        self._limit = most
        self._running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> float:
        """Wait for a turn and return when it began, or raise `OverloadedError`."""
        if self._running < self._limit:
            self._running += 1
        else:
            await self._wait()
        return perf_counter()

    def give_back(self, began: float) -> None:
        """End a turn, and let who waits take theirs."""
        self._running -= 1
        if perf_counter() - began > self._patience:
            self._limit = max(min(FEWEST, self._most), self._limit - 1)
        elif self._limit < self._most:
            self._limit += 1
        self._admit()

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append(turn)
        alarm = loop.call_later(self._patience, _refuse, turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                # The turn came at the moment in which who waited went away.
                self._running -= 1
                self._admit()
            with suppress(ValueError):
                self._waiting.remove(turn)
            raise
        finally:
            alarm.cancel()

    def _admit(self) -> None:
        while self._waiting and self._running < self._limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self._running += 1
                turn.set_result(None)


def _refuse(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(OverloadedError())
