"""Measures the export of all parties of a large client file.

`python bench/export.py [--parties N] [--formats csv,ndjson,xlsx] [--json FILE]` loads generated
files, then exports, and prints time, size and the server's peak of memory.
"""

import argparse
import json
import re
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any, Final

import rig
from client_file import write_client_file

from loading import load_client_file

# Of a tenth who may export, one who sees all.
ANALYST: Final = "user003@bench.example"

# For 1,000,000 rows of CSV, on two cores.
ALLOWED_SECONDS: Final = 30
ALLOWED_MB: Final = 150
CHUNK: Final = 65_536


async def fill(url: str, parties: int) -> str:
    """Load a client file and return who exports it."""
    with tempfile.TemporaryDirectory() as folder:
        write_client_file(Path(folder), parties)
        await load_client_file(url, Path(folder), "Bench")
    return ANALYST


def peak(process_id: int) -> float:
    """Return the most memory a process ever held, in MB."""
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024  # type: ignore[index] # Linux writes it


def exported(under_test: rig.Rig, suffix: str) -> dict[str, Any]:
    """Export all parties and return what it took."""
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{under_test.address}/export/parties.{suffix}",
        headers={"authorization": f"Bearer {under_test.token}"},
    )
    begin = time.monotonic()
    first, size = None, 0
    with urllib.request.urlopen(request) as response:  # noqa: S310 - as above
        rows = int(response.headers["x-total-count"])
        while chunk := response.read(CHUNK):
            first = first or time.monotonic() - begin
            size += len(chunk)
    return {
        "rows": rows,
        "first_byte": first,
        "seconds": time.monotonic() - begin,
        "mb": size / 1_000_000,
        "memory": peak(under_test.process.pid),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parties", type=int, default=1_000_000)
    parser.add_argument("--formats", default="csv,ndjson,xlsx")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    results: dict[str, dict[str, Any]] = {}
    with rig.rig(lambda url: fill(url, options.parties)) as under_test:
        print(f"{'':8}{'rows':>12}{'first byte':>12}{'seconds':>10}{'MB':>8}{'memory, MB':>12}")
        print(f"{'idle':8}{'':42}{under_test.memory():12.0f}")
        for suffix in options.formats.split(","):
            found = results[suffix] = exported(under_test, suffix)
            print(
                f"{suffix:8}{found['rows']:12,}{found['first_byte']:12.2f}"
                f"{found['seconds']:10.1f}{found['mb']:8.0f}{found['memory']:12.0f}",
                flush=True,
            )
    allowed = f"{ALLOWED_SECONDS} s and {ALLOWED_MB} MB of memory"
    print(f"\nAllowed for 1,000,000 rows of CSV: {allowed}.")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
