"""Signals: what must hear of the end of the process before all else."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def told_first(*stops: Callable[[], None]) -> Iterator[None]:
    """Call each of `stops` as soon as the process is told to end: it waits for streams, say.

    The lifespan hears of the end only when all requests and streams have ended.
    """
    loop = asyncio.get_running_loop()
    handlers = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}

    def end(name: int, frame: FrameType | None) -> None:
        for stop in stops:
            loop.call_soon_threadsafe(stop)
        handler = handlers[signal.Signals(name)]
        if callable(handler):
            handler(name, frame)

    if threading.current_thread() is threading.main_thread():
        for name in handlers:
            signal.signal(name, end)
    yield
