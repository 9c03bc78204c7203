"""Requests as operators see them: an id in and out, a line in the log, and their durations."""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from itertools import count
from secrets import token_hex
from time import perf_counter
from typing import Any, Final

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

Write = Callable[[bytes], object]


FLUSH_SECONDS: Final = 0.1

_waiting: list[bytes] = []


def _to_stderr(line: bytes) -> None:
    """Write a line soon, together with those that come meanwhile."""
    if not _waiting:
        asyncio.get_running_loop().call_later(FLUSH_SECONDS, flush)
    _waiting.append(line)


def flush() -> None:
    """Write the lines that wait."""
    sys.stderr.buffer.write(b"".join(_waiting))
    sys.stderr.buffer.flush()
    _waiting.clear()


class Observed:
    """An application whose requests are counted and, where wanted, logged."""

    def __init__(self, app: ASGIApp, *, log: bool, write: Write = _to_stderr) -> None:
        self.app = app
        self.log = log
        self.write = write
        self._prefix = token_hex(6)
        self._numbers = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = perf_counter(), 0
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
            if scope["path"] == "/graphql" and "stream" not in asked:
                observe(asked, seconds)
            if status >= BAD:
                REQUEST_ERRORS.labels(route_of(scope["path"]), status).inc()
            if self.log and (scope["path"] not in QUIET or status >= BAD):
                self.write(_line(scope, asked, id, status, seconds))

    def _id_of(self, scope: Scope) -> str:
        """Return the id that came along, or a new one."""
        for name, value in scope["headers"]:
            if name == HEADER and GOOD_ID.fullmatch(value):
                return str(value, "ascii")
        return f"{self._prefix}-{next(self._numbers):x}"


def _line(
    scope: Scope, asked: MutableMapping[str, Any], id: str, status: int, seconds: float
) -> bytes:
    """Return the line about a request: never its variables, its query string or its headers."""
    return orjson.dumps(
        {
            "event": "request",
            "level": "info",
            "timestamp": datetime.now(UTC),
            "request_id": id,
            "method": scope["method"],
            "path": path_told(scope["path"], status),
            "status": status,
            "ms": round(seconds * 1_000, 2),
            **asked,
            **({} if tracing.spans is None else tracing.spans.ids()),
        },
        default=str,
        option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z,
    )
