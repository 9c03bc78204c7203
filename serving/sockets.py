"""The sockets of the server: uvicorn's, with what many streams and slow clients need more."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

SEND_MANY: Final = "websocket.send.many"

_TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
# An answer that succeeded, and one that tells its size, as all but streams do.
_HEAD: Final = b"HTTP/1.1 2"
_SIZED: Final = b"\r\ncontent-length: "
_TEXT: Final = 0x81  # the first byte of a text frame that is whole
_SHORT, _MEDIUM = 126, 1 << 16


class Joining:
    """A transport whose answers leave whole: uvicorn writes the head and the body of one apart."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the transport has it
        """Return what else a transport has."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write, or keep the head of an answer for its body, which is known to follow at once."""
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.writelines((head, data))
        elif data.startswith(_HEAD) and _SIZED in data:
            self._head = data
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Write the head that no body follows."""
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.write(head)

    def close(self) -> None:
        """Write what was kept, and close."""
        self.flush()
        self._transport.close()


class Connections(HttpToolsProtocol):
    """Writes answers whole, and closes a connection whose client does not say what it wants.

    uvicorn waits for ever for the first byte, and for the end of a header.
    """

    def __init__(self, *arguments: Any, header_seconds: float, **options: Any) -> None:  # noqa: ANN401 - what uvicorn gives
        super().__init__(*arguments, **options)
        self._seconds = header_seconds
        self._timer: asyncio.TimerHandle | None = None
        self._in_header = False
        self._upgraded = False

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(Joining(transport))  # type: ignore[arg-type] # it is as good as one
        self._wait()

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # Most requests come whole, and need no timer.
        if self._timer is None and not self._upgraded and (self._in_header or not self._is_busy()):
            self._wait()

    @override
    def on_message_begin(self) -> None:
        self._in_header = True
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        self._in_header = False
        self._forget()
        super().on_headers_complete()

    @override
    def on_response_complete(self) -> None:
        self.transport.flush()  # type: ignore[attr-defined] # what `connection_made` was given
        super().on_response_complete()

    @override
    def handle_websocket_upgrade(self) -> None:
        self._upgraded = True
        super().handle_websocket_upgrade()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _is_busy(self) -> bool:
        return bool(self.cycle) and not self.cycle.response_complete

    def _wait(self) -> None:
        self._timer = self.loop.call_later(self._seconds, self._expire)

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._timer = None
        if self._is_busy():  # with what was asked before
            self._wait()
            return
        if self._in_header and not self.transport.is_closing():
            self.transport.write(_TOO_SLOW)
        self.transport.close()


class Sockets(WebSocketsSansIOProtocol):
    """Sends several frames in one write, and closes at once a socket that nobody reads."""

    @override
    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self.scope["extensions"][SEND_MANY] = {"is_writable": self.writable.is_set}

    @override
    async def send(self, message: Any) -> None:
        if message["type"] == SEND_MANY:
            await self.writable.wait()
            if self.disconnected:
                raise ClientDisconnected
            if not self.close_sent and not self.transport.is_closing():
                self.transport.write(b"".join(_framed(message["texts"])))
            return
        if message["type"] == "websocket.close":
            self.writable.set()
        await super().send(message)


def _framed(texts: Iterable[bytes]) -> Iterable[bytes]:
    """Yield texts as the frames of a server: neither masked nor compressed."""
    for text in texts:
        length = len(text)
        if length < _SHORT:
            yield bytes((_TEXT, length))
        elif length < _MEDIUM:
            yield bytes((_TEXT, 126)) + length.to_bytes(2, "big")
        else:
            yield bytes((_TEXT, 127)) + length.to_bytes(8, "big")
        yield text
