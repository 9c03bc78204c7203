"""Measures reads and writes of one server process over 100,000 parties.

`python bench/run.py [--json FILE]`. Where `--compare` names a script that starts other servers
and puts the same load on each in turn, that does the measuring; else the server is measured
beside the floor of `bench/limit.py`. Machines are noisy: quote the ratios of one run.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import asyncpg
import rig
from client_file import write_client_file

from loading import load_client_file

COMPARE: Final = rig.ROOT.parent / "shared" / "peers" / "compare.py"
SCENARIOS: Final = ("page", "one", "save")
ROUNDS: Final = 3

# Half of the parties get a running offboarding, as in the data of the others.
_START: Final = """
insert into offboarding (id, organisation_id, party_id, status, assignee_id, started_by_id,
  started_at, updated_at, version)
select gen_random_uuid(), p.organisation_id, p.id,
  (array['OPEN', 'IN_PROGRESS', 'REVIEW'])[1 + p.n % 3], u.id, u.id,
  now() - p.n * interval '1 minute', now(), 1
from (select id, organisation_id, row_number() over (order by reference) as n from party) p
join (select id, row_number() over (order by email) as n from app_user limit 25) u
  on u.n = 1 + p.n % 25
where p.n % 2 = 0
"""


async def fill(url: str, parties: int) -> str:
    """Import a client file, start offboardings, and return who asks."""
    with tempfile.TemporaryDirectory() as folder:
        approver: str = write_client_file(Path(folder), parties)
        await load_client_file(url, Path(folder), "Bench")
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_START)
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()
    return approver


# Without the table of threads, whose shares such as `62.50%` scripts mistake for percentiles.
_WRK: Final = """#!/bin/sh
exec '{wrk}' "$@" | grep -vE '^ *(Thread Stats|Latency|Req/Sec) '
"""


def _plain_wrk(folder: Path) -> str:
    """Return a PATH on which `wrk` prints no table of threads."""
    if (wrk := shutil.which("wrk")) is None:
        raise SystemExit("The load comes from wrk; install it first.")
    folder.mkdir()
    (folder / "wrk").write_text(_WRK.format(wrk=wrk))
    (folder / "wrk").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def compared(
    under_test: rig.Rig, bodies: Path, script: Path, json_file: Path, *options: str
) -> None:
    """Let a script put the load on our server and on others."""
    command = [sys.executable, str(script), "--python", sys.executable]
    command += ["--database-url", under_test.database_url, "--ours"]
    command += [f"{under_test.address}/graphql", "--bodies", str(bodies)]
    command += ["--headers", str(bodies / "headers.txt"), "--json", str(json_file), *options]
    path = _plain_wrk(under_test.folder / "wrk")
    subprocess.run(command, check=True, env={**os.environ, "PATH": path})


def beside_the_floor(under_test: rig.Rig, bodies: Path, json_file: Path) -> None:
    """Put the load on our server and on the bare handler in turn, and print the table."""
    port = rig.free_port()
    command = [sys.executable, "-m", "uvicorn", "limit:app", "--app-dir", str(rig.LUA.parent)]
    command += ["--port", str(port), "--no-access-log", "--log-level", "error"]
    results: dict[str, dict[str, Any]] = {}
    with rig.started(command, port, DATABASE_URL=under_test.database_url):
        floor = f"http://127.0.0.1:{port}"
        rig.wait_for(floor)
        headers = bodies / "headers.txt"
        for scenario in SCENARIOS:
            file = bodies / f"{scenario}.jsonl"
            targets: dict[str, tuple[str, Path | None]] = {"ours": (under_test.address, headers)}
            if scenario != "save":
                targets["limit"] = (floor, None)
            results[scenario] = measured(targets, file)
            show(scenario, results[scenario])
    json_file.write_text(json.dumps(results, indent=1))


def measured(targets: Mapping[str, tuple[str, Path | None]], file: Path) -> dict[str, Any]:
    """Return the medians of interleaved rounds, after one that only warms up."""
    rounds = [
        {name: rig.load(*target[:1], file, target[1]) for name, target in targets.items()}
        for _ in range(ROUNDS + 1)
    ][1:]
    return {
        name: {
            **{
                figure: statistics.median(asdict(r[name])[figure] for r in rounds)
                for figure in ("rps", "p50", "p99")
            },
            "note": "non-2xx!" if any(r[name].failed for r in rounds) else "",
        }
        for name in targets
    }


def show(scenario: str, results: Mapping[str, Mapping[str, Any]]) -> None:
    """Print the table of a scenario."""
    print(f"\n{scenario:6}{'':10}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'ours / it':>11}")
    ours = results["ours"]["rps"]
    for name, r in results.items():
        figures = f"{r['rps']:9.0f}{r['p50']:9.2f}{r['p99']:9.2f}{ours / r['rps']:11.2f}"
        print(f"{'':6}{name:10}{figures} {r['note']}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parties", type=int, default=100_000)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--compare", type=Path, default=COMPARE, help="script that compares")
    parser.add_argument("--only", default="", help="of the others, these alone, by comma")
    options = parser.parse_args()
    with rig.rig(lambda url: fill(url, options.parties)) as under_test:
        bodies = under_test.folder / "bodies"
        subprocess.run(
            [
                *(sys.executable, str(rig.LUA.with_suffix(".py")), str(bodies)),
                *("--url", under_test.address, "--token", under_test.token),
            ],
            check=True,
        )
        json_file = options.json or bodies / "figures.json"
        if options.compare.exists():
            only = ["--only", options.only] if options.only else []
            compared(under_test, bodies, options.compare, json_file, *only)
        else:
            beside_the_floor(under_test, bodies, json_file)
        print(f"\nMemory of the server afterwards: {under_test.memory():.0f} MB")


if __name__ == "__main__":
    main()
