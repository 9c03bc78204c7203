"""Tracing: what an operation waited for, told to a collector, where one is set.

Until then `spans` is None, nothing of OpenTelemetry is imported, and a look at `spans` is all that
it costs.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from observing.places import QUIET, route_of
from settings import Settings

if TYPE_CHECKING:
    from observing.spans import Spans

MISSING: Final = (
    "No trace leaves: OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed."
    " Install what requirements-tracing.lock lists."
)
FAULTS_FROM: Final = 500
OURS: Final = frozenset({"INTERNAL", "OVERLOADED", "TIMEOUT", "UNAVAILABLE"})

logger = logging.getLogger(__name__)

spans: "Spans | None" = None


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[None]:
    """Trace this process, where OTEL_EXPORTER_OTLP_ENDPOINT is set, for as long as this lasts."""
    global spans  # noqa: PLW0603 - one for the process
    if settings.traces_endpoint is None:
        yield
        return
    try:
        from observing.spans import Spans  # noqa: PLC0415 - its packages are an extra
    except ImportError:
        logger.warning(MISSING)
        yield
        return
    spans = Spans(settings.traces_endpoint, settings.otel_service_name)
    try:
        yield
    finally:
        ending, spans = spans, None
        await ending.end()


def served_span(name: str) -> AbstractContextManager[object]:
    """Return a span of something that we serve."""
    return nullcontext() if spans is None else spans.span(name, {}, served=True)


def asked_span(name: str, attributes: Mapping[str, str | int]) -> AbstractContextManager[object]:
    """Return a span of something that we ask of others."""
    return nullcontext() if spans is None else spans.span(name, attributes, served=False)


def headers() -> Mapping[str, str]:
    """Return the headers by which the current trace goes on with others."""
    return {} if spans is None else spans.headers()


class Traced:
    """An application whose requests have a span each, as has each operation on a websocket."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one websocket, within the trace that came along."""
        if spans is None or scope["type"] == "lifespan" or scope["path"] in QUIET:
            await self.app(scope, receive, send)
            return
        with spans.continued(scope["headers"]):
            if scope["type"] == "http":
                await self._answer(spans, scope, receive, send)
            else:
                await self.app(scope, receive, send)

    async def _answer(self, spans: "Spans", scope: Scope, receive: Receive, send: Send) -> None:
        status = 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        route, method = route_of(scope["path"]), scope["method"]
        about = {"http.request.method": method, "http.route": route}
        with spans.span(f"{method} {route}", about, served=True) as span:
            await self.app(scope, receive, told)
            span.set_attribute("http.response.status_code", status)
            code = scope.get("asked", {}).get("code")
            if code is not None or status >= FAULTS_FROM:
                fault = code in OURS or status >= FAULTS_FROM
                spans.fail(code or str(status), fault=fault)
