"""Workers as an operator starts them: several processes, and what becomes of one that is killed."""

import email
import email.policy
import signal
import tempfile
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from models import Activity, ActivityKind, MailStatus, OutgoingMail
from tests.factories import make_offboarding, make_user
from tests.mail.mail_server import MailServer, accept, mail_server
from tests.mail.outbox_rows import ASSIGNED_AT, execute, queue_letter
from tests.served import PATIENCE, Process, start, until, whole_lines

pytestmark = pytest.mark.usefixtures("database")

LETTERS = 200
FATAL = 90


def kill(process: Process) -> None:
    """Kill a process before this one does anything else, so that it hears no answer any more."""
    process.kill()
    process.wait()


@asynccontextmanager
async def workers(
    count: int, database_url: str, server: MailServer
) -> AsyncIterator[list[Process]]:
    """Run workers that send to a mail server, and end in order those that still live."""
    environment = {
        "DATABASE_URL": database_url,
        "SMTP_HOST": server.smtp.host,
        "SMTP_PORT": str(server.smtp.port),
        "MAIL_FROM": "tasks@bank.example",
    }
    with tempfile.TemporaryDirectory(prefix="offboarding-workers-") as name:
        folders = [Path(name) / str(number) for number in range(count)]
        for folder in folders:
            folder.mkdir()
        started = [start(folder, "cli.py", "worker", **environment) for folder in folders]
        try:
            await until(lambda: all("Letters leave by" in log_of(folder) for folder in folders))
            yield started
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait(PATIENCE)


def log_of(folder: Path) -> str:
    return whole_lines(folder / "err")


def contents(server: MailServer) -> dict[str, list[bytes]]:
    """Return what came of each letter, by its Message-ID."""
    found = defaultdict(list)
    for taken in server.taken:
        message = email.message_from_bytes(taken.content, policy=email.policy.default)
        found[str(message["Message-ID"])].append(taken.content)
    return found


async def queued() -> int:
    return await OutgoingMail.filter(status=MailStatus.QUEUED).count()


async def let_lease_end() -> None:
    """Do what time does to the letter in the hands of the dead: all but one are the living's."""

    async def one_is_left() -> bool:
        return await queued() <= 1

    await until(one_is_left)
    await execute("update outgoing_mail set due_at = now() where status = 'QUEUED'")


async def test_one_of_three_workers_is_killed_and_every_letter_arrives(database_url: str) -> None:
    recipient = await make_user()
    tasks = [await make_offboarding(assignee=recipient) for _ in range(LETTERS)]
    mails = [OutgoingMail.task_assigned(task, recipient.id, ASSIGNED_AT) for task in tasks]
    begun = 0

    async with mail_server() as server, workers(3, database_url, server) as processes:

        async def kill_one(command: str, _argument: str) -> None:
            nonlocal begun
            begun += command == "DATA"
            if begun == FATAL and processes[0].poll() is None:
                kill(processes[0])

        server.answers = kill_one
        await OutgoingMail.bulk_create(mails)
        await until(lambda: processes[0].poll() is not None)
        await let_lease_end()

        async def all_left() -> bool:
            return await queued() == 0

        await until(all_left)

    came = contents(server)
    assert processes[0].returncode == -signal.SIGKILL
    assert set(came) == {f"<mail-{mail.id}@bank.example>" for mail in mails}
    repeated = [copies for copies in came.values() if len(copies) > 1]
    assert len(repeated) <= 1
    assert all(len(copies) == 2 and copies[0] == copies[1] for copies in repeated)
    assert await OutgoingMail.filter(status=MailStatus.SENT).count() == LETTERS
    told = await Activity.filter(kind=ActivityKind.MAIL_SENT).values_list("offboarding_id")
    assert Counter(told) == Counter((task.id,) for task in tasks)
    assert [process.returncode for process in processes[1:]] == [0, 0]


async def test_a_worker_killed_before_it_heard_the_answer_repeats_the_same_letter(
    database_url: str,
) -> None:
    async with mail_server() as server:
        async with workers(1, database_url, server) as (first,):

            async def accept_and_kill(command: str, _argument: str) -> None:
                if command == "DATA":
                    kill(first)

            server.answers = accept_and_kill
            letter = await queue_letter()
            await until(lambda: bool(server.taken))
        in_hand = await letter.row()
        server.answers = accept
        await letter.fall_due()
        async with workers(1, database_url, server):

            async def is_sent() -> bool:
                return (await letter.row()).status is MailStatus.SENT

            await until(is_sent)

    (copies,) = contents(server).values()
    row = await letter.row()
    assert (in_hand.status, in_hand.attempts) == (MailStatus.QUEUED, 1)
    assert len(copies) == 2
    assert copies[0] == copies[1]
    assert (row.status, row.attempts) == (MailStatus.SENT, 2)
    assert await Activity.filter(kind=ActivityKind.MAIL_SENT).count() == 1
