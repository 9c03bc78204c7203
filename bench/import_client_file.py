"""Measures the import of a large client file into a new database.

`python bench/import_client_file.py [--parties N] [--json FILE]` loads generated files, loads them
again, then a later edition of them, each in a process of its own, and prints time and memory.
"""

import argparse
import asyncio
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from client_file import write_client_file  # noqa: E402 - only now is the program found

from database import embedded_postgresql, run_migrations  # noqa: E402 - as above
from loading import load_client_file  # noqa: E402 - as above

# For 1,000,000 parties, on two cores.
ALLOWED_SECONDS: Final = 150
ALLOWED_MB: Final = 500


def load(url: str, folder: Path) -> dict[str, Any]:
    """Load a client file and return the seconds it took, by stage too, and the peak of memory."""
    begin = time.monotonic()
    beginnings: dict[str, float] = {}

    def note(stage: str, _share: float) -> None:
        beginnings.setdefault(stage, time.monotonic())

    report = asyncio.run(load_client_file(url, folder, "Bench", progress=note))
    ends = [*beginnings.values(), time.monotonic()][1:]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "seconds": ends[-1] - begin,
        "mb": peak / (1 if sys.platform != "darwin" else 1024) / 1024,
        "stages": {
            stage: end - beginning
            for (stage, beginning), end in zip(beginnings.items(), ends, strict=True)
        },
        "added": sum(counts.added for counts in report.files.values()),
        "changed": sum(counts.changed for counts in report.files.values()),
        "unchanged": sum(counts.unchanged for counts in report.files.values()),
    }


def measured(url: str, folder: Path) -> dict[str, Any]:
    """Load a client file in a process of its own."""
    command = [sys.executable, __file__, "--load", url, str(folder)]
    output = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    figures: dict[str, Any] = json.loads(output)
    return figures


def show(name: str, figures: dict[str, Any]) -> None:
    """Print the figures of a load."""
    rows = "".join(f"{figures[kind]:12,}" for kind in ("added", "changed", "unchanged"))
    print(f"{name:16}{figures['seconds']:10.1f}{figures['mb']:8.0f}{rows}", flush=True)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a folder that the embedded PostgreSQL can reach, whoever it runs as."""
    folder = Path(tempfile.mkdtemp(prefix="offboarding-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parties", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--load", nargs=2, metavar=("URL", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.load:
        print(json.dumps(load(options.load[0], Path(options.load[1]))))
        return
    results: dict[str, dict[str, Any]] = {}
    with temporary_folder() as folder:
        write_client_file(folder / "first", options.parties)
        write_client_file(folder / "later", options.parties, edition=2)
        with embedded_postgresql(folder / "data") as url:
            asyncio.run(run_migrations(url))
            columns = ("seconds", 10), ("MB", 8), ("added", 12), ("changed", 12), ("unchanged", 12)
            print(" " * 16 + "".join(f"{name:>{width}}" for name, width in columns))
            for name, edition in (("new", "first"), ("again", "first"), ("later edition", "later")):
                results[name] = measured(url, folder / edition)
                show(name, results[name])
    print(f"\nAllowed for 1,000,000 parties: {ALLOWED_SECONDS} s and {ALLOWED_MB} MB.")
    print("\nOf the first load:")
    for stage, seconds in results["new"]["stages"].items():
        print(f"  {stage:24}{seconds:8.1f} s")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
