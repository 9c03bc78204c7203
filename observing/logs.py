"""The log: one line of JSON an event, on standard error; no variable, token or personal data."""

import logging
import re
import sys
from contextvars import ContextVar
from typing import Any, Final
from uuid import uuid4

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger
from typing_extensions import override

from observing import tracing
from observing.figures import FAULTS
from settings import Settings

PLAIN: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# PostgreSQL quotes the row that offends, and the driver the value, which may be about somebody and
# may have several lines: all is left out up to the exception that came of it, or to the end.
QUOTED: Final = re.compile(
    r"(DETAIL: |invalid input [^:\n]*: ).*?(?=\n\n(?:The above exception|During handling)|\Z)",
    re.DOTALL,
)

logger = logging.getLogger(__name__)

request_id: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)


def _json(event: EventDict, **_: Any) -> str:  # noqa: ANN401 - what structlog passes to a serializer
    return orjson.dumps(event, default=str).decode()


def _with_request(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if (id := request_id.get()) is not None:
        event["request_id"] = id
    if tracing.spans is not None:
        event.update(tracing.spans.ids())
    return event


def without_rows(text: str) -> str:
    """Return a traceback without the rows and values that are quoted in it."""
    return QUOTED.sub(r"\1(left out)", text)


def _without_rows(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for name in ("event", "exception"):
        if isinstance(event.get(name), str):
            event[name] = without_rows(event[name])
    return event


class PlainFormatter(logging.Formatter):
    """Writes lines for people, and leaves out what PostgreSQL quotes."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return without_rows(super().format(record))


def _formatter(*, as_json: bool) -> logging.Formatter:
    if not as_json:
        return PlainFormatter(PLAIN)
    always: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_request,
        structlog.processors.format_exc_info,
        _without_rows,
    ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=always,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(serializer=_json),
        ],
    )


def log_to_stderr(settings: Settings) -> None:
    """Let everything that is logged go to standard error, in the form that is set."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(as_json=settings.logs_json))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # It tells of each pool that is closed, as commands and a start do before anything else.
    logging.getLogger("tortoise").setLevel(logging.WARNING)


def log_fault(error: BaseException, at: str = "") -> str:
    """Log a fault of ours with all that is known of it; return the id, all that others are told."""
    id = uuid4().hex
    FAULTS.inc()
    if tracing.spans is not None:
        tracing.spans.fail("INTERNAL")
    logger.error("fault %s%s", id, f" at {at}" if at else "", exc_info=error)
    return id
