"""Figures for Prometheus, behind a token: of this process, or of all that share a folder."""

import asyncio
import hmac
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from database import fetch_text, pool_figures
from settings import Settings

# Names are the clients' to choose: so many are told apart, and no more.
MOST_NAMES: Final = 100
OTHER: Final = "(other)"
UNNAMED: Final = "(unnamed)"
WATCH_SECONDS: Final = 5.0

_BACKLOG: Final = """
select concat_ws(' ', count(*), coalesce(extract(epoch from now() - min(created_at)), 0))
from outgoing_mail where status = 'QUEUED' and due_at <= now()
"""

REGISTRY: Final = CollectorRegistry()
DURATION: Final = Histogram(
    "offboarding_operation_seconds",
    "Time that operations took.",
    ["operation"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
ERRORS: Final = Counter(
    "offboarding_operation_errors", "Errors told.", ["operation", "code"], registry=REGISTRY
)
CONNECTIONS: Final = Gauge(
    "offboarding_pool_connections",
    "Connections to the database.",
    ["state"],
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
STREAMS: Final = Gauge(
    "offboarding_streams",
    "Websockets and streams that are open.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)

_durations: dict[str, Any] = {}


def observe(asked: Mapping[str, Any], seconds: float) -> None:
    """Count an operation; `asked` holds its name, and the code of its first error."""
    name = asked.get("operation") or UNNAMED
    duration = _durations.get(name)
    if duration is None:
        if len(_durations) >= MOST_NAMES:
            name = OTHER
        duration = _durations.setdefault(name, DURATION.labels(name))
    duration.observe(seconds)
    if "code" in asked:
        ERRORS.labels(name, asked["code"]).inc()


@asynccontextmanager
async def watching(streams: Any) -> AsyncIterator[None]:  # noqa: ANN401 - whatever counts them
    """Keep the figures that no request changes, for as long as the context lasts."""

    async def watch() -> None:
        while True:
            size, idle = pool_figures()
            CONNECTIONS.labels("idle").set(idle)
            CONNECTIONS.labels("busy").set(size - idle)
            STREAMS.set(streams.open)
            await asyncio.sleep(WATCH_SECONDS)

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call] # the package types it not
    return shared


async def _backlog() -> bytes:
    """Return the figures of the outbox, which are the database's."""
    registry = CollectorRegistry()
    depth = Gauge("offboarding_outbox_due", "Letters that are due.", registry=registry)
    oldest = Gauge(
        "offboarding_outbox_oldest_seconds", "Age of the oldest of them.", registry=registry
    )
    number, age = (await fetch_text(_BACKLOG, []) or "0 0").split()
    depth.set(int(number))
    oldest.set(float(age))
    return generate_latest(registry)


def metrics_routes(settings: Settings) -> list[BaseRoute]:
    """Return the route of the figures, where a token is set that they are behind."""
    if settings.metrics_token is None:
        return []
    expected = f"Bearer {settings.metrics_token.get_secret_value()}".encode()

    async def metrics(request: Request) -> Response:
        shown = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(shown, expected):
            return Response(status_code=401, headers={"www-authenticate": "Bearer"})
        figures = generate_latest(_registry()) + await _backlog()
        return Response(figures, media_type="text/plain; version=0.0.4; charset=utf-8")

    return [Route("/metrics", metrics)]
