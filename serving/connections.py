"""The connections of the server: uvicorn's, with what slow and greedy clients need more."""

import asyncio
from functools import partial
from typing import Any, Final

from typing_extensions import override

from serving.requests import Requests
from settings.limits import Limits

_EMPTY: Final = b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout" + _EMPTY
_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large" + _EMPTY


class Connections(Requests):
    """Closes a connection whose client does not say what it wants.

    uvicorn waits for ever for the first byte, and for the end of headers, however large they are.
    """

    def __init__(
        self,
        *arguments: Any,  # noqa: ANN401 - what uvicorn gives
        header_seconds: float,
        header_bytes: int,
        **options: Any,  # noqa: ANN401 - as above
    ) -> None:
        super().__init__(*arguments, **options)
        self._seconds = header_seconds
        self._most = header_bytes
        # Of a client that is to say what it wants, and of one that rests between two requests.
        self._timer: asyncio.TimerHandle | None = None
        self._rest_timer: asyncio.TimerHandle | None = None
        self._rests_since = 0.0
        self._upgraded = False
        # What the last read held.
        self._last = 0

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self._wait()

    @override
    def data_received(self, data: bytes) -> None:
        self._last = len(data)
        if self._in_header or self._in_trailer:
            self._endless += self._last
        super().data_received(data)
        if self._in_header or self._in_trailer or not self._is_busy():
            self._look()

    def _look(self) -> None:
        """Look after a client that has not said what it wants; most requests come whole."""
        self._rests_since = self.loop.time()
        if self._endless > self._most and (self._in_header or self._in_trailer):
            self._refuse()
        if self._timer is None and not self._upgraded and (self._in_header or not self._is_busy()):
            self._wait()

    @override
    def on_headers_complete(self) -> None:
        self._forget()
        if self._endless + self._last > self._most and self._size() > self._most:
            raise ValueError("headers are too large")
        super().on_headers_complete()

    @override
    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        # One timer for many rests, where uvicorn sets and cancels one for each.
        self._rests_since = self.loop.time()
        if self._rest_timer is None:
            self._rest(self.timeout_keep_alive)

    def _rest(self, seconds: float) -> None:
        self._rest_timer = self.loop.call_later(seconds, self._end_rest)

    def _end_rest(self) -> None:
        self._rest_timer = None
        if self._in_header or self._is_busy():  # the end of the next answer sets it again
            return
        left = self._rests_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._rest(left)
        else:
            self.transport.close()

    @override
    def send_400_response(self, msg: str) -> None:
        if self._in_header and self._size() > self._most:
            self._refuse()
        else:
            super().send_400_response(msg)

    @override
    def handle_websocket_upgrade(self) -> None:
        self._upgraded = True
        self._wake()
        super().handle_websocket_upgrade()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        self._wake()
        super().connection_lost(exc)

    def _size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _refuse(self) -> None:
        if not self._is_busy() and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
        self.transport.close()

    def _wait(self) -> None:
        self._timer = self.loop.call_later(self._seconds, self._expire)

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        if self._rest_timer is not None:
            self._rest_timer.cancel()
            self._rest_timer = None

    def _expire(self) -> None:
        self._timer = None
        if self._is_busy():  # with what was asked before
            self._wait()
            return
        if self._in_header and not self.transport.is_closing():
            self.transport.write(_TOO_SLOW)
        self.transport.close()


def connections(limits: Limits) -> Any:  # noqa: ANN401 - what uvicorn takes for a class
    """Return what makes the connections of a server that holds its clients to these limits."""
    return partial(
        Connections, header_seconds=limits.header_seconds, header_bytes=limits.max_header_bytes
    )
