"""Turns: so many operations run at once; the others wait, and none of them for long.

What runs beside too much else ends late, whoever asked for it. So an operation that has waited too
long is refused before anything of it happens, and fewer run at once where they take too long. Of
those that wait, next is one of whoever has the fewest running: nobody can have all turns.
"""

import asyncio
from contextlib import suppress
from time import perf_counter
from typing import Final
from uuid import UUID

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
        # Who has a turn, once for each.
        self._running: list[UUID] = []
        self._waiting: list[tuple[UUID, asyncio.Future[None]]] = []

    async def take(self, who: UUID) -> float:
        """Wait for somebody's turn and return when it began, or raise `OverloadedError`."""
        if len(self._running) < self._limit:
            self._running.append(who)
        else:
            await self._wait(who)
        return perf_counter()

    def give_back(self, who: UUID, began: float) -> None:
        """End a turn, and let who waits take theirs."""
        if perf_counter() - began > self._patience:
            self._limit = max(min(FEWEST, self._most), self._limit - 1)
        elif self._limit < self._most:
            self._limit += 1
        self._end(who)

    def _end(self, who: UUID) -> None:
        self._running.remove(who)
        while self._waiting and len(self._running) < self._limit:
            self._admit(min(self._waiting, key=lambda waits: self._running.count(waits[0])))

    def _admit(self, waits: tuple[UUID, asyncio.Future[None]]) -> None:
        self._waiting.remove(waits)
        who, turn = waits
        if not turn.done():
            self._running.append(who)
            turn.set_result(None)

    async def _wait(self, who: UUID) -> None:
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append((who, turn))
        alarm = loop.call_later(self._patience, _refuse, turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                # The turn came at the moment in which who waited went away.
                self._end(who)
            with suppress(ValueError):
                self._waiting.remove((who, turn))
            raise
        finally:
            alarm.cancel()


def _refuse(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(OverloadedError())
