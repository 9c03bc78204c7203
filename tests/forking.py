"""Programs of ours, forked from a process that has imported them already.

To start Python and to import takes longer than most tests, and is the same for every program. All
else is a program's own: folder, environment, output, session, signals, and how it ends.
"""

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any, Final, NoReturn

_IMPORTED: Final = ("server", "cli", "worker")
_NUMBER: Final = struct.Struct("i")
_ordering: Final = Lock()


def inherited() -> dict[str, str]:
    """Return what a program finds in its environment whatever its settings are."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}


# ---------------------------------------------------------------- the side of the tests


class Forked:
    """A program that was forked: as much of a `subprocess.Popen` as tests need."""

    def __init__(self, told: int) -> None:
        self._told = told
        self.pid = self._hear()
        self.returncode: int | None = None

    def _hear(self) -> int:
        number: int = _NUMBER.unpack(os.read(self._told, _NUMBER.size))[0]
        return number

    def _has_ended(self, timeout: float | None) -> bool:
        if self.returncode is None and select.select([self._told], [], [], timeout)[0]:
            self.returncode = self._hear()
            os.close(self._told)
        return self.returncode is not None

    def poll(self) -> int | None:
        """Return the exit code, if it has ended; negative is the signal that ended it."""
        self._has_ended(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once it has ended."""
        if not self._has_ended(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, with_: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        # It may have ended before who watches it has told so.
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, with_)

    def terminate(self) -> None:
        """Tell it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


@cache
def _forker() -> socket.socket:
    """Return the line to the process that forks, which ends once the line is closed."""
    here, there = socket.socketpair()
    with there:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "tests.forking", str(there.fileno())],
            cwd=Path(__file__).parents[1],
            env=inherited(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[there.fileno()],
            start_new_session=True,
        )
    atexit.register(process.wait)
    atexit.register(here.close)
    return here


def fork(folder: Path, arguments: Sequence[str], environment: dict[str, str]) -> Forked:
    """Start a program in a folder, with only this environment; its output goes to files."""
    order = {"arguments": arguments, "folder": str(folder), "environment": environment}
    told, tells = os.pipe()
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        files = [out.fileno(), err.fileno(), tells]
        with _ordering:
            socket.send_fds(_forker(), [json.dumps(order).encode() + b"\n"], files)
    os.close(tells)
    return Forked(told)


# ---------------------------------------------------------------- the side of the programs


def _watch(process: int, tells: int) -> NoReturn:
    """Tell of a process who it is and, once it has ended, how."""
    os.write(tells, _NUMBER.pack(process))
    _, status = os.waitpid(process, 0)
    os.write(tells, _NUMBER.pack(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _ordered(orders: socket.socket) -> dict[str, Any]:
    """Return an order, in a process that was forked to carry it out."""
    while True:
        text, files, _, _ = socket.recv_fds(orders, 1_000_000, 3)
        if not text:
            sys.exit()
        while not text.endswith(b"\n"):
            text += orders.recv(1_000_000)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            orders.close()
            out, err, tells = files
            if process := os.fork():
                _watch(process, tells)
            os.dup2(out, 1)
            os.dup2(err, 2)
            for file in files:
                os.close(file)
            order: dict[str, Any] = json.loads(text)
            return order
        for file in files:
            os.close(file)


def _main(orders: socket.socket) -> None:
    for name in _IMPORTED:
        import_module(name)
    gc.freeze()
    # Nobody waits for those who watch.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    order = _ordered(orders)
    os.setsid()
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = order["arguments"]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    _main(socket.socket(fileno=int(sys.argv[1])))
