"""What is asked for at the same time is fetched together, in one statement.

Nobody waits for company: what is asked is sent at once, unless a statement of its kind is under
way. What comes meanwhile goes with the next, so that the more is asked for, the less each costs.
A statement begins after all that it answers was asked, so that everybody sees what they wrote.
It is for reads outside of a transaction: who waits would not see what theirs has written so far.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextvars import Context
from typing import Any, Final
from uuid import UUID

import asyncpg

from database import fetch_rows, fetch_text

# Nobody waits longer than so many seconds for the statement before theirs.
PATIENCE: Final = 0.005

# Tells, by a statement and the values that are the same for all, what each has asked for.
Fetch = Callable[[str, tuple[Any, ...], Sequence[Any]], Awaitable[Sequence[Any]]]
Kind = tuple[Fetch, str, tuple[Any, ...]]
# What each has asked for, and where they wait for it.
Asking = list[tuple[Any, asyncio.Future[Any]]]


def fetch_by_id(sql: str, id: UUID, *others: Any) -> Coroutine[Any, Any, asyncpg.Record | None]:  # noqa: ANN401 - a parameter can be of any type
    """Return the row of an id, or None where there is none.

    The statement takes ids first, then the other values, and tells of each row the `place` of its
    id, from 1.
    """
    return _ask((_rows, sql, others), id)


def fetch_same(sql: str, *values: Any) -> Coroutine[Any, Any, str | None]:  # noqa: ANN401 - as above
    """Return the one text of a statement, which is the same for all who ask with these values."""
    return _ask((_texts, sql, values), None)


async def _rows(
    sql: str, others: tuple[Any, ...], ids: Sequence[UUID]
) -> list[asyncpg.Record | None]:
    rows = await fetch_rows(sql, [ids, *others])
    places = {row["place"]: row for row in rows}
    return [places.get(place) for place in range(1, len(ids) + 1)]


async def _texts(sql: str, values: tuple[Any, ...], asked: Sequence[None]) -> Sequence[str | None]:
    return [await fetch_text(sql, values)] * len(asked)


class _Group:
    """Who asks by statements of one kind, while any is under way."""

    def __init__(self, kind: Kind, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._kind = kind
        self._sent_at = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._waiting: Asking = []
        self._under_way: dict[asyncio.Task[None], Asking] = {}

    def ask(self, asked: Any) -> asyncio.Future[Any]:  # noqa: ANN401 - whatever it is
        """Ask at once if nothing is under way, and else by the next statement."""
        found = self.loop.create_future()
        self._waiting.append((asked, found))
        if not self._under_way:
            self._send()
        elif self._alarm is None:
            moment = self._sent_at + PATIENCE
            self._alarm = self.loop.call_at(moment, self._send, context=Context())
        return found

    def leave(self) -> None:
        """Ask for nobody who has gone, and cancel the statements whose askers all have."""
        self._waiting = [(asked, found) for asked, found in self._waiting if not found.cancelled()]
        for task, asking in self._under_way.items():
            if all(found.cancelled() for _, found in asking):
                task.cancel()

    def _send(self) -> None:
        """Send a statement for all who wait."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if not self._waiting:  # they have gone
            return
        asking, self._waiting = self._waiting, []
        self._sent_at = self.loop.time()
        task = self.loop.create_task(self._fetch(asking))
        self._under_way[task] = asking
        # What follows is for others: the context of who asked first may hold a transaction.
        task.add_done_callback(self._end, context=Context())

    async def _fetch(self, asking: Asking) -> None:
        fetch, sql, values = self._kind
        try:
            answers = await fetch(sql, values, [asked for asked, _ in asking])
            for (_, found), answer in zip(asking, answers, strict=True):
                if not found.done():
                    found.set_result(answer)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who asked are told
            for _, found in asking:
                if not found.done():
                    found.set_exception(error)
        except asyncio.CancelledError:
            for _, found in asking:
                found.cancel()
            raise

    def _end(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        if self._waiting:
            self._send()
        elif not self._under_way and _groups.get(self._kind) is self:
            del _groups[self._kind]


# Gone once nothing of them is under way.
_groups: Final[dict[Kind, _Group]] = {}


async def _ask(kind: Kind, asked: Any) -> Any:  # noqa: ANN401 - as above
    loop = asyncio.get_running_loop()
    try:
        group = _groups.get(kind)
    except TypeError:  # a list is among the values: nobody is likely to ask for the same
        fetch, sql, values = kind
        (answer,) = await fetch(sql, values, [asked])
        return answer
    if group is None or group.loop is not loop:
        group = _groups[kind] = _Group(kind, loop)
    try:
        return await group.ask(asked)
    except asyncio.CancelledError:
        group.leave()
        raise
