"""The work that no request waits for: letters leave, webhooks are told, old answers are forgotten.

Any number of processes may do it, each server beside its requests or `cli.py worker` alone.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from database import connected, provided, run_migrations
from mail import SmtpServer, queue_forever, send_forever
from observing import log_to_stderr, tracing
from resolvers.repeats import forget_forever
from serving.metrics_port import metrics_port
from serving.watching import watching
from settings import Settings, settings_or_exit
from webhooks import deliver_forever

WORKER_POOL_SIZE: Final = 5

logger = logging.getLogger(__name__)


async def work(settings: Settings) -> None:
    """Work until cancelled; without a mail server there are no letters."""
    smtp = SmtpServer.of(settings)
    async with asyncio.TaskGroup() as group:
        group.create_task(forget_forever())
        group.create_task(deliver_forever(private=settings.webhook_allow_private))
        if smtp is not None:
            group.create_task(send_forever(settings, smtp))
            group.create_task(queue_forever(settings))


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[Callable[[], None]]:
    """Work beside what the context does, unless RUN_WORKER leaves that to others.

    Yields what tells the work to stop, ahead of the end of the context.
    """
    task = asyncio.create_task(work(settings)) if settings.run_worker else None

    def stop() -> None:
        # Told twice, it would not see the letter in its hands through.
        if task is not None and not task.cancelling():
            task.cancel()

    try:
        yield stop
    finally:
        stop()
        if task is not None:
            with suppress(asyncio.CancelledError):
                await task


def run_worker() -> None:
    """Send letters until told to stop, beside servers that run with RUN_WORKER=false."""
    settings = settings_or_exit()
    log_to_stderr(settings)
    with (
        provided(settings) as url,
        metrics_port(settings, url),
        suppress(asyncio.CancelledError, KeyboardInterrupt),
    ):
        asyncio.run(_work_alone(settings, url))


async def _work_alone(settings: Settings, url: str) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is not None:
        # Not on every system; there the process just ends.
        with suppress(NotImplementedError):
            loop.add_signal_handler(signal.SIGTERM, task.cancel)
    await run_migrations(url)
    async with tracing.running(settings), connected(url, WORKER_POOL_SIZE), watching():
        if settings.smtp_host is None:
            logger.warning("No letter leaves: SMTP_HOST is not set. Webhooks are told.")
        else:
            logger.info("Letters leave by %s, port %d.", settings.smtp_host, settings.smtp_port)
        await work(settings)
