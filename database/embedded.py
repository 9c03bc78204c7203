"""A PostgreSQL server of our own, in a folder, for who has none: a real one, from a wheel.

Any number of processes of one checkout share it. Each holds a shared lock on `users` while it
needs the server; the last to let go stops it. A lock ends with its process, however that ends.
"""

import fcntl
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import IO, Final

from database.programs import EmbeddedError, binaries, make_reachable, run, unprivileged

DATABASE: Final = "postgres"
OPTIONS: Final = "-c listen_addresses='' -c max_wal_size=4GB -c jit=off"
PREFIX: Final = "offboarding-"  # of a folder for sockets
PROC: Final = Path("/proc/self")
_SOCKETS: Final = 4  # the line of postmaster.pid that says where the server listens
_FATAL: Final = re.compile("FATAL:|PANIC:")  # what a server says last, but for goodbyes
WATCH_SECONDS: Final = 1.0

logger = logging.getLogger(__name__)


def _prepare(folder: Path) -> None:
    """Make the data folder and a new cluster in it, unless it holds one."""
    data = folder / "postgresql"
    user = unprivileged()
    if user is not None:
        make_reachable(binaries() / "postgres")
        make_reachable(data)
    if (data / "PG_VERSION").exists():
        return
    # initdb works in a folder beside, so that one cut short never looks like a cluster.
    fresh = folder / "postgresql.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if user is not None:
        os.chown(fresh, user.pw_uid, user.pw_gid)
    locale = ("--locale-provider=builtin", "--locale=C.UTF-8", "--encoding=UTF8")
    run("initdb", "--auth=trust", "--username=postgres", *locale, "-D", str(fresh))
    fresh.rename(data)


def _socket_folder(data: Path) -> Path | None:
    """Return where a running server listens, by its own word; None when none runs."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        folder = Path(lines[_SOCKETS])
        # A server works in its data folder, and nothing else does.
        ours = not PROC.exists() or Path(f"/proc/{int(lines[0])}/cwd").readlink() == data.resolve()
    except (OSError, IndexError, ValueError):
        return None
    return folder if ours and (folder / ".s.PGSQL.5432").exists() else None


def _forget_killed(data: Path) -> None:
    """Remove what a killed server left: its number may be another process's by now."""
    left = data / "postmaster.pid"
    if left.exists():
        lines = left.read_text().splitlines()
        if len(lines) > _SOCKETS and Path(lines[_SOCKETS]).name.startswith(PREFIX):
            shutil.rmtree(lines[_SOCKETS], ignore_errors=True)
        left.unlink()


def _start(folder: Path, options: str, sockets: Path | None = None) -> Path:
    """Return the socket folder of the server of a data folder, started if need be.

    One that ran before and is known by its socket folder is started with the same.
    """
    data = folder / "postgresql"
    running = _socket_folder(data)
    if running is not None:
        return running
    _forget_killed(data)
    sockets = sockets or Path(tempfile.mkdtemp(prefix=PREFIX, dir=_short_folder()))
    sockets.mkdir(mode=0o700, exist_ok=True)
    user = unprivileged()
    if user is not None:
        os.chown(sockets, user.pw_uid, user.pw_gid)
    settings = f"{OPTIONS} {options} -c unix_socket_directories='{sockets}'"
    # pg_ctl hands what it is told to a shell, so it is told names without any folder above ours.
    name, log = data.name, f"{data.name}/server.log"
    wait = ("-w", "-t", "240", "-s")
    try:
        run("pg_ctl", *wait, "-D", name, "-l", log, "-o", settings, "start", cwd=folder)
    except EmbeddedError as error:
        shutil.rmtree(sockets, ignore_errors=True)
        lines = (folder / log).read_text(errors="replace").splitlines()
        why = max((n for n, line in enumerate(lines) if _FATAL.search(line)), default=-4)
        raise EmbeddedError("\n".join((str(error), *lines[why:][:4]))) from error
    return sockets


def _short_folder() -> str:
    """Return a folder for sockets: paths of at most about 100 bytes that a shell leaves alone."""
    folder = tempfile.gettempdir()
    return folder if re.fullmatch(r"[\w/.+-]{1,60}", folder, re.ASCII) else "/tmp"  # noqa: S108 - mkdtemp makes a private folder in it


def _stop(folder: Path, sockets: Path) -> None:
    data = folder / "postgresql"
    if _socket_folder(data) is not None:
        run("pg_ctl", "-w", "-s", "-D", str(data), "-m", "fast", "stop")
    shutil.rmtree(sockets, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[IO[str]]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


@contextmanager
def _usable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EmbeddedError(f"The folder {folder} cannot hold a database: {error}") from error


@contextmanager
def _watched(folder: Path, options: str, sockets: Path) -> Iterator[None]:
    """Start the server again where it ends by itself, as it does while its disk is full."""
    over = Event()

    def watch() -> None:
        said = ""
        while not over.wait(WATCH_SECONDS):
            with _locked(folder / "lock"):
                if over.is_set() or _socket_folder(folder / "postgresql") is not None:
                    continue
                try:
                    _start(folder, options, sockets)
                except (EmbeddedError, OSError) as error:
                    if said != (said := str(error).partition("\n")[0]):
                        logger.warning("The embedded database cannot be started again: %s", error)
                else:
                    logger.warning("The embedded database had ended and was started again.")
                    said = ""

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def embedded_postgresql(folder: Path, *, options: str = "") -> Iterator[str]:
    """Yield the URL of the PostgreSQL of a folder, which runs as long as anybody uses it."""
    folder = folder.absolute()
    with _usable(folder):
        folder.mkdir(parents=True, exist_ok=True)
        users = (folder / "users").open("a")
    with users:
        with _usable(folder), _locked(folder / "lock"):
            fcntl.flock(users, fcntl.LOCK_SH)
            _prepare(folder)
            sockets = _start(folder, options)
        try:
            with _watched(folder, options, sockets):
                yield f"postgresql://postgres@/{DATABASE}?host={sockets}"
        finally:
            with _locked(folder / "lock"):
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # somebody else still needs it
                else:
                    _stop(folder, sockets)
