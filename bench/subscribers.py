"""Websocket subscribers that cost next to nothing: they note when which entry came in."""

import asyncio
import re
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from os import urandom
from typing import Final, cast
from urllib.parse import urlsplit

import orjson
from typing_extensions import override

SUBSCRIPTION: Final = (
    "subscription($after:Cursor){activity(after:$after){id cursor kind occurredAt actor{id name}"
    " offboarding{id status resolution version} changes{field before after}}}"
)
_NUMBER: Final = re.compile(rb'"activity_(\d+)"')
_TEXT, _PING, _PONG = 0x81, 0x89, 0x8A
_SHORT, _MEDIUM = 126, 127

# Told of each entry: its number, and when it came in.
Heard = Callable[[int, float], None]


def _masked_frame(opcode: int, content: bytes) -> bytes:
    """Return the frame of a client."""
    mask = urandom(4)
    body = bytes(byte ^ mask[place % 4] for place, byte in enumerate(content))
    length = len(content)
    if length < _SHORT:
        return bytes((opcode, 0x80 | length)) + mask + body
    return bytes((opcode, 0x80 | _SHORT)) + length.to_bytes(2, "big") + mask + body


def _masked(message: Mapping[str, object]) -> bytes:
    """Return a message as the frame of a client."""
    return _masked_frame(_TEXT, orjson.dumps(message))


class Subscriber(asyncio.Protocol):
    """One websocket with one subscription."""

    def __init__(self, host: str, token: str, after: str | None, heard: Heard) -> None:
        self._host = host
        self._token = token
        self._after = after
        self._heard = heard
        self._kept = b""
        self._open = False
        self.live = asyncio.get_running_loop().create_future()
        self.last = 0
        self.count = 0
        self.faults: list[str] = []

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport = cast("asyncio.Transport", transport)
        key = b64encode(urandom(16)).decode()
        transport.write(
            f"GET /graphql HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )

    def _begin(self) -> None:
        payload = {"query": SUBSCRIPTION, "variables": {"after": self._after}}
        for message in (
            {"type": "connection_init", "payload": {"authToken": self._token}},
            {"id": "1", "type": "subscribe", "payload": payload},
            # Answered once what came before it is.
            {"id": "2", "type": "subscribe", "payload": {"query": "{ __typename }"}},
        ):
            self.transport.write(_masked(message))

    @override
    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._kept += data
        if not self._open:
            _, end, rest = self._kept.partition(b"\r\n\r\n")
            if not end:
                return
            self._open, self._kept = True, rest
            self._begin()
        start, kept = 0, self._kept
        while (frame := _frame(kept, start)) is not None:
            text, start_of_next = frame
            if kept[start] == _PING:
                self.transport.write(_masked_frame(_PONG, text))
            else:
                self._take(text, now)
            start = start_of_next
        self._kept = kept[start:]

    def _take(self, text: bytes, now: float) -> None:
        found = _NUMBER.search(text)
        if found is not None:
            number = int(found[1])
            if number <= self.last:
                self.faults.append(f"{number} after {self.last}")
            self.last = number
            self.count += 1
            self._heard(number, now)
        elif b'"error"' in text:
            self.faults.append(text.decode(errors="replace"))
        elif b"__typename" in text and not self.live.done():
            self.live.set_result(None)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.faults.append(f"the line was lost: {exc}")


def _frame(data: bytes, start: int) -> tuple[bytes, int] | None:
    """Return the text of the frame at a place, and where the next begins; None for no whole one."""
    if len(data) < start + 2:
        return None
    length, begin = data[start + 1], start + 2
    if length in {_SHORT, _MEDIUM}:
        size = 2 if length == _SHORT else 8
        if len(data) < begin + size:
            return None
        length, begin = int.from_bytes(data[begin : begin + size], "big"), begin + size
    end = begin + length
    return None if len(data) < end else (data[begin:end], end)


async def subscribers(
    address: str, token: str, number: int, heard: Heard, after: str | None = None
) -> list[Subscriber]:
    """Open a number of subscriptions and wait until all are live."""
    host, port = urlsplit(address).hostname or "", urlsplit(address).port or 80
    loop = asyncio.get_running_loop()
    opened = []
    for _ in range(number):
        _, one = await loop.create_connection(
            lambda: Subscriber(f"{host}:{port}", token, after, heard), host, port
        )
        opened.append(one)
    try:
        await asyncio.wait_for(asyncio.gather(*(one.live for one in opened)), 60)
    except TimeoutError:
        faults = [fault for one in opened for fault in one.faults]
        raise SystemExit(f"Not all went live: {faults[:3]}") from None
    return opened
