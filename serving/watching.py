"""Watching: the figures that no request changes, looked at once a second."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from database import log_mishap, pool_figures
from events import Feed
from observing import figures
from schema.streams import Streams

WATCH_SECONDS: Final = 1.0
_STATM: Final = Path("/proc/self/statm")  # of Linux; its second number is the resident pages


def _look(streams: Streams | None, feed: Feed | None) -> None:
    busy, idle = pool_figures()
    figures.count_durations()
    figures.POOL_CONNECTIONS.labels("busy").set(busy)
    figures.POOL_CONNECTIONS.labels("idle").set(idle)
    if streams is not None and feed is not None:
        figures.STREAMS.set(streams.open)
        figures.SUBSCRIBERS.set(feed.followers)
        figures.FEED_LAG_SECONDS.set(feed.lag)
    if _STATM.exists():
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
        figures.MEMORY_BYTES.set(pages * os.sysconf("SC_PAGE_SIZE"))


@asynccontextmanager
async def watching(streams: Streams | None = None, feed: Feed | None = None) -> AsyncIterator[None]:
    """Watch this process, and what it streams if it does, for as long as the context lasts."""
    figures.PROCESSES.set(1)
    loop = asyncio.get_running_loop()

    async def watch() -> None:
        while True:
            try:
                _look(streams, feed)
            except Exception as error:  # noqa: BLE001 - whatever it is, there is a next look
                log_mishap(error, "Figures are not looked at")
            due = loop.time() + WATCH_SECONDS
            await asyncio.sleep(WATCH_SECONDS)
            figures.LOOP_DELAY_SECONDS.set(loop.time() - due)

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        figures.count_durations()
