"""Measures how soon saves go on after PostgreSQL was restarted or killed, and what became of them.

`python bench/outage.py`. Fifty saves a second go to a server whose database is away three times.
"""

import asyncio
import fcntl
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import asyncpg
import httpx2
import rig
from run import fill

from database.programs import run

RATE: Final = 50
SECONDS: Final = 3.0
TASKS: Final = "{ offboardings(first: 50, filter: {status: [OPEN]}) { nodes { id } } }"
SAVE: Final = """mutation ($id: ID!, $comment: String) {
  saveOffboarding(input: {offboardingId: $id, comment: $comment}) { __typename }
}"""
SAVED: Final = """
select change ->> 'after' from activity, jsonb_array_elements(changes) change
where kind = 'DETAILS_CHANGED' and change ->> 'field' = 'comment'
"""
# A row, its version and its entries are written together, or none is.
HALF: Final = """
select count(*) from offboarding o join lateral (
  select count(*) as entries, (array_agg(changes order by id desc))[1] -> 0 ->> 'after' as last
  from activity where offboarding_id = o.id and kind = 'DETAILS_CHANGED' and actor_id is not null
    and changes -> 0 ->> 'after' like 'save %'
) a on true where o.comment like 'save %' and o.comment is distinct from a.last
"""


class Load:
    """Saves at a rate, whatever becomes of them."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"authorization": f"Bearer {token}"}
        self.http = httpx2.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False)
        self.acknowledged: dict[str, float] = {}
        self.answers: dict[str, int] = {}
        self.running: set[asyncio.Task[None]] = set()

    async def ask(self, query: str, **variables: str) -> httpx2.Response:
        """Ask the server."""
        return await self.http.post("/graphql", json={"query": query, "variables": variables})

    async def save(self, task: str, comment: str) -> None:
        """Save a comment once, and note what was answered."""
        answer = await self.ask(SAVE, id=task, comment=comment)
        code = next((e["extensions"]["code"] for e in answer.json().get("errors", ())), "saved")
        self.answers[code] = self.answers.get(code, 0) + 1
        if code == "saved":
            self.acknowledged[comment] = time.monotonic()

    async def go_on(self) -> None:
        """Begin saves at the rate until cancelled."""
        nodes = (await self.ask(TASKS)).json()["data"]["offboardings"]["nodes"]
        begun, number = time.monotonic(), 0
        while True:
            task = asyncio.create_task(self.save(nodes[number % 50]["id"], f"save {number}"))
            self.running.add(task)
            task.add_done_callback(self.running.discard)
            number += 1
            await asyncio.sleep(max(0.0, begun + number / RATE - time.monotonic()))


def restarted(folder: Path) -> None:
    """Restart PostgreSQL at once."""
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # or it is started again before we do
        run("pg_ctl", "-w", "-s", "-D", "postgresql", "-m", "immediate", "restart", cwd=folder)


def killed(folder: Path) -> None:
    """Kill PostgreSQL; whoever holds it starts it again."""
    process = (folder / "postgresql" / "postmaster.pid").read_text().split()[0]
    os.kill(int(process), signal.SIGKILL)


async def outage(url: str, begin: Callable[[], None]) -> tuple[float, float]:
    """Let the database go away; return when, and when it was there again."""
    away = time.monotonic()
    await asyncio.to_thread(begin)
    while True:
        try:
            connection = await asyncpg.connect(url, timeout=1)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            await asyncio.sleep(0.01)
        else:
            await connection.close()
            return away, time.monotonic()


async def measure(server: rig.Rig) -> None:
    """Measure and print."""
    load = Load(server.address, server.token)
    going = asyncio.create_task(load.go_on())
    outages = []
    for begin in (restarted, killed, restarted):
        await asyncio.sleep(SECONDS)
        outages.append(await outage(server.database_url, lambda begin=begin: begin(server.folder)))  # type: ignore[misc] # bound now
    await asyncio.sleep(SECONDS)
    going.cancel()
    await asyncio.gather(*load.running)
    await load.http.aclose()
    connection = await asyncpg.connect(server.database_url)
    saved = {row[0] for row in await connection.fetch(SAVED)}
    half = await connection.fetchval(HALF)
    await connection.close()
    print(f"{'away s':>8}{'back after s':>14}")
    for away, there in outages:
        first = min(at for at in load.acknowledged.values() if at > there)
        print(f"{there - away:8.2f}{first - there:14.2f}")
    lost = load.acknowledged.keys() - saved
    print(f"answers {load.answers}, acknowledged and lost {len(lost)}, half there {half}")


async def _fill(url: str) -> str:
    return str(await fill(url, 1_000))


if __name__ == "__main__":
    with rig.rig(_fill) as running:
        asyncio.run(measure(running))
