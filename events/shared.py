"""What equal readers want is fetched once: one fetches, the others get the same."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from contextvars import Context
from time import monotonic
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MOST_KEPT: Final = 128
KEPT_SECONDS: Final = 1.0  # as long as a credential is trusted


class _Fetch(Generic[T]):
    """A fetch under way, for which any number may wait; an event costs each less than a shield."""

    def __init__(self, task: "asyncio.Task[T]") -> None:
        self._task = task
        self._done = asyncio.Event()
        task.add_done_callback(self._end)

    def _end(self, task: "asyncio.Task[T]") -> None:
        if not task.cancelled():
            task.exception()  # looked at, even where nobody waits any more
        self._done.set()

    async def value(self) -> T:
        """Return what was fetched, or raise what went wrong."""
        await self._done.wait()
        return self._task.result()


class Shared(Generic[T]):
    """Values by what they were fetched by; the latest are kept a moment, if `keeps` says so."""

    def __init__(self, keeps: Callable[[T], bool], most: int = MOST_KEPT) -> None:
        self._keeps = keeps
        self._most = most
        self._fetched: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()
        self._fetching: dict[Hashable, _Fetch[T]] = {}

    async def get(self, key: Hashable, fetch: Callable[[], Awaitable[T]]) -> T:
        """Return the value of a key, fetched unless it was lately or somebody is about to."""
        until, value = self._fetched.get(key, (0.0, None))
        if value is not None and until >= monotonic():
            return value
        fetching = self._fetching.get(key)
        if fetching is None:
            # Apart from the first who asks, whose going away must not fail the others.
            loop = asyncio.get_running_loop()
            task = loop.create_task(self._fetch(key, fetch), context=Context())
            fetching = self._fetching[key] = _Fetch(task)
        return await fetching.value()

    async def _fetch(self, key: Hashable, fetch: Callable[[], Awaitable[T]]) -> T:
        try:
            value = await fetch()
        finally:
            del self._fetching[key]
        if self._keeps(value):
            self._fetched[key] = (monotonic() + KEPT_SECONDS, value)
            self._fetched.move_to_end(key)
            if len(self._fetched) > self._most:
                self._fetched.popitem(last=False)
        return value
