"""The database goes away under load, or cuts off everybody."""

import asyncio
import fcntl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg
import httpx2

from database import connected, embedded_postgresql, run_migrations
from database.programs import run
from models import Activity, Offboarding
from tests.factories import make_offboarding, make_token, make_user
from tests.served import Served, served, until

SAVE: Final = """mutation ($id: ID!, $comment: String) {
  saveOffboarding(input: { offboardingId: $id, comment: $comment }) {
    __typename
  }
}"""
KINDS: Final = "DETAILS_CHANGED"


@dataclass
class Savers:
    """People who save again and again, each a task of their own; what each was told is kept."""

    server: Served
    token: str
    tasks: list[Offboarding]
    acknowledged: dict[str, list[str]] = field(default_factory=dict)
    statuses: set[int] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    stopped: bool = False

    async def save(self, offboarding: Offboarding, pause: float) -> None:
        """Save until told to stop."""
        number = 0
        told = self.acknowledged.setdefault(str(offboarding.id), [])
        while not self.stopped:
            number += 1
            comment = f"save {number}"
            variables = {"id": f"offboarding_{offboarding.id}", "comment": comment}
            answer = await self.server.http.post(
                "/graphql",
                json={"query": SAVE, "variables": variables},
                headers={"authorization": f"Bearer {self.token}"},
            )
            self.statuses.add(answer.status_code)
            body = answer.json()
            self.codes |= {e["extensions"]["code"] for e in body.get("errors", ())}
            if "errors" not in body:
                told.append(comment)
            await asyncio.sleep(pause)

    @property
    def count(self) -> int:
        """How many saves were acknowledged."""
        return sum(map(len, self.acknowledged.values()))


async def test_loses_no_acknowledged_save_while_postgresql_is_restarted() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="offboarding-faults-") as name,
        embedded_postgresql(Path(name)) as url,
    ):
        await run_migrations(url)
        async with connected(url):
            token = await make_token(await make_user())
            tasks = [await make_offboarding() for _ in range(5)]
        async with served(DATABASE_URL=url, RUN_WORKER="false") as server:
            savers = Savers(server, token, tasks)
            running = [asyncio.create_task(savers.save(task, 0.05)) for task in tasks]
            for _ in range(3):
                before = savers.count
                await until(lambda before=before: savers.count > before + 20)  # type: ignore[misc] # bound now
                await asyncio.to_thread(restart, Path(name))
                before = savers.count
                await until(lambda before=before: savers.count > before)  # type: ignore[misc] # as above
            savers.stopped = True
            await asyncio.gather(*running)
            log = server.log

        async with connected(url):
            for task in tasks:
                told = savers.acknowledged[str(task.id)]
                entries = await Activity.filter(offboarding_id=task.id, kind=KINDS).order_by("id")
                saved = [entry.changes[0]["after"] for entry in entries]
                assert [comment for comment in told if comment not in saved] == []
                # A row and its entry are written together, or neither is.
                now = await Offboarding.get(id=task.id)
                assert (now.comment, now.version) == (saved[-1], task.version + len(saved))
    assert savers.statuses <= {200, 503}
    assert savers.codes <= {"UNAVAILABLE", "TIMEOUT"}
    # The pool itself tells of connections that it could not open; no request failed by a fault.
    assert '"event":"fault' not in log


def restart(folder: Path) -> None:
    """Restart the PostgreSQL of a folder at once, cutting off whoever uses it."""
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # or it is started again before we do
        run("pg_ctl", "-w", "-s", "-D", "postgresql", "-m", "immediate", "restart", cwd=folder)


async def test_fills_its_pool_again_after_every_connection_was_cut(
    database_url: str, administrator: asyncpg.Connection
) -> None:
    async with connected(database_url):
        token = await make_token(await make_user())
    name = database_url.partition("?")[0].rpartition("/")[2]
    async with served(DATABASE_URL=database_url, DATABASE_POOL_SIZE="3") as server:
        client = server.client(token)
        for _ in range(5):
            await client.ask("{ viewer { openTaskCount } }")
            await administrator.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name
            )
            answers = [await ask(server, token) for _ in range(4)]

            assert {answer.status_code for answer in answers} <= {200, 503}
            assert answers[-1].status_code == 200


async def ask(server: Served, token: str) -> httpx2.Response:
    body = {"query": "{ viewer { openTaskCount } }"}
    headers = {"authorization": f"Bearer {token}"}
    return await server.http.post("/graphql", json=body, headers=headers)
