"""A deadline for what a request waits for, at a tenth of what a timer of the loop costs."""

import asyncio
from time import monotonic
from types import TracebackType
from typing import ClassVar, Final

# How late a deadline may be noticed.
TICK_SECONDS: Final = 0.05


class Deadline:
    """Ends what is awaited within it with `TimeoutError` once so many seconds have passed."""

    __slots__ = ("_expired", "_seconds", "_task", "_until")

    # All of a process; one timer looks after them, and is set while there are any.
    _running: ClassVar[set["Deadline"]] = set()
    _ticking: ClassVar[asyncio.AbstractEventLoop | None] = None

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._expired = False

    def __enter__(self) -> None:
        """Start the clock."""
        loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(loop)
        self._until = monotonic() + self._seconds
        self._running.add(self)
        if self._ticking is not loop:
            Deadline._ticking = loop
            loop.call_later(TICK_SECONDS, self._tick)

    @classmethod
    def _tick(cls) -> None:
        now, cls._ticking = monotonic(), None
        for deadline in [d for d in cls._running if d._until <= now]:  # noqa: SLF001 - one of us
            deadline._expire()  # noqa: SLF001 - as above
        if cls._running:
            cls._ticking = asyncio.get_running_loop()
            cls._ticking.call_later(TICK_SECONDS, cls._tick)

    def _expire(self) -> None:
        self._running.discard(self)
        self._expired = True
        if self._task is not None:
            self._task.cancel()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Stop the clock."""
        self._running.discard(self)
        if self._expired and kind is asyncio.CancelledError and self._task is not None:
            self._task.uncancel()
            raise TimeoutError from error
