"""Requests as operators see them: an id in and out, a line in the log, and their durations."""

import asyncio
import re
import sys
from collections.abc import Awaitable, Mapping, MutableMapping
from datetime import UTC, datetime
from itertools import count
from secrets import token_hex
from time import perf_counter, time
from typing import Any, Final, NamedTuple

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from observing import tracing
from observing.figures import REQUEST_ERRORS, observe
from observing.logs import log_fault, request_id
from observing.places import BAD, QUIET, path_told, route_of

HEADER: Final = b"x-request-id"
GOOD_ID: Final = re.compile(rb"[\w.:-]{1,64}", re.ASCII)
# Set in the scope of a request by who has seen to an exception that goes on to us.
TOLD: Final = "fault_told"

FLUSH_SECONDS: Final = 0.1
_NO_SPANS: Final[Mapping[str, str]] = {}


class Line(NamedTuple):
    """What the log tells of a request: never its variables, its query string or its headers."""

    ended: float
    id: str
    method: str
    path: str
    status: int
    seconds: float
    asked: Mapping[str, Any]
    spans: Mapping[str, str]

    def json(self) -> bytes:
        """Return the line itself."""
        return orjson.dumps(
            {
                "event": "request",
                "level": "info",
                "timestamp": datetime.fromtimestamp(self.ended, UTC),
                "request_id": self.id,
                "method": self.method,
                "path": path_told(self.path, self.status),
                "status": self.status,
                "ms": round(self.seconds * 1_000, 2),
                **self.asked,
                **self.spans,
            },
            default=str,
            option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z,
        )


_waiting: list[Line] = []


def _write(line: Line) -> None:
    """Write a line soon, with those that come meanwhile: one by one would take twice as long."""
    if not _waiting:
        asyncio.get_running_loop().call_later(FLUSH_SECONDS, flush)
    _waiting.append(line)


def flush() -> None:
    """Write the lines that wait."""
    lines = _waiting.copy()
    # First, so that those that come later are written whatever becomes of these.
    _waiting.clear()
    sys.stderr.buffer.write(b"".join([line.json() for line in lines]))
    sys.stderr.buffer.flush()


class Observed:
    """An application whose requests are counted and, where wanted, logged."""

    def __init__(self, app: ASGIApp, *, log: bool) -> None:
        self.app = app
        self.log = log
        self._prefix = token_hex(6)
        self._numbers = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status, path = perf_counter(), 0, scope["path"]
        id = self._id_of(scope)
        request_id.set(id)

        def told(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((HEADER, id.encode()))
            return send(message)

        try:
            await self.app(scope, receive, told)
        except Exception as error:
            if TOLD not in scope:
                log_fault(error)
            # What is cut off half-way is closed by who called us.
            if not status:
                raise
        finally:
            seconds = perf_counter() - started
            asked: MutableMapping[str, Any] = scope.get("asked", {})
            if path == "/graphql" and "stream" not in asked:
                observe(asked, seconds)
            if status >= BAD:
                REQUEST_ERRORS.labels(route_of(path), status).inc()
            if self.log and (path not in QUIET or status >= BAD):
                spans = _NO_SPANS if tracing.spans is None else tracing.spans.ids()
                _write(Line(time(), id, scope["method"], path, status, seconds, asked, spans))

    def _id_of(self, scope: Scope) -> str:
        """Return the id that came along, or a new one."""
        if HEADER in dict(scope["headers"]):
            for name, value in scope["headers"]:
                if name == HEADER and GOOD_ID.fullmatch(value):
                    return str(value, "ascii")
        return f"{self._prefix}-{next(self._numbers):x}"
