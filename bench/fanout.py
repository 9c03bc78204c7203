"""Measures live changes of one server process: fan-out, replay, and what they cost a save.

`python bench/fanout.py [fanout|replay|saves] [--subscribers 1000] [--rate 5] [--seconds 60]`. The
server and its clients share the machine; what each took of a core is printed beside the figures.
"""

import argparse
import asyncio
import json
import os
import statistics
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import asyncpg
import growth
import httpx2
import rig
import uvloop
from subscribers import Subscriber, subscribers

PARTIES: Final = 20_000
ENTRIES: Final = 100_000
START: Final = "WyJJRCBBU0MiLCAwXQ=="  # the cursor before all entries
NOTE: Final = "mutation($input:SaveOffboardingInput!){saveOffboarding(input:$input){__typename}}"
_LOG: Final = """
insert into activity
  (organisation_id, kind, occurred_at, actor_id, offboarding_id, party_id, changes)
select o.organisation_id, 'STATUS_CHANGED', now(), o.started_by_id, o.id, o.party_id,
  '[{"field": "status", "before": "OPEN", "after": "IN_PROGRESS"}]'
from (select * from offboarding where party_id is not null limit 1000) o, generate_series(1, $1)
"""


def used(process: int) -> float:
    """Return the seconds of a core that a process has taken so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Clock:
    """Tells what the server and its clients took of a core while something ran."""

    def __init__(self, under_test: rig.Rig) -> None:
        self._processes = {"server": under_test.process.pid, "clients": os.getpid()}
        self._before = {name: used(pid) for name, pid in self._processes.items()}
        self._began = time.perf_counter()

    def told(self) -> str:
        """Return the shares as text."""
        seconds = time.perf_counter() - self._began
        shares = {n: (used(p) - self._before[n]) / seconds for n, p in self._processes.items()}
        return ", ".join(f"{name} {share:.0%} of a core" for name, share in shares.items())


async def offboardings(url: str, most: int) -> list[str]:
    """Return the ids of offboardings that are not done."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        "select id from offboarding where status <> 'DONE' limit $1", most
    )
    await connection.close()
    return [f"offboarding_{row['id']}" for row in rows]


def check(opened: list[Subscriber], expected: int) -> None:
    """End with what went wrong, unless each got each entry once and in order."""
    faults = [fault for one in opened for fault in one.faults]
    short = sum(one.count != expected for one in opened)
    if faults or short:
        raise SystemExit(f"{short} subscribers did not get {expected} entries; {faults[:3]}")


async def fanout(under_test: rig.Rig, options: argparse.Namespace) -> None:
    """Let things happen at a rate, and tell how long the last subscriber waits for each."""
    last: dict[int, float] = {}
    opened = await subscribers(
        under_test.address, under_test.token, options.subscribers, last.__setitem__
    )
    ids = await offboardings(under_test.database_url, 500)
    headers = {"authorization": f"Bearer {under_test.token}"}
    asked: list[float] = []
    clock = Clock(under_test)
    async with httpx2.AsyncClient(base_url=under_test.address, headers=headers) as http:
        began = time.perf_counter()
        for number in range(options.rate * options.seconds):
            await asyncio.sleep(began + number / options.rate - time.perf_counter())
            save = {"offboardingId": ids[number % len(ids)], "comment": f"Note {number}."}
            asked.append(time.perf_counter())
            await http.post("/graphql", json={"query": NOTE, "variables": {"input": save}})
        await asyncio.sleep(2)
    if len(last) != len(asked):
        raise SystemExit(f"Of {len(asked)} saves, {len(last)} made an entry.")
    waits = sorted(t - before for t, before in zip(last.values(), asked, strict=True))
    print(
        f"{options.subscribers} subscribers, {options.rate}/s for {options.seconds} s:"
        f" {len(last)} entries; from the request of a save to the last subscriber"
        f" p50 {1000 * statistics.median(waits):.0f} ms,"
        f" p99 {1000 * waits[int(len(waits) * 0.99)]:.0f} ms;"
        f" memory {under_test.memory():.0f} MB; {clock.told()}"
    )
    check(opened, len(last))


async def replay(under_test: rig.Rig, _options: argparse.Namespace) -> None:
    """Read a long log from its beginning over one websocket."""
    connection = await asyncpg.connect(under_test.database_url)
    for _ in range(10):
        await connection.execute(_LOG, ENTRIES // 10_000)
    await connection.execute("vacuum analyze activity")
    await connection.close()
    done = asyncio.Event()
    count = 0

    def heard(_number: int, _at: float) -> None:
        nonlocal count
        count += 1
        if count == ENTRIES:
            done.set()

    clock, began = Clock(under_test), time.perf_counter()
    opened = await subscribers(under_test.address, under_test.token, 1, heard, START)
    await asyncio.wait_for(done.wait(), 120)
    seconds = time.perf_counter() - began
    print(f"Replay: {ENTRIES / seconds:.0f} entries/s over {seconds:.1f} s; {clock.told()}")
    check(opened, ENTRIES)


async def saves(under_test: rig.Rig, _options: argparse.Namespace) -> None:
    """Put a load of saves on the server without and with subscribers, in turn."""
    file, headers = under_test.folder / "save.jsonl", under_test.folder / "headers.txt"
    headers.write_text(f"Authorization: Bearer {under_test.token}\n")
    some = (await growth.bodies(under_test.database_url))["save"]
    file.write_text("".join(json.dumps(body) + "\n" for body in some))
    found: dict[int, list[float]] = {0: [], 100: []}
    await asyncio.to_thread(rig.load, under_test.address, file, headers, seconds=3)
    for _ in range(3):
        for number, rates in found.items():
            opened = await subscribers(
                under_test.address, under_test.token, number, lambda _number, _at: None
            )
            clock = Clock(under_test)
            figures = await asyncio.to_thread(
                rig.load, under_test.address, file, headers, seconds=6
            )
            rates.append(figures.rps)
            got = sum(one.count for one in opened)
            print(
                f"  {number:3} subscribers: {figures.rps:.0f} saves/s, {got} sent; {clock.told()}"
            )
            for one in opened:
                one.transport.close()
            await asyncio.sleep(1)
    without, with_ = statistics.median(found[0]), statistics.median(found[100])
    print(f"Saves: {without:.0f}/s, with 100 subscribers {with_:.0f}/s: {with_ / without:.2f}")


WAYS: Final[dict[str, Callable[[rig.Rig, argparse.Namespace], Coroutine[Any, Any, None]]]] = {
    "fanout": fanout,
    "replay": replay,
    "saves": saves,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ways", nargs="*", help="of fanout, replay and saves; all unless named")
    parser.add_argument("--subscribers", type=int, default=1_000)
    parser.add_argument("--rate", type=int, default=5, help="changes per second")
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    os.environ["CONNECTIONS_PER_VIEWER"] = "5000"
    for way in options.ways or WAYS:
        with rig.rig(lambda url: growth.fill(url, PARTIES)) as under_test:
            uvloop.run(WAYS[way](under_test, options))


if __name__ == "__main__":
    main()
