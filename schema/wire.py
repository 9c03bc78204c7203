"""The wire of one websocket: what the server sends on it, and that the client takes it."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import orjson
from starlette.types import Message, Scope, Send

# The extension of ASGI by which several frames are sent at once.
SEND_MANY: Final = "websocket.send.many"

# A frame that closes a websocket holds no more, in bytes (RFC 6455, 5.5).
LONGEST_REASON: Final = 123


class GoneError(Exception):
    """The client has gone."""


class TooSlowError(Exception):
    """The client does not take what it is sent."""


class Wire:
    """Sends messages until it is closed; `patience_seconds` is how long a client may not read."""

    def __init__(self, scope: Scope, send: Send, patience_seconds: float) -> None:
        self.patience_seconds = patience_seconds
        self._transmit = send
        self._many = scope.get("extensions", {}).get(SEND_MANY)
        self._closed = False

    async def close(self, code: int, reason: str) -> None:
        """Close the socket; what runs on it ends."""
        if not self._closed:
            self._closed = True
            told = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
            frame = {"type": "websocket.close", "code": code, "reason": told}
            with suppress(OSError):
                await self._transmit(frame)

    async def say(self, message: dict[str, Any]) -> None:
        """Send a message, or raise `GoneError`."""
        await self._send({"type": "websocket.send", "text": orjson.dumps(message).decode()})

    async def say_next(self, id: str, batch: Sequence[bytes]) -> None:
        """Send answers of an operation; raise `TooSlowError` for who does not take them."""
        before, after = b'{"id":' + orjson.dumps(id) + b',"type":"next","payload":', b"}"
        texts = [before + answer + after for answer in batch]
        if self._many is not None and self._many["is_writable"]():
            # Nobody waits, so no alarm need be set.
            await self._send({"type": SEND_MANY, "texts": texts})
            return
        try:
            async with asyncio.timeout(self.patience_seconds):
                for text in texts:
                    await self._send({"type": "websocket.send", "text": text.decode()})
        except TimeoutError as error:
            raise TooSlowError from error

    async def _send(self, frame: Message) -> None:
        if self._closed:
            raise GoneError
        try:
            await self._transmit(frame)
        except OSError as error:
            raise GoneError from error
