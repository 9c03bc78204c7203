"""A server as an operator runs it: another process, asked over HTTP."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2

from tests.forking import Forked, fork, inherited

ROOT: Final = Path(__file__).resolve().parents[1]
PATIENCE: Final = 60.0
Process = Forked | subprocess.Popen[bytes]


class Client:
    """A front end: asks over HTTP with a token, and knows nothing but the answers."""

    def __init__(self, http: httpx2.AsyncClient, token: str) -> None:
        self._http = http
        self._headers = {"authorization": f"Bearer {token}"}

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """Return the data of an operation that must succeed."""
        body = {"query": document, "variables": variables}
        response = await self._http.post("/graphql", json=body, headers=self._headers)
        answer: dict[str, Any] = response.json()
        assert response.status_code == 200, answer
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data


@dataclass
class Served:
    """A server that was started."""

    process: Process
    url: str
    folder: Path
    http: httpx2.AsyncClient

    @property
    def printed(self) -> str:
        """What it wrote to standard output so far, in whole lines."""
        return whole_lines(self.folder / "out")

    @property
    def log(self) -> str:
        """What it wrote to standard error so far, in whole lines."""
        return whole_lines(self.folder / "err")

    @property
    def tokens(self) -> Mapping[str, str]:
        """The tokens it printed, by e-mail address."""
        return dict(re.findall(r"^ +(\S+@\S+) .*\n +(offb_\S+)$", self.printed, re.MULTILINE))

    async def is_ready(self) -> bool:
        """Return whether it answers; fail if it has ended."""
        assert self.process.poll() is None, self.log
        try:
            return (await self.http.get("/health/ready")).status_code == 200
        except httpx2.TransportError:
            return False

    def client(self, token: str) -> Client:
        """Return a front end that shows a token."""
        return Client(self.http, token)

    def stop(self, with_: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to end, the way a terminal or a supervisor does, and return its exit code."""
        if with_ is signal.SIGINT:  # Ctrl-C reaches the whole group
            os.killpg(self.process.pid, with_)
        else:
            self.process.send_signal(with_)
        return self.process.wait(PATIENCE)


def whole_lines(file: Path) -> str:
    """Return what was written to a file but for a line that is being written."""
    lines, end, _ = file.read_bytes().rpartition(b"\n")
    return (lines + end).decode()


# Ports that tests were given; they are kept until the tests have ended.
_kept: Final[list[socket.socket]] = []


def free_port() -> int:
    """Return a port on which nobody listens, and which nobody else is given.

    A server may listen on it: like this, servers say that an address may be used again.
    """
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    port: int = probe.getsockname()[1]
    if sys.platform == "linux":
        _kept.append(probe)
    else:  # where two cannot have an address, though neither listens
        probe.close()
    return port


def start_anew(folder: Path, *arguments: str, **environment: str) -> Process:
    """Start a program of ours in a folder, with only these settings; its output goes to files."""
    program, *options = arguments
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, ROOT / program, *options],
            cwd=folder,
            env={**inherited(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )


def start(folder: Path, *arguments: str, **environment: str) -> Process:
    """Do the same, but fork the program from a process that has imported all of ours."""
    program, *options = arguments
    return fork(folder, [str(ROOT / program), *options], {**inherited(), **environment})


def served(*arguments: str, **environment: str) -> AbstractAsyncContextManager[Served]:
    """Run a server, yield it once it is ready, and end it if the test did not.

    Its operations wait for their turn as long as they may: the machine may be slow.
    """
    return _served(start, arguments, environment)


def served_anew(*arguments: str, **environment: str) -> AbstractAsyncContextManager[Served]:
    """Do the same with a server that is started as an operator does, imports and all."""
    return _served(start_anew, arguments, environment)


@asynccontextmanager
async def _served(
    start: Callable[..., Process], arguments: tuple[str, ...], environment: dict[str, str]
) -> AsyncIterator[Served]:
    environment.setdefault("PORT", str(free_port()))
    environment.setdefault("MAX_WAIT_SECONDS", "60")
    url = f"http://127.0.0.1:{environment['PORT']}"
    program = arguments or ("server.py",)
    with tempfile.TemporaryDirectory(prefix="offboarding-served-") as name:
        folder = Path(name)
        process = start(folder, *program, **environment)
        try:
            async with httpx2.AsyncClient(base_url=url, timeout=PATIENCE, trust_env=False) as http:
                server = Served(process, url, folder, http)
                await until(server.is_ready)
                yield server
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(PATIENCE)


async def until(holds: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for something to become true that happens in another process."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = holds()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.02)
