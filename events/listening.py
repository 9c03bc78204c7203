"""Listening: a connection of its own to PostgreSQL, on which notifications come in."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import asyncpg

from events.telling import CHANNEL

CHECK_SECONDS: Final = 15.0  # a line that broke without a word is noticed after as long
ANSWER_SECONDS: Final = 5.0
FIRST_WAIT, LONGEST_WAIT = 0.1, 2.0

_AWAY: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

logger = logging.getLogger(__name__)


async def listen_forever(url: str, heard: Callable[[], None]) -> None:
    """Call `heard` on each notification, and each time the line is up again, until cancelled."""
    wait = FIRST_WAIT
    while True:
        try:
            connection = await asyncpg.connect(
                url, timeout=10, server_settings={"application_name": "offboarding-listener"}
            )
        except _AWAY as error:
            logger.warning("Changes are polled for, not listened to: %s", type(error).__name__)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
            continue
        wait = FIRST_WAIT
        try:
            await _listen(connection, heard)
        except _AWAY as error:
            logger.warning("The line for changes broke: %s", type(error).__name__)
        finally:
            connection.terminate()
        await asyncio.sleep(FIRST_WAIT)


async def _listen(connection: asyncpg.Connection, heard: Callable[[], None]) -> None:
    """Listen for as long as the connection lasts."""
    ended = asyncio.Event()
    connection.add_termination_listener(lambda _: ended.set())
    await connection.add_listener(CHANNEL, lambda *_: heard())
    # What was told of before is read now.
    heard()
    while not ended.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(CHECK_SECONDS):
                await ended.wait()
        if not ended.is_set():
            await connection.execute("select", timeout=ANSWER_SECONDS)
