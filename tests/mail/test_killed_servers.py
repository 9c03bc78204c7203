"""A server is killed between the commit of a save and its letter, which leaves all the same."""

import asyncio
import os
import re
import signal
from pathlib import Path
from typing import Final

import pytest

from models import Activity, ActivityKind, MailStatus, OutgoingMail
from tests.asking import gid
from tests.factories import make_offboarding, make_token, make_user
from tests.mail.mail_server import accept, mail_server
from tests.mail.outbox_rows import execute
from tests.served import Served, served, until

pytestmark = pytest.mark.usefixtures("database")

ASSIGN: Final = """mutation ($id: ID!, $to: ID) {
  assignOffboarding(input: {offboardingId: $id, assigneeId: $to}) { __typename }
}"""
CONNECTED: Final = "01"


async def assign(server: Served) -> None:
    """Give somebody a task, and hear that this was done."""
    recipient, offboarding = await make_user(), await make_offboarding()
    client = server.client(await make_token(recipient))
    answer = await client.ask(ASSIGN, id=gid(offboarding), to=gid(recipient))
    assert answer["assignOffboarding"]["__typename"] == "AssignOffboardingSuccess"


async def lease_ends(letter: OutgoingMail) -> None:
    """Do what time does to a letter in the hands of the dead, and to no other's."""
    await execute("update outgoing_mail set due_at = now() where id = $1", letter.id)


async def all_are_sent() -> bool:
    return not await OutgoingMail.exclude(status=MailStatus.SENT).exists()


async def test_a_letter_leaves_once_whenever_its_server_was_killed(database_url: str) -> None:
    async with mail_server() as post:
        mail = {"SMTP_HOST": post.smtp.host, "SMTP_PORT": str(post.smtp.port)}
        async with served(DATABASE_URL=database_url, RUN_WORKER="false") as server:
            await assign(server)
            server.stop(signal.SIGKILL)
        untouched = await OutgoingMail.get()

        victim: asyncio.Future[Served] = asyncio.get_running_loop().create_future()

        async def kill(command: str, _argument: str) -> None:
            if command == "MAIL":
                (await victim).stop(signal.SIGKILL)

        # Before the server starts: its first letter may leave before it is known to be ready.
        post.answers = kill
        async with served(DATABASE_URL=database_url, **mail) as server:
            victim.set_result(server)
            await until(lambda: server.process.poll() is not None)
        in_hand = await OutgoingMail.get()
        post.answers = accept
        async with served(DATABASE_URL=database_url, **mail) as server:
            await assign(server)  # another, which leaves at once
            await until(lambda: len(post.taken) == 1)
            held = await OutgoingMail.get(id=in_hand.id)
            await lease_ends(in_hand)
            await until(all_are_sent)

    assert (untouched.status, untouched.attempts) == (MailStatus.QUEUED, 0)
    assert (in_hand.status, in_hand.attempts) == (MailStatus.QUEUED, 1)
    assert (held.status, held.attempts) == (MailStatus.QUEUED, 1)
    assert len(post.taken) == 2
    assert await Activity.filter(kind=ActivityKind.MAIL_SENT).count() == 2


def talks_to(process: int, port: int) -> bool:
    """Return whether a process holds a connection to a port of this machine."""
    rows = [line.split() for line in Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]]
    sockets = {
        f"socket:[{row[9]}]"
        for row in rows
        if row[3] == CONNECTED and int(row[2].rpartition(":")[2], 16) == port
    }
    return any(str(file.readlink()) in sockets for file in Path(f"/proc/{process}/fd").iterdir())


def processes_of(server: Served) -> list[int]:
    return [int(id) for id in re.findall(r"Started server process \[(\d+)\]", server.log)]


@pytest.mark.skipif(not Path("/proc/self/net").exists(), reason="it takes Linux to see who talks")
async def test_a_sibling_sends_the_letter_of_a_process_that_was_killed(database_url: str) -> None:
    async with mail_server() as post:
        mail = {"SMTP_HOST": post.smtp.host, "SMTP_PORT": str(post.smtp.port)}
        program = ("server.py", "--workers", "2")
        async with served(*program, DATABASE_URL=database_url, **mail) as server:
            await until(lambda: len(processes_of(server)) == 2)
            killed: list[int] = []

            async def kill_its_process(command: str, _argument: str) -> None:
                if command == "MAIL" and not killed:

                    def talking() -> list[int]:
                        return [p for p in processes_of(server) if talks_to(p, post.smtp.port)]

                    await until(lambda: len(talking()) == 1)  # a sibling who came too has gone
                    killed.extend(talking())
                    for process in killed:
                        os.kill(process, signal.SIGKILL)

            post.answers = kill_its_process
            await assign(server)
            await until(lambda: bool(killed))
            in_hand = await OutgoingMail.get()
            post.answers = accept
            await lease_ends(in_hand)
            await until(all_are_sent)
            # The one that was killed is replaced, and all answer.
            await until(lambda: len(processes_of(server)) == 3)
            await assign(server)
            await until(all_are_sent)

            assert server.stop() == 0
    assert len(killed) == 1
    assert (in_hand.status, in_hand.attempts) == (MailStatus.QUEUED, 1)
    assert len(post.taken) == 2
    assert await Activity.filter(kind=ActivityKind.MAIL_SENT).count() == 2
