"""The port of the figures: `/metrics` and nothing else, of all processes of a server.

It is served by a thread of the process that was started, so that it answers while requests are
many, and while processes end and others take their place.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Final

import uvicorn
from starlette.applications import Starlette

from routes.metrics import metrics_route
from serving.address import listening
from serving.connections import connections
from settings import Settings

# A scrape that is under way may take so long to end.
END_SECONDS: Final = 2


@contextmanager
def metrics_port(settings: Settings, url: str) -> Iterator[None]:
    """Serve the figures at METRICS_PORT, where it is set, for as long as the context lasts.

    Raises `AddressError` where the port cannot be had.
    """
    if settings.metrics_port is None:
        yield
        return
    with listening(settings.metrics_host, settings.metrics_port) as listener:
        config = uvicorn.Config(
            Starlette(routes=[metrics_route(settings, url)]),
            access_log=False,
            server_header=False,
            log_config=None,
            lifespan="off",
            http=connections(settings),
            ws="none",
            timeout_graceful_shutdown=END_SECONDS,
        )
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, args=([listener],), name="metrics", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(END_SECONDS + 1)
