"""The ASGI application: its routes, and what runs beside them."""

import gc
import os
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from auth import Issuers, Origins
from auth.origins import headers_of
from database import connected
from events import feeding
from exporting import export_routes
from mail import Catcher
from observing import Observed, flush, tracing
from rates import Rates, sharing
from routes.change_feed import change_feed_routes
from routes.explorer import explorer_routes
from routes.health import health_routes
from routes.letters import mail_routes, unsubscribe_routes
from routes.metrics import metrics_routes
from routes.pages import mishap_page
from routes.tasks import task_routes
from schema import schema
from schema.endpoint import GraphQLEndpoint
from schema.streams import Streams
from schema.websocket import GraphQLSocket
from serving.signals import told_first
from serving.watching import watching
from settings import Settings
from sign_in import sign_in_routes
from worker import working

# Of the pool, left for what is no operation: to find out who asks, letters, exports.
SPARE_CONNECTIONS: Final = 2
# The headers in which a proxy tells of whom it speaks for, as far as uvicorn reads them.
_FORWARDED: Final = frozenset({b"x-forwarded-for", b"x-forwarded-proto"})


def application(settings: Settings, url: str, catcher: Catcher | None = None) -> ASGIApp:
    """Return the application of one process."""
    schema.limit(settings, max(1, settings.database_pool_size - SPARE_CONNECTIONS))
    origins, streams = Origins.of(settings), Streams.of(settings)
    signing_in = sign_in_routes(settings, origins)
    rates = Rates(settings.requests_per_minute, settings.failures_per_minute)
    endpoint = GraphQLEndpoint(settings, streams, rates)
    routes: list[BaseRoute] = [
        Route("/graphql", endpoint),
        WebSocketRoute("/graphql", GraphQLSocket(streams, rates)),
        *explorer_routes(settings, sign_in=bool(signing_in), mail=catcher is not None),
        *health_routes(),
        *metrics_routes(settings, url),
        *signing_in,
        *change_feed_routes(streams, rates),
        *export_routes(rates),
        *task_routes(),
        *unsubscribe_routes(),
        *(mail_routes(catcher) if catcher is not None else []),
    ]
    app = Starlette(
        routes=routes,
        lifespan=lambda _: running(settings, url, streams, rates),
        exception_handlers={Exception: mishap_page},
    )
    app.state.origins, app.state.issuers = origins, Issuers(settings.oidc_issuers or ())
    whole = behind_proxy(cors(settings, ahead(app, endpoint)))
    observed = Observed(whole, log=settings.logs_requests)
    return observed if settings.traces_endpoint is None else tracing.Traced(observed)


@asynccontextmanager
async def running(
    settings: Settings, url: str, streams: Streams, rates: Rates
) -> AsyncIterator[None]:
    """Run what a process does beside its requests, for as long as the context lasts."""
    pool = connected(url, settings.database_pool_size, settings.operation_seconds)
    feeds = feeding(url, settings.subscriber_buffer)
    async with (
        tracing.running(settings),
        pool,
        feeds as feed,
        working(settings) as stop_working,
        watching(streams, feed),
        sharing(rates),
    ):
        # What is there by now stays; the collector need not look at it in every round.
        gc.collect()
        gc.freeze()
        with told_first(feed.stop, stop_working):
            yield
        flush()


def ahead(app: Starlette, endpoint: ASGIApp) -> ASGIApp:
    """Return an application whose GraphQL does not go through Starlette's layers, which take time.

    The endpoint tells of its errors itself, and no route but its own begins as it does.
    """

    def answer(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http" and scope["path"] == "/graphql":
            scope["app"] = app
            return endpoint(scope, receive, send)
        return app(scope, receive, send)

    return answer


def behind_proxy(app: ASGIApp) -> ASGIApp:
    """Return an application that knows callers by what a proxy that is trusted says of them.

    It is uvicorn's way, and its setting FORWARDED_ALLOW_IPS, taken where a proxy says anything.
    """
    proxied = ProxyHeadersMiddleware(app, os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1"))  # type: ignore[arg-type] # the same protocol, typed twice

    def answer(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if "headers" in scope and not _FORWARDED.isdisjoint(headers_of(scope)):
            return proxied(scope, receive, send)  # type: ignore[arg-type] # as above
        return app(scope, receive, send)

    return answer


def cors(settings: Settings, app: ASGIApp) -> ASGIApp:
    """Return an application that front ends on the sites that are named may call, if any are."""
    if not settings.origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=settings.origins,
        allow_methods=["GET", "POST"],
        allow_headers=[
            *("Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID"),
            *("X-Request-ID", "traceparent", "tracestate"),
        ],
        expose_headers=["Idempotency-Replayed", "Retry-After", "X-Request-ID", "X-Total-Count"],
        allow_credentials=True,
        max_age=3600,
    )
