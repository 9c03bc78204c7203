"""A command as an operator runs it: another process, with an environment of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

Finished = subprocess.CompletedProcess[str]
Cli = Callable[..., Finished]


def run(*arguments: str, **environment: str) -> Finished:
    """Run a command with only these settings and return what became of it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, ROOT / "cli.py", *arguments],
        env={**kept, "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
