"""Telling: after a commit all processes are told, by a notification that says only `look now`.

A transaction that notifies holds a lock of the whole cluster until it has committed, so nobody
notifies within the transaction of a change; and of many changes at once, one notification tells.
"""

import asyncio
import logging
from contextvars import Context
from typing import Final

from database import fetch_text

CHANNEL: Final = "activity"
APART_SECONDS: Final = 0.02  # least time between two notifications of one process

_NOTIFY: Final = f"select pg_notify('{CHANNEL}', '')::text"

logger = logging.getLogger(__name__)


class Teller:
    """Sends notifications from one event loop, never two within `APART_SECONDS`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._pending = False
        self._last = 0.0
        self._sending: asyncio.Task[None] | None = None

    def tell(self) -> None:
        """Send a notification soon; one that waits to be sent tells of this commit too."""
        if not self._pending:
            self._pending = True
            self.loop.call_at(self._last + APART_SECONDS, self._send)

    def _send(self) -> None:
        self._pending, self._last = False, self.loop.time()
        # In a context of its own: the caller's may hold the connection of a transaction.
        self._sending = self.loop.create_task(_notify(), context=Context())


async def _notify() -> None:
    try:
        await fetch_text(_NOTIFY, [])
    except Exception as error:  # noqa: BLE001 - a hint only: who is not told looks by themselves
        logger.warning("Others are not told of a change at once: %s", type(error).__name__)


_teller: Teller | None = None


def tell() -> None:
    """Tell the followers of the log, here and in all other processes, that there is more of it.

    To be called after each commit that wrote an activity; it costs next to nothing.
    """
    global _teller  # noqa: PLW0603 - one for the process, as long as its event loop lives
    loop = asyncio.get_running_loop()
    if _teller is None or _teller.loop is not loop:
        _teller = Teller(loop)
    _teller.tell()
