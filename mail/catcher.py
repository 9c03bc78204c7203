"""A mail server for the demo: takes every letter, delivers none, and lets you read them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import partial
from itertools import count
from queue import Queue
from threading import Thread
from typing import Any, Final

from aiosmtpd.smtp import SMTP

LOOPBACK: Final = "127.0.0.1"
MOST_KEPT: Final = 100
MOST_BYTES: Final = 1_000_000
PRINT: Final = partial(print, flush=True)


@dataclass(frozen=True, slots=True)
class Caught:
    """A letter as it came in: its envelope and every byte of it."""

    number: int
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The letter, parsed."""
        return message_from_bytes(self.content, policy=default)

    def header(self, name: str) -> str:
        """Return a header as people read it, on one line; empty if there is none."""
        return printable(str(self.message.get(name, "")))

    def body(self, kind: str) -> str | None:
        """Return the text of a kind, `plain` or `html`, if the letter has one that can be read."""
        part = self.message.get_body((kind,))
        if part is None:
            return None
        with suppress(LookupError, ValueError):
            return str(part.get_content()).replace("\r\n", "\n")
        return None


class Catcher:
    """Takes letters in, keeps the last of them and tells of each."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self.host = LOOPBACK
        self.port = 0
        # Replaced as a whole, so that another thread may read it at any time.
        self.messages: tuple[Caught, ...] = ()
        self._tell = tell
        self._numbers = count(1)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd calls it by this name, with objects it gives no types
        """Keep a letter."""
        caught = Caught(
            number=next(self._numbers),
            received_at=datetime.now(UTC),
            sender=envelope.mail_from,
            recipients=tuple(envelope.rcpt_tos),
            content=envelope.original_content,
        )
        self.messages = (*self.messages, caught)[-MOST_KEPT:]
        self._tell("\n".join(_lines(caught)))
        return "250 Kept"


@asynccontextmanager
async def catching(port: int = 0, tell: Callable[[str], object] = PRINT) -> AsyncIterator[Catcher]:
    """Run a catch-all mail server on this machine's loopback for as long as the context lasts."""
    # aiosmtpd writes whole conversations there.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    catcher = Catcher(tell)
    loop = asyncio.get_running_loop()
    open_connections: list[Any] = []

    def connection() -> Any:  # noqa: ANN401 - aiosmtpd has no types
        smtp = SMTP(
            catcher,
            hostname="localhost",
            data_size_limit=MOST_BYTES,
            enable_SMTPUTF8=True,
            loop=loop,
        )
        open_connections[:] = [one for one in open_connections if one.transport is not None]
        open_connections.append(smtp)
        return smtp

    server = await loop.create_server(connection, LOOPBACK, port)
    catcher.port = server.sockets[0].getsockname()[1]
    try:
        yield catcher
    finally:
        server.close()
        for smtp in open_connections:
            if smtp.transport is not None:
                smtp.transport.close()
        await server.wait_closed()


@contextmanager
def catching_beside() -> Iterator[Catcher]:
    """Run a catch-all mail server in a thread of its own for as long as the context lasts."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    caught: Queue[Catcher] = Queue()

    async def run() -> None:
        async with catching() as catcher:
            caught.put(catcher)
            await stop.wait()

    thread = Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    try:
        yield caught.get(timeout=10)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def printable(text: str) -> str:
    """Return one line of a letter without what a terminal would obey."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def _lines(caught: Caught) -> Iterator[str]:
    yield f"── letter {caught.number} ".ljust(72, "─")
    for name in ("From", "To", "Subject"):
        yield f"{name}: {caught.header(name)}"
    yield ""
    yield from (printable(line) for line in (caught.body("plain") or "").splitlines())
    yield "─" * 72
