"""The websockets of the server: uvicorn's, with what many streams need more."""

from collections.abc import Iterable
from typing import Any, Final

from typing_extensions import override
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

SEND_MANY: Final = "websocket.send.many"

_TEXT: Final = 0x81  # the first byte of a text frame that is whole
_SHORT, _MEDIUM = 126, 1 << 16


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
