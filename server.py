"""The server: how it is started, and what it does before it listens to anybody."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final, NoReturn

import typer
import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

import settings as configuration
from application import application
from database import DatabaseUnusableError, EmbeddedError, connected, provided, run_migrations
from demo import demo_tokens, write_demo
from mail import Catcher, catching_beside
from observing import log_to_stderr
from routes.metrics import FOLDER
from schema import schema
from schema.trusted import TrustedDocumentsError
from serving.address import AddressError, listening
from serving.banner import banner
from serving.connections import connections
from serving.metrics_port import metrics_port
from serving.sockets import Sockets
from settings import Settings
from settings.mail import SmtpTls

# Of SHUTDOWN_SECONDS, what is left for the end itself when the requests have had their time.
END_SECONDS: Final = 1
# A larger frame closes its websocket, 1009; one past MAX_BODY_BYTES is refused, and no more.
LARGEST_FRAME: Final = 1_000_000


def worker() -> ASGIApp:
    """Return the application of one of several processes, from the environment alone."""
    settings = configuration.settings_or_exit()
    log_to_stderr(settings)
    if settings.database_url is None:
        raise RuntimeError("a worker is given its database")
    return application(settings, settings.database_url.get_secret_value())


@contextmanager
def catcher_beside(settings: Settings) -> Iterator[Catcher | None]:
    """Run the demo's catch-all mail server, unless there is a real one."""
    if not settings.is_demo or settings.smtp_host is not None:
        yield None
        return
    with catching_beside() as catcher:
        yield catcher


async def prepare(settings: Settings, url: str, *, mail: bool) -> str:
    """Bring the database to head, write the demo, and return what the start prints."""
    await run_migrations(url)
    address = settings.address
    if not settings.is_demo:
        return banner(address)
    async with connected(url, 1):
        await write_demo()
        return banner(address, await demo_tokens(), mail=mail)


def _end(*_: object) -> NoReturn:
    """Turn a signal into an orderly end, so that all that was opened is closed."""
    raise SystemExit(0)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; else HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen on; else PORT.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Number of processes.")] = 1,
) -> None:
    """Serve until told to stop; exit with code 1 where the address or the database is no good."""
    settings = configuration.settings_or_exit()
    log_to_stderr(settings)
    place = {"host": host or settings.host, "port": port or settings.port}
    settings = settings.model_copy(update=place)
    try:
        schema.limit(settings)
    except TrustedDocumentsError as error:
        print(f"TRUSTED_DOCUMENTS: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _end)
    try:
        with (
            listening(settings.host, settings.port) as listener,
            provided(settings) as url,
            catcher_beside(settings) as catcher,
        ):
            settings = settings.model_copy(update=_beside(settings, catcher))
            # Letters are kept in this process; of several, they are read in the terminal only.
            mail = catcher is not None and workers == 1
            print(asyncio.run(prepare(settings, url, mail=mail)), flush=True)
            with sharing_figures(settings, workers), metrics_port(settings, url):
                _run(settings, url, catcher, listener, workers)
    except (AddressError, DatabaseUnusableError, EmbeddedError) as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from error


@contextmanager
def sharing_figures(settings: Settings, workers: int) -> Iterator[None]:
    """Give several processes a folder in which they keep their figures together."""
    if workers == 1 or not settings.has_metrics:
        yield
        return
    with TemporaryDirectory(prefix="offboarding-metrics-", ignore_cleanup_errors=True) as folder:
        os.environ[FOLDER] = folder
        yield


def _beside(settings: Settings, catcher: Catcher | None) -> dict[str, object]:
    """Return the settings that follow from where we listen and what runs beside us."""
    found: dict[str, object] = {}
    if catcher is not None:
        found |= {"smtp_host": catcher.host, "smtp_port": catcher.port}
        found |= {"smtp_tls": SmtpTls.NONE, "smtp_username": None, "smtp_password": None}
    if "task_url" not in settings.model_fields_set:
        found["task_url"] = f"{settings.address}/tasks/{{id}}"
    return found


def _run(
    settings: Settings, url: str, catcher: Catcher | None, listener: socket.socket, workers: int
) -> None:
    common: dict[str, Any] = {
        "access_log": False,
        # `application` asks for them where there are any.
        "proxy_headers": False,
        "server_header": False,
        "log_config": None,
        "timeout_graceful_shutdown": max(1, settings.shutdown_seconds - END_SECONDS),
        "http": connections(settings),
        "ws": Sockets,
        "ws_max_size": LARGEST_FRAME,
        "ws_ping_interval": settings.keep_alive_seconds,
        "ws_per_message_deflate": False,
        # A process that starts on a busy machine is not taken for one that hangs.
        "timeout_worker_healthcheck": 20,
    }
    if workers == 1:
        config = uvicorn.Config(application(settings, url, catcher), **common)
        uvicorn.Server(config).run([listener])
        return
    # The processes read their settings from the environment, as any process does.
    demo = str(settings.is_demo).lower()
    os.environ.update(DATABASE_URL=url, DEMO=demo, TASK_URL=settings.task_url)
    os.environ.update(HOST=settings.host, PORT=str(settings.port))
    if settings.smtp_host is not None:
        os.environ.update(SMTP_HOST=settings.smtp_host, SMTP_PORT=str(settings.smtp_port))
    config = uvicorn.Config("server:worker", factory=True, workers=workers, **common)
    Multiprocess(config, [listener]).run()


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(serve)
    app()
