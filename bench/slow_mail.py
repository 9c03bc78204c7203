"""Measures whether a mail server that answers after 30 seconds slows saves that mail somebody.

`python bench/slow_mail.py`. The same saves go in turn to a server without mail and to one whose
mail server takes its time with each letter; the last column is what may not differ.
"""

import asyncio
import json
import random
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, Final

import asyncpg
import rig
from aiosmtpd.smtp import SMTP
from bodies import Server
from run import fill

SECONDS: Final = 30.0
PARTIES: Final = 2_000
ROUNDS: Final = 5
ASSIGN: Final = (
    "mutation Assign($input:AssignOffboardingInput!){assignOffboarding(input:$input){"
    "...on AssignOffboardingSuccess{offboarding{id version assignee{id}}}"
    "...on Error{code message}}}"
)
TASKS: Final = "{found:offboardings(first:100,filter:{status:[OPEN]}){nodes{id}}}"
PEOPLE: Final = "{found:assignableUsers(first:20){nodes{id}}}"


class Slow:
    """Takes each letter, and its time."""

    async def handle_DATA(self, *_: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd calls it so
        """Answer late."""
        await asyncio.sleep(SECONDS)
        return "250 OK"


@contextmanager
def slow_mail_server() -> Iterator[int]:
    """Yield the port of a mail server that runs in a thread."""
    loop, port = asyncio.new_event_loop(), rig.free_port()

    def connection() -> SMTP:
        return SMTP(Slow(), hostname="localhost", loop=loop)

    server = loop.run_until_complete(loop.create_server(connection, "127.0.0.1", port))
    Thread(target=loop.run_forever, daemon=True).start()
    yield port
    loop.call_soon_threadsafe(server.close)


def write_bodies(file: Path, server: Server) -> None:
    """Write saves that give tasks to people at random, so that nearly each one queues a letter."""
    tasks = [node["id"] for node in server.ask(TASKS)["found"]["nodes"]]
    people = [node["id"] for node in server.ask(PEOPLE)["found"]["nodes"]]
    chance = random.Random(1)  # noqa: S311 - the same in each run
    inputs = [
        {"offboardingId": chance.choice(tasks), "assigneeId": chance.choice(people)}
        for _ in range(1_000)
    ]
    bodies = ({"query": ASSIGN, "variables": {"input": input_}} for input_ in inputs)
    file.write_text("".join(json.dumps(body) + "\n" for body in bodies))


async def counts(url: str) -> dict[str, int]:
    """Return how many letters have which status."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("select status, count(*) from outgoing_mail group by status")
    await connection.close()
    return {row["status"]: row["count"] for row in rows}


async def _fill(url: str) -> str:
    return str(await fill(url, PARTIES))


def main() -> None:
    """Measure and print."""
    with (
        rig.rig(_fill) as without,
        slow_mail_server() as smtp_port,
        tempfile.TemporaryDirectory() as folder,
    ):
        port = rig.free_port()
        mail = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(smtp_port), "DEMO": "false"}
        command = [rig.sys.executable, "server.py"]
        with rig.started(command, port, DATABASE_URL=without.database_url, **mail):
            slow = f"http://127.0.0.1:{port}"
            rig.wait_for(f"{slow}/health/ready")
            headers, file = Path(folder) / "headers.txt", Path(folder) / "assign.jsonl"
            authorization = f"Bearer {without.token}"
            headers.write_text(f"Authorization: {authorization}\nContent-Type: application/json\n")
            write_bodies(file, Server(without.address, {"Authorization": authorization}))
            targets = {"no mail": without.address, f"{SECONDS:.0f} s": slow}
            rounds = [
                {name: rig.load(url, file, headers) for name, url in targets.items()}
                for _ in range(ROUNDS + 1)
            ][1:]
            print(f"{'mail':10}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}")
            for name in targets:
                found = [r[name] for r in rounds]
                rps, p50, p99 = (
                    statistics.median(getattr(f, figure) for f in found)
                    for figure in ("rps", "p50", "p99")
                )
                failed = " non-2xx!" if any(f.failed for f in found) else ""
                print(f"{name:10}{rps:9.0f}{p50:9.2f}{p99:9.2f}{failed}")
            print(asyncio.run(counts(without.database_url)))


if __name__ == "__main__":
    main()
