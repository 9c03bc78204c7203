"""The work that no request waits for: letters leave, reminders and digests fall due.

Any number of processes may do it, each server beside its requests or `cli.py worker` alone.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from mail import SmtpServer, queue_forever, send_forever
from settings import Settings


async def work(settings: Settings) -> None:
    """Work until cancelled; without a mail server there is nothing to do."""
    smtp = SmtpServer.of(settings)
    if smtp is None:
        return
    async with asyncio.TaskGroup() as group:
        group.create_task(send_forever(settings, smtp))
        group.create_task(queue_forever(settings))


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    """Work beside what the context does, unless RUN_WORKER leaves that to others."""
    task = asyncio.create_task(work(settings)) if settings.run_worker else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
