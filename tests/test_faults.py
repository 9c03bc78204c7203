"""The database goes away under load, or cuts off everybody."""

import asyncio
import fcntl
import os
import signal
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg
import httpx2

from database import connected, embedded_postgresql, run_migrations
from database.programs import run
from models import Activity, Offboarding, OutgoingMail, User
from tests.factories import make_offboarding, make_token, make_user
from tests.following import following
from tests.served import Served, served, until

SAVE: Final = """mutation ($id: ID!, $comment: String, $assignee: ID) {
  saveOffboarding(input: { offboardingId: $id, comment: $comment, assigneeId: $assignee }) {
    __typename
  }
}"""
# Power stays on; all else that makes a commit last is as ever.
HASTY: Final = "-c fsync=off -c full_page_writes=off"
DETAILS: Final = "DETAILS_CHANGED"
ASSIGNED: Final = "ASSIGNED"


@dataclass
class Savers:
    """People who save again and again, each a task of their own; what each was told is kept."""

    server: Served
    token: str
    colleagues: list[User]
    tasks: list[Offboarding]
    acknowledged: dict[str, list[str]] = field(default_factory=dict)
    statuses: set[int] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    stopped: bool = False

    async def save(self, offboarding: Offboarding) -> None:
        """Save until told to stop: a comment in one statement, or with a colleague and a letter."""
        told = self.acknowledged.setdefault(str(offboarding.id), [])
        variables = {"id": f"offboarding_{offboarding.id}"}
        number = 0
        while not self.stopped:
            number += 1
            variables["comment"] = f"save {number}"
            if number % 3 == 0:
                variables["assignee"] = f"user_{self.colleagues[number % 2].id}"
            answer = await self.server.http.post(
                "/graphql",
                json={"query": SAVE, "variables": variables},
                headers={"authorization": f"Bearer {self.token}"},
            )
            self.statuses.add(answer.status_code)
            body = answer.json()
            self.codes |= {e["extensions"]["code"] for e in body.get("errors", ())}
            if "errors" not in body:
                told.append(variables["comment"])
            await asyncio.sleep(0.05)

    @property
    def count(self) -> int:
        """How many saves were acknowledged."""
        return sum(map(len, self.acknowledged.values()))

    async def go_on(self, saves: int) -> None:
        """Wait until so many more were acknowledged."""
        most = self.count + saves
        await until(lambda: self.count >= most)

    async def check(self) -> None:
        """Check that all that was acknowledged is there, and nothing is half there."""
        for task in self.tasks:
            told = self.acknowledged[str(task.id)]
            entries = await Activity.filter(offboarding_id=task.id).order_by("id")
            described = [entry for entry in entries if entry.kind == DETAILS]
            saved = [entry.changes[0]["after"] for entry in described]
            assert [comment for comment in told if comment not in saved] == []
            # A row, its letter and its entries are written together, or none is.
            now = await Offboarding.get(id=task.id)
            assert (now.comment, now.version) == (saved[-1], task.version + len(saved))
            letters = await OutgoingMail.filter(offboarding_id=task.id).count()
            assert letters == len(entries) - len(described) > 0


async def test_loses_no_acknowledged_save_while_postgresql_is_restarted() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="offboarding-faults-") as name,
        embedded_postgresql(Path(name), options=HASTY) as url,
    ):
        await run_migrations(url)
        async with connected(url):
            colleagues = [await make_user() for _ in range(2)]
            token = await make_token(colleagues[0])
            tasks = [await make_offboarding() for _ in range(5)]
        async with (
            served(DATABASE_URL=url, RUN_WORKER="false") as server,
            following(server.url, token, [DETAILS, ASSIGNED]) as seen,
        ):
            savers = Savers(server, token, colleagues, tasks)
            running = [asyncio.create_task(savers.save(task)) for task in tasks]
            for restart in (restarted, killed, restarted):
                await savers.go_on(20)
                await asyncio.to_thread(restart, Path(name))
                await savers.go_on(1)
            savers.stopped = True
            await asyncio.gather(*running)
            async with connected(url):
                await savers.check()
                log = await Activity.all().order_by("id").values_list("id", "kind")
            entries = [(f"activity_{id}", kind) for id, kind in log]
            await until(lambda: all(entries[-1] in follower for follower in seen))

            # The pool itself tells of connections that it could not open; no request is a fault.
            assert '"event":"fault' not in server.log
    assert savers.statuses <= {200, 503}
    assert savers.codes <= {"UNAVAILABLE", "TIMEOUT"}
    assert list(seen) == [entries, entries]


def restarted(folder: Path) -> None:
    """Restart the PostgreSQL of a folder at once, cutting off whoever uses it."""
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # or it is started again before we do
        run("pg_ctl", "-w", "-s", "-D", "postgresql", "-m", "immediate", "restart", cwd=folder)


def killed(folder: Path) -> None:
    """Kill the PostgreSQL of a folder; whoever holds it starts it again."""
    process = int((folder / "postgresql" / "postmaster.pid").read_text().split()[0])
    os.kill(process, signal.SIGKILL)


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
                "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = $1",
                name,
            )
            answers = [await ask(server, token) for _ in range(4)]

            assert {answer.status_code for answer in answers} <= {200, 503}
            assert answers[-1].status_code == 200


async def ask(server: Served, token: str) -> httpx2.Response:
    body = {"query": "{ viewer { openTaskCount } }"}
    headers = {"authorization": f"Bearer {token}"}
    return await server.http.post("/graphql", json=body, headers=headers)
