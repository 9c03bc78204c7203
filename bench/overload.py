"""Measures one server process under twice the load that it can sustain, for a minute.

`python bench/overload.py [--parties N] [--seconds N] [--query FILE]`. How much it can sustain is
what 8 connections of wrk get. wrk waits for an answer before it asks again, so that it never asks
for more than a server gives; here requests begin at their moments, twice as many a second, on
connections enough that hardly any finds none free. Then wrk itself asks, on 64 of them.
"""

import argparse
import asyncio
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import orjson
import rig
from bodies import PAGE
from run import fill

CONNECTIONS: Final = 64
LINES: Final = 400
CALM: Final = 8
ONE: Final = "HTTP/1.1 "


@dataclass(slots=True)
class Tally:
    """What became of the requests: seconds of those answered with 200, how many of each status."""

    accepted: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    late: int = 0

    def at(self, share: float) -> float:
        """Return the milliseconds in which a share of the accepted was answered."""
        return 1e3 * statistics.quantiles(self.accepted, n=1000)[round(share * 1000) - 1]


class Line:
    """One connection, on which a request follows an answer; opened anew once it was closed."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._reader = asyncio.StreamReader()
        self._reader.feed_eof()

    async def ask(self, request: bytes) -> str:
        """Send a request, read its answer, and return its status and when to ask again."""
        if self._reader.at_eof():
            self._reader, self._writer = await asyncio.open_connection(*self._address, limit=2**22)
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        await self._reader.readexactly(length)
        status = head[len(ONE) :][:3]
        return status if status != "503" else f"503 {'retry-after: ' in head}"


async def offered(under_test: rig.Rig, request: bytes, rate: float, seconds: float) -> Tally:
    """Offer requests at a rate, each at its moment, whatever became of those before."""
    host, _, port = under_test.address.removeprefix("http://").partition(":")
    free: asyncio.Queue[Line] = asyncio.LifoQueue()
    for _ in range(LINES):
        free.put_nowait(Line(host, int(port)))
    tally, begun = Tally(), time.perf_counter()

    async def one(line: Line) -> None:
        asked = time.perf_counter()
        status = await line.ask(request)
        tally.statuses[status] += 1
        if status == "200":
            tally.accepted.append(time.perf_counter() - asked)
        free.put_nowait(line)

    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            wait = begun + number / rate - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            if free.empty():
                tally.late += 1
            else:
                group.create_task(one(free.get_nowait()))
    return tally


def told(tally: Tally, seconds: float) -> str:
    """Return what is to be known of a load that was offered."""
    total = tally.statuses.total()
    refused = tally.statuses["503 True"]
    others = {s: n for s, n in tally.statuses.items() if s not in {"200", "503 True"}}
    return (
        f"accepted {len(tally.accepted) / seconds:.0f}/s, p50 {tally.at(0.5):.0f} ms,"
        f" p99 {tally.at(0.99):.0f} ms, longest {1e3 * max(tally.accepted):.0f} ms;"
        f" refused with 503 and Retry-After {refused / total:.0%};"
        f" all else: {others or 'none'}; without a free connection {tally.late}"
    )


def request_of(under_test: rig.Rig, body: bytes) -> bytes:
    """Return a whole request of HTTP."""
    head = f"POST /graphql HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {under_test.token}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def is_answered(under_test: rig.Rig, request: bytes, rate: float) -> bool:
    """Return whether a second of requests at a rate is answered as a whole."""
    tally = await offered(under_test, request, rate, 1)
    return tally.statuses.keys() == {"200"} and not tally.late


async def full_speed(under_test: rig.Rig, request: bytes, sustained: float) -> float:
    """Return the highest rate that is answered as a whole, offered as the overload is.

    It is less than what is sustained where offering takes more of the machine than `wrk` does.
    """
    for tenths in range(8, 0, -1):
        if await is_answered(under_test, request, sustained * tenths / 10):
            return sustained * tenths / 10
    raise SystemExit("It is at full speed at no rate.")


async def full_speed_after(
    under_test: rig.Rig, request: bytes, rate: float, patience: int = 20
) -> int:
    """Return after how many seconds a rate is answered as a whole again."""
    for second in range(1, patience + 1):
        if await is_answered(under_test, request, rate):
            return second
    raise SystemExit("It never was at full speed again.")


def measure(under_test: rig.Rig, body: bytes, seconds: int) -> None:
    """Find out what the server can sustain, put twice as much on it, and print what happens."""
    bodies, headers = under_test.folder / "bodies.jsonl", under_test.folder / "headers.txt"
    bodies.write_bytes(body + b"\n")
    headers.write_text(f"Authorization: Bearer {under_test.token}\n", encoding="utf-8")
    rig.load(under_test.address, bodies, headers, connections=CALM)
    calm = rig.load(under_test.address, bodies, headers, seconds=8, connections=CALM)
    before = under_test.memory()
    print(f"sustained: {calm.rps:.0f}/s, p99 {calm.p99:.0f} ms; memory {before:.0f} MB", flush=True)
    request = request_of(under_test, body)
    full = asyncio.run(full_speed(under_test, request, calm.rps))
    print(f"full speed by these means: {full:.0f}/s", flush=True)
    tallied = asyncio.run(offered(under_test, request, 2 * calm.rps, seconds))
    during = under_test.memory()
    again = asyncio.run(full_speed_after(under_test, request, full))
    print(f"twice as much, {seconds} s: {told(tallied, seconds)}")
    print(f"memory {during:.0f} MB, full speed within {again} s of the end", flush=True)
    wrk = rig.load(under_test.address, bodies, headers, seconds=10, connections=CONNECTIONS)
    print(
        f"wrk on {CONNECTIONS}: {wrk.rps:.0f}/s answered, refusals included, p99 {wrk.p99:.0f} ms"
    )
    print(f"memory {under_test.memory():.0f} MB")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parties", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--query", type=Path, help="file of the query; else the page of the bench")
    options = parser.parse_args()
    query = PAGE if options.query is None else options.query.read_text(encoding="utf-8")
    variables = {"n": 50} if options.query is None else {}
    with rig.rig(lambda url: fill(url, options.parties)) as under_test:
        measure(under_test, orjson.dumps({"query": query, "variables": variables}), options.seconds)


if __name__ == "__main__":
    main()
