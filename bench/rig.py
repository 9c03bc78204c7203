"""What the benchmarks share: a filled database, a started server, a load on it."""

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import auth  # noqa: E402 - only now is the program found
from database import connected, embedded_postgresql, run_migrations  # noqa: E402
from models import User  # noqa: E402

LUA: Final = Path(__file__).with_name("bodies.lua")
MILLISECONDS: Final = {"us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True, slots=True)
class Figures:
    """What a load found: requests per second, and times in milliseconds."""

    rps: float
    p50: float
    p99: float
    failed: bool


@dataclass(frozen=True, slots=True)
class Rig:
    """A server under test, and the database behind it."""

    address: str
    token: str
    database_url: str
    folder: Path
    process: subprocess.Popen[bytes]

    def memory(self) -> float:
        """Return the memory of the server's process in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index] # Linux writes it


def free_port() -> int:
    """Return a port of the loopback that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(address: str) -> None:
    """Wait until a server answers."""
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=2)  # noqa: S310 - our own address
        except HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                return
        except (URLError, ConnectionError, TimeoutError):
            pass
        else:
            return
        time.sleep(0.1)
    raise SystemExit(f"{address} does not answer.")


@contextmanager
def started(command: list[str], port: int, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server on a port for as long as the context lasts."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PORT": str(port), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


async def _fill(url: str, fill: Callable[[str], Awaitable[str]]) -> str:
    await run_migrations(url)
    email = await fill(url)
    async with connected(url, 1):
        user = await User.get(email=email)
        return await auth.issue_token(user, "bench", timedelta(days=1))


@contextmanager
def rig(fill: Callable[[str], Awaitable[str]]) -> Iterator[Rig]:
    """Start a server over a new database; `fill` writes its rows and returns who asks."""
    folder = Path(tempfile.mkdtemp(prefix="offboarding-bench-"))
    try:
        with embedded_postgresql(folder, options="-c max_connections=200") as url:
            token = asyncio.run(_fill(url, fill))
            port = free_port()
            command = [sys.executable, "server.py"]
            with started(command, port, DATABASE_URL=url, DEMO="false") as process:
                address = f"http://127.0.0.1:{port}"
                wait_for(f"{address}/health/ready")
                yield Rig(address, token, url, folder, process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def load(
    address: str, bodies: Path, headers: Path | None, *, seconds: int = 4, connections: int = 8
) -> Figures:
    """Send bodies of a file, at random, over some connections."""
    if shutil.which("wrk") is None:
        raise SystemExit("The load comes from wrk; install it first.")
    out = subprocess.run(
        [
            *("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"),
            *("-s", str(LUA), f"{address}/graphql"),
        ],
        env={**os.environ, "BODIES": str(bodies), "HEADERS": str(headers or "")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    def time_at(share: str) -> float:
        number, unit = re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", out).groups()  # type: ignore[union-attr] # wrk prints it
        return float(number) * MILLISECONDS[unit]

    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])  # type: ignore[index] # likewise
    return Figures(rate, time_at("50"), time_at("99"), "Non-2xx" in out)
