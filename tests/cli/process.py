"""A command as an operator runs it: another process, with an environment of its own."""

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.served import Process, start, start_anew

PATIENCE: Final = 120.0

Finished = subprocess.CompletedProcess[str]
Cli = Callable[..., Finished]


def run(*arguments: str, **environment: str) -> Finished:
    """Run a command with only these settings and return what became of it."""
    return _run(start, arguments, environment)


def run_anew(*arguments: str, **environment: str) -> Finished:
    """Do the same with a process that is started as an operator does, never forked."""
    return _run(start_anew, arguments, environment)


def _run(
    start: Callable[..., Process], arguments: tuple[str, ...], environment: dict[str, str]
) -> Finished:
    with tempfile.TemporaryDirectory(prefix="offboarding-command-") as name:
        folder = Path(name)
        process = start(folder, "cli.py", *arguments, COLUMNS="200", **environment)
        code = process.wait(PATIENCE)
        out, err = ((folder / name).read_text(encoding="utf-8") for name in ("out", "err"))
    return Finished(arguments, code, out, err)
