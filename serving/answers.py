"""Answers that come whole leave in one write; uvicorn writes the head and the body of one apart."""

from collections.abc import Awaitable
from functools import partial
from typing import Any, Final

from starlette.types import Message
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from schema.requests import WHOLE_BODY

# Headers that say how the body is sent, or whether the connection stays: uvicorn sees to them.
_OF_THE_CONNECTION: Final = frozenset({b"connection", b"transfer-encoding"})
# The line of a header, which is a name and a value.
_line: Final = b"%b: %b\r\n".__mod__


class Answer:
    """The answer to one request: a head that tells a size is kept until its body follows."""

    __slots__ = ("_cycle", "_head", "_length", "_start")

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._start: Message | None = None

    async def send(self, message: Any) -> None:  # noqa: ANN401 - as uvicorn and Starlette both call it
        """Take a message of ASGI, and write the whole answer if it is one by now."""
        cycle, start = self._cycle, self._start
        if start is not None:
            self._start = None
            if self._is_whole(message):
                self._write(message.get("body", b""))
                return
            await cycle.send(start)  # type: ignore[arg-type] # a message, as Starlette types it
        elif message["type"] == "http.response.start" and not cycle.response_started:
            self._length, self._head = _head(cycle, message)
            if self._length is not None:
                self._start = message
                return
        await cycle.send(message)

    def _is_whole(self, message: Message) -> bool:
        """Return whether a message is all that the head tells of, and there is only to write."""
        cycle = self._cycle
        return (
            self._length == b"%d" % len(message.get("body", b""))
            and not message.get("more_body", False)
            and cycle.keep_alive
            and not cycle.disconnected
            and not cycle.flow.write_paused
            and cycle.scope["method"] != "HEAD"
        )

    def _write(self, body: bytes) -> None:
        """Do all that uvicorn does at the end of an answer."""
        cycle = self._cycle
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.message_event.set()
        cycle.transport.writelines((self._head, body))
        cycle.on_response()


def _head(cycle: RequestResponseCycle, start: Message) -> tuple[bytes | None, bytes]:
    """Return the size that an answer tells and its head; no size where uvicorn is to see to it."""
    headers = [*cycle.default_headers, *start["headers"]]
    values = dict(headers)
    length = values.get(b"content-length")
    if length is None or not _OF_THE_CONNECTION.isdisjoint(values):
        return None, b""
    head = b"".join([STATUS_LINE[start["status"]], *map(_line, headers), b"\r\n"])
    lines = len(headers) + 2
    # More lines than headers: uvicorn refuses what would end one.
    return length if head.count(b"\n") == head.count(b"\r") == lines else None, head


def _whole_body(cycle: RequestResponseCycle) -> bytes | None:
    """Return the body if all of it is there, and the client is, too; do all that uvicorn does."""
    if cycle.more_body or cycle.disconnected:
        return None
    cycle.flow.resume_reading()
    cycle.message_event.clear()
    body, cycle.body = bytes(cycle.body), bytearray()
    return body


def answered(
    cycle: RequestResponseCycle,
    app: ASGI3Application,
    scope: Any,  # noqa: ANN401 - as uvicorn types it
    receive: Any,  # noqa: ANN401 - as above
    _send: Any,  # noqa: ANN401 - as above
) -> Awaitable[None]:
    """Let an application answer a request of uvicorn's, whose body most often is there by now."""
    scope[WHOLE_BODY] = partial(_whole_body, cycle)
    return app(scope, receive, Answer(cycle).send)
