"""One request and its answer; what comes or leaves whole takes less than uvicorn makes of it."""

import asyncio
import logging
from functools import cached_property
from typing import Any, Final

from starlette.types import Message
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from schema.requests import WHOLE_BODY
from schema.responses import WHOLE_ANSWER

# The line of a header, which is a name and a value.
_line: Final = b"%b: %b\r\n".__mod__


class Exchange(RequestResponseCycle):
    """uvicorn's cycle of a request, with a short way for what is as most requests are.

    A body that is there by now is taken without waiting for it, and an answer that comes whole
    leaves in one write.
    """

    logger = logging.getLogger("uvicorn.error")
    access_logger = logging.getLogger("uvicorn.access")
    access_log = False
    disconnected = False
    more_body = True
    response_started = False
    response_complete = False
    chunked_encoding: bool | None = None
    expected_content_length = 0
    # Whether anybody has waited for more of the request, and whether its body was taken at once.
    waited = False
    _taken = False

    def __init__(self, connection: HttpToolsProtocol, scope: Any, *, keep_alive: bool) -> None:  # noqa: ANN401 - ASGI's
        # In place of uvicorn's own, which sets twice as much of every request.
        self.scope = scope
        self.transport = connection.transport
        self.flow = connection.flow
        self.default_headers = connection.server_state.default_headers
        self.on_response = connection.on_response_complete
        self.keep_alive = keep_alive
        self.body = bytearray()
        scope[WHOLE_BODY] = self.whole_body

    @cached_property
    @override
    def message_event(self) -> asyncio.Event:  # type: ignore[override] # it can be written
        """Tells who waits for the request that more of it has come, or that the client has gone."""
        self.waited = True
        event = asyncio.Event()
        if self.body or not (self.more_body or self._taken):
            event.set()
        return event

    @cached_property
    @override
    def waiting_for_100_continue(self) -> bool:  # type: ignore[override] # as above
        """Whether the client sends a body only once it is told to."""
        return any(
            name == b"expect" and value.lower() == b"100-continue"
            for name, value in self.scope["headers"]
        )

    def whole_body(self) -> bytes | None:
        """Take the body, if all of it is there and so is the client."""
        if self.more_body or self.disconnected:
            return None
        self.flow.resume_reading()
        self._taken = True
        body, self.body = bytes(self.body), bytearray()
        if self.waited:
            self.message_event.clear()
        return body

    @override
    async def send(self, message: Any) -> None:
        """Take a message of ASGI; a start that brings the whole body along leaves with it."""
        body = message.get(WHOLE_ANSWER)
        if body is None:
            await super().send(message)
        elif (head := self._head(message)) is None:
            message["headers"].append((b"content-length", b"%d" % len(body)))
            await super().send(message)
            await super().send({"type": "http.response.body", "body": body, "more_body": False})
        else:
            self.response_started = self.response_complete = True
            self.waiting_for_100_continue = False
            if self.waited:
                self.message_event.set()
            length = b"content-length: %d\r\n\r\n" % len(body)
            self.transport.writelines((head, length, body))
            self.on_response()

    def _head(self, start: Message) -> bytes | None:
        """Return the head of a whole answer but for its size; None where uvicorn sees to more."""
        if (
            not self.keep_alive
            or self.disconnected
            or self.response_started
            or self.flow.write_paused
            or self.scope["method"] == "HEAD"
        ):
            return None
        headers = [*self.default_headers, *start["headers"]]
        lines = b"".join(map(_line, headers))
        # uvicorn closes where that is asked for, and refuses what would begin another header.
        if (
            b"connection:" in lines
            or lines.count(b"\n") != len(headers)
            or lines.count(b"\r") != len(headers)
        ):
            return None
        return STATUS_LINE[start["status"]] + lines
