"""How letters leave: once, when they can, and never by a way that was not asked for."""

import asyncio
import email
import email.policy
import logging
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
from aiosmtplib import SMTP, SMTPResponse
from typing_extensions import override

from mail import (
    Letterhead,
    ServerDownError,
    SmtpServer,
    catching,
    outbox,
    send_due,
    send_forever,
    sender,
)
from mail.headers import clean
from mail.smtp import connected_to
from models import Activity, ActivityKind, MailStatus, OutgoingMail
from settings import ROOT, Settings
from settings.mail import SmtpTls
from tests.factories import make_offboarding, make_party, make_user
from tests.mail.mail_server import (
    CERTIFICATE,
    CUT,
    WRONG_PASSWORD,
    Answers,
    MailServer,
    accept,
    mail_server,
    refusing,
)
from tests.mail.outbox_rows import ASSIGNED_AT, Queued, execute, queue_letter
from tests.served import PATIENCE, free_port, until
from worker import working

pytestmark = pytest.mark.usefixtures("emptied_database")


@pytest.fixture
def vouched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the certificate of the tests' mail server, as an operator trusts that of their own."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a letter under way arrive on a slow machine too, though sending is told to stop."""
    monkeypatch.setattr(sender, "GRACE_SECONDS", PATIENCE)


def message_ids(server: MailServer) -> list[str]:
    return [
        str(email.message_from_bytes(taken.content, policy=email.policy.default)["Message-ID"])
        for taken in server.taken
    ]


async def now() -> datetime:
    """Return what time it is by the database's clock."""
    (row,) = await execute("select now() as now")
    moment: datetime = row["now"]
    return moment


async def was_put_off(queued: Queued, since: datetime, least: float, most: float) -> bool:
    """Return whether a letter was put off since a moment, by that many seconds."""
    due_at = (await queued.row()).due_at
    return timedelta(seconds=least) <= due_at - since and due_at - await now() <= timedelta(
        seconds=most
    )


async def logged() -> list[dict[str, Any]]:
    return list(
        await Activity.all()
        .order_by("id")
        .values("kind", "actor_id", "offboarding_id", "party_id", "product_id", "changes")
    )


async def test_sends_a_letter_and_ticks_it_off(letterhead: Letterhead) -> None:
    queued = await queue_letter(email="anna@bank.example")

    async with mail_server() as server:
        sent = await send_due(letterhead, server.smtp)

    row = await queued.row()
    assert sent == 1
    assert [(t.sender, t.recipients) for t in server.taken] == [
        ("offboarding@bank.example", ["anna@bank.example"])
    ]
    assert message_ids(server) == [f"<mail-{queued.mail.id}@bank.example>"]
    assert (row.status, row.attempts, row.last_error) == (MailStatus.SENT, 1, None)
    assert row.sent_at is not None
    assert await logged() == [
        {
            "kind": ActivityKind.MAIL_SENT,
            "actor_id": None,
            "offboarding_id": queued.offboarding.id,
            "party_id": queued.offboarding.party_id,
            "product_id": None,
            "changes": [
                {"field": "recipient", "before": None, "after": f"user_{queued.recipient.id}"}
            ],
        }
    ]


async def test_leaves_the_mail_server_alone_when_nothing_is_due(letterhead: Letterhead) -> None:
    queued = await queue_letter()
    await execute("update outgoing_mail set due_at = now() + interval '1 minute'")

    async with mail_server() as server:
        sent = await send_due(letterhead, server.smtp)

    assert sent == 0
    assert server.connections == 0
    assert (await queued.row()).status is MailStatus.QUEUED


async def test_sends_all_that_is_due_over_one_connection(letterhead: Letterhead) -> None:
    for _ in range(5):
        await queue_letter()

    async with mail_server() as server:
        sent = await send_due(letterhead, server.smtp)

    assert sent == 5
    assert len(server.taken) == 5
    assert server.connections == 1


async def test_keeps_letters_while_the_server_is_down(letterhead: Letterhead) -> None:
    queued = await queue_letter()
    port = free_port()

    with pytest.raises(ServerDownError):
        await send_due(letterhead, SmtpServer("127.0.0.1", port))

    row = await queued.row()
    assert (row.status, row.attempts) == (MailStatus.QUEUED, 0)
    assert row.last_error is not None
    assert row.last_error.startswith(f"Error connecting to 127.0.0.1 on port {port}")
    assert await outbox.is_due()
    assert await logged() == []


@pytest.mark.usefixtures("_patient")
async def test_sends_what_waited_once_the_server_is_back() -> None:
    queued = await queue_letter(email="anna@bank.example")
    port = free_port()
    arrived = asyncio.Event()

    async def notice(command: str, _argument: str) -> None:
        if command == "DATA":
            arrived.set()

    settings = Settings(mail_from="Offboarding <offboarding@bank.example>")
    sending = asyncio.create_task(send_forever(settings, SmtpServer("127.0.0.1", port)))

    async def was_tried() -> bool:
        return (await queued.row()).last_error is not None

    await until(was_tried)
    async with mail_server(notice, port=port) as server:
        await asyncio.wait_for(arrived.wait(), PATIENCE)
        sending.cancel()
        await asyncio.wait([sending])

    assert len(server.taken) == 1
    assert (await queued.row()).status is MailStatus.SENT


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_tries_again_later_what_the_server_puts_off(
    letterhead: Letterhead, command: str
) -> None:
    queued, begun = await queue_letter(), await now()
    async with mail_server(refusing(command, "451 4.7.1 Try again later")) as server:
        await send_due(letterhead, server.smtp)
        row, waits = await queued.row(), await was_put_off(queued, begun, 60, 72)
        again_at_once = await send_due(letterhead, server.smtp)
        server.answers = accept
        await queued.fall_due()

        await send_due(letterhead, server.smtp)

    assert (row.status, row.attempts) == (MailStatus.QUEUED, 1)
    assert row.last_error == "451 4.7.1 Try again later"
    assert waits
    assert again_at_once == 0
    assert message_ids(server) == [f"<mail-{queued.mail.id}@bank.example>"]
    row = await queued.row()
    assert (row.status, row.attempts, row.last_error) == (MailStatus.SENT, 2, None)
    assert [entry["kind"] for entry in await logged()] == [ActivityKind.MAIL_SENT]


async def test_waits_twice_as_long_after_each_try_and_at_most_four_hours(
    letterhead: Letterhead,
) -> None:
    queued = await queue_letter()
    waits = []

    async with mail_server(refusing("RCPT", "451 Later")) as server:
        for number in range(10):
            begun = await now()
            await send_due(letterhead, server.smtp)
            least, most = min(60 * 2**number, 14_400), min(72 * 2**number, 14_400)
            waits.append(await was_put_off(queued, begun, least, most))
            await queued.fall_due()

    assert waits == [True] * 10


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_a_server_that_closes_down_gets_the_letter_again(
    letterhead: Letterhead, command: str
) -> None:
    queued, begun = await queue_letter(), await now()

    async with mail_server(refusing(command, "421 4.3.2 Closing down")) as server:
        with pytest.raises(ServerDownError, match=f"^It broke off letter {queued.mail.id}.$"):
            await send_due(letterhead, server.smtp)
        row, waits = await queued.row(), await was_put_off(queued, begun, 60, 72)
        server.answers = accept
        await queued.fall_due()
        await send_due(letterhead, server.smtp)

    assert (row.status, row.last_error) == (MailStatus.QUEUED, "421 4.3.2 Closing down")
    assert waits
    assert len(server.taken) == 1
    assert (await queued.row()).status is MailStatus.SENT


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
async def test_what_is_refused_for_good_fails_at_once_and_holds_up_no_other(
    letterhead: Letterhead, command: str
) -> None:
    refused = await queue_letter(email="gone@bank.example")
    other = await queue_letter(email="here@bank.example")
    answers = refusing(command, "550 5.1.1 No such person", "gone@bank.example")

    async with mail_server(answers) as server:
        sent = await send_due(letterhead, server.smtp)

    row = await refused.row()
    assert sent == 2
    assert (row.status, row.attempts) == (MailStatus.FAILED, 1)
    assert row.last_error == "550 5.1.1 No such person"
    assert row.sent_at is None
    assert (await other.row()).status is MailStatus.SENT
    assert [taken.recipients for taken in server.taken] == [["here@bank.example"]]
    assert server.connections == 1
    entries = await logged()
    assert [(entry["kind"], entry["offboarding_id"]) for entry in entries] == [
        (ActivityKind.MAIL_FAILED, refused.offboarding.id),
        (ActivityKind.MAIL_SENT, other.offboarding.id),
    ]
    assert entries[0]["changes"] == [
        {"field": "recipient", "before": None, "after": f"user_{refused.recipient.id}"}
    ]


async def test_gives_up_what_was_put_off_for_two_days(letterhead: Letterhead) -> None:
    queued = await queue_letter()
    async with mail_server(refusing("RCPT", "452 4.2.2 Mailbox full")) as server:
        await send_due(letterhead, server.smtp)
        give_up = "select give_up_at - now() between '47:59' and '48:00' as so from outgoing_mail"
        in_two_days = await execute(give_up)
        await execute("update outgoing_mail set due_at = now(), give_up_at = now()")

        await send_due(letterhead, server.smtp)

    assert in_two_days == [{"so": True}]
    row = await queued.row()
    assert (row.status, row.last_error) == (MailStatus.FAILED, "452 4.2.2 Mailbox full")
    assert [entry["kind"] for entry in await logged()] == [ActivityKind.MAIL_FAILED]


async def test_gives_up_what_no_server_took_for_two_days(letterhead: Letterhead) -> None:
    old, new = await queue_letter(), await queue_letter()
    await execute("update outgoing_mail set give_up_at = now() where id = $1", old.mail.id)

    with pytest.raises(ServerDownError):
        await send_due(letterhead, SmtpServer("127.0.0.1", free_port()))

    assert (await old.row()).status is MailStatus.FAILED
    assert (await new.row()).status is MailStatus.QUEUED
    assert [entry["offboarding_id"] for entry in await logged()] == [old.offboarding.id]


async def test_a_letter_that_cannot_be_written_fails_at_once_and_holds_up_no_other(
    letterhead: Letterhead,
) -> None:
    broken = await queue_letter(email="anna@bank.example\r\nrcpt to:<spy@evil.test>")
    other = await queue_letter(email="here@bank.example")

    async with mail_server() as server:
        await send_due(letterhead, server.smtp)

    row = await broken.row()
    assert row.status is MailStatus.FAILED
    assert row.last_error == (
        "The letter cannot be written: The address is not a plain e-mail address."
    )
    assert (await other.row()).status is MailStatus.SENT
    assert [taken.recipients for taken in server.taken] == [["here@bank.example"]]
    assert [entry["kind"] for entry in await logged()] == [
        ActivityKind.MAIL_FAILED,
        ActivityKind.MAIL_SENT,
    ]


async def test_drops_a_letter_to_a_person_who_was_disabled(letterhead: Letterhead) -> None:
    queued = await queue_letter()
    queued.recipient.enabled = False
    await queued.recipient.save()

    async with mail_server() as server:
        await send_due(letterhead, server.smtp)

    row = await queued.row()
    assert server.taken == []
    assert (row.status, row.last_error) == (
        MailStatus.DROPPED,
        "The recipient has been disabled.",
    )
    assert await logged() == []


async def test_drops_a_letter_about_a_task_that_is_somebody_elses(letterhead: Letterhead) -> None:
    queued = await queue_letter()
    queued.offboarding.assign((await make_user()).id)
    await queued.offboarding.save()

    async with mail_server() as server:
        await send_due(letterhead, server.smtp)

    row = await queued.row()
    assert server.taken == []
    assert (row.status, row.last_error) == (
        MailStatus.DROPPED,
        "The task is no longer the recipient's.",
    )
    assert await logged() == []


DONE: Final = """
status = 'DONE', resolution = 'CANCELLED', closed_at = now(), closed_by_id = started_by_id
"""


async def remind(due_on: date) -> Queued:
    """Put a reminder into the outbox."""
    recipient = await make_user()
    task = await make_offboarding(assignee=recipient, due_on=due_on)
    mail = OutgoingMail.task_due(task, ASSIGNED_AT)
    await mail.save()
    return Queued(mail, task, recipient)


async def test_sends_a_reminder(letterhead: Letterhead) -> None:
    queued = await remind(date(2026, 3, 4))

    async with mail_server() as server:
        await send_due(letterhead, server.smtp)

    assert message_ids(server) == [f"<mail-{queued.mail.id}@bank.example>"]
    assert (await queued.row()).status is MailStatus.SENT
    assert [(entry["kind"], entry["offboarding_id"]) for entry in await logged()] == [
        (ActivityKind.MAIL_SENT, queued.offboarding.id)
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("due_on = '2026-03-05'", "The task is due on another day."),
        ("due_on = null", "The task is due on another day."),
        ("assignee_id = null", "The task is no longer the recipient's."),
        (DONE, "The task is done."),
    ],
)
async def test_drops_a_reminder_that_is_no_longer_needed(
    letterhead: Letterhead, change: str, reason: str
) -> None:
    queued = await remind(date(2026, 3, 4))
    await execute(f"update offboarding set {change}")

    async with mail_server() as server:
        await send_due(letterhead, server.smtp)

    row = await queued.row()
    assert server.taken == []
    assert (row.status, row.last_error) == (MailStatus.DROPPED, reason)


async def queue_digest(at: datetime, *, wanted: bool = True) -> OutgoingMail:
    """Put a digest into the outbox."""
    recipient = await make_user()
    recipient.daily_digest = wanted
    await recipient.save()
    mail = OutgoingMail.daily_digest(recipient, at)
    await mail.save()
    return mail


async def test_sends_a_digest_and_tells_the_log_nothing(letterhead: Letterhead) -> None:
    mail = await queue_digest(datetime.now(UTC))
    await make_offboarding(assignee=await mail.recipient)

    async with mail_server() as server:
        await send_due(letterhead, server.smtp)

    assert message_ids(server) == [f"<mail-{mail.id}@bank.example>"]
    assert (await OutgoingMail.get(id=mail.id)).status is MailStatus.SENT
    assert await logged() == []


async def test_tells_the_log_of_a_digest_that_fails(letterhead: Letterhead) -> None:
    mail = await queue_digest(datetime.now(UTC))
    await make_offboarding(assignee=await mail.recipient)

    async with mail_server(refusing("RCPT", "550 5.1.1 No such person")) as server:
        await send_due(letterhead, server.smtp)

    (entry,) = await logged()
    assert (entry["kind"], entry["offboarding_id"]) == (ActivityKind.MAIL_FAILED, None)
    assert entry["changes"] == [
        {"field": "recipient", "before": None, "after": f"user_{mail.recipient_id}"}
    ]


@pytest.mark.parametrize(
    ("wanted", "days_ago", "tasks", "reason"),
    [
        (False, 0, 1, "The recipient no longer wants the digest."),
        (True, 1, 1, "Its day is over."),
        (True, 0, 0, "No task of the recipient is open."),
    ],
)
async def test_drops_a_digest_that_is_no_longer_wanted(
    letterhead: Letterhead, *, wanted: bool, days_ago: int, tasks: int, reason: str
) -> None:
    mail = await queue_digest(datetime.now(UTC) - timedelta(days=days_ago), wanted=wanted)
    for _ in range(tasks):
        await make_offboarding(assignee=await mail.recipient)

    async with mail_server() as server:
        await send_due(letterhead, server.smtp)

    row = await OutgoingMail.get(id=mail.id)
    assert server.taken == []
    assert (row.status, row.last_error) == (MailStatus.DROPPED, reason)


NASTY: Final = (
    "Anna\r\nBcc: spy@evil.test",
    "Anna\x85Bcc: spy@evil.test",
    "Anna\u2028Bcc: spy@evil.test",
    "=?utf-8?q?x=0ABcc:_spy@evil.test?=",
    'Vries, "Anna" <spy@evil.test>',
    "名前 🦊 👩\u200d💻",
    "<script>alert(1)</script>",
    "\r\n.\r\nMAIL FROM:<spy@evil.test>",
)


async def test_nasty_words_arrive_as_words_and_nasty_addresses_hold_up_nobody(
    letterhead: Letterhead,
) -> None:
    for text in NASTY:
        await queue_letter(email=f"{text}@bank.example".lower())
    sound = [
        await queue_letter(
            name=text,
            by=text,
            email=f"anna{number}@bank.example",
            party=await make_party(reference=text),
        )
        for number, text in enumerate(NASTY)
    ]

    async with mail_server() as server:
        await send_due(letterhead, server.smtp)

    statuses = Counter(await OutgoingMail.all().values_list("status", flat=True))
    assert statuses == {MailStatus.FAILED: len(NASTY), MailStatus.SENT: len(NASTY)}
    assert set(message_ids(server)) == {f"<mail-{q.mail.id}@bank.example>" for q in sound}
    for number, (text, taken) in enumerate(zip(NASTY, server.taken, strict=True)):
        address = f"anna{number}@bank.example"
        message = email.message_from_bytes(taken.content, policy=email.policy.default)
        page = message.get_body(("html",))
        assert taken.recipients == [address]
        assert taken.content.isascii()
        assert taken.content.count(b"\n") == taken.content.count(b"\r\n")
        assert message.defects == []
        assert message["Bcc"] is None
        assert [to.addr_spec for to in message["To"].addresses] == [address]
        assert str(message["Subject"]).endswith(f"Party offboarding {clean(text)}")
        assert page is not None
        assert "<script" not in page.get_content()


async def test_many_workers_send_each_letter_once(letterhead: Letterhead) -> None:
    queued = [await queue_letter() for _ in range(40)]

    async with mail_server() as server:
        sent = await asyncio.gather(*(send_due(letterhead, server.smtp) for _ in range(4)))

    assert sum(sent) == 40
    assert Counter(message_ids(server)) == Counter(
        f"<mail-{letter.mail.id}@bank.example>" for letter in queued
    )
    assert await OutgoingMail.filter(status=MailStatus.SENT, attempts=1).count() == 40
    assert await Activity.filter(kind=ActivityKind.MAIL_SENT).count() == 40


async def test_passes_by_a_letter_that_somebody_takes_at_this_very_moment(
    shared_database_url: str,
) -> None:
    first, second = await queue_letter(), await queue_letter()
    somebody = await asyncpg.connect(shared_database_url)
    async with somebody.transaction():
        sql = "select from outgoing_mail where id = $1 for update"
        await somebody.fetch(sql, first.mail.id)

        taken = await outbox.claim()

    await somebody.close()
    assert taken is not None
    assert taken.id == second.mail.id
    assert (await first.row()).attempts == 0


async def test_a_letter_in_one_workers_hands_is_not_due_for_others(letterhead: Letterhead) -> None:
    queued = await queue_letter()
    taken = await outbox.claim()

    async with mail_server() as server:
        sent = await send_due(letterhead, server.smtp)

    assert taken is not None
    assert taken.id == queued.mail.id
    assert sent == 0
    assert server.taken == []


async def test_a_worker_whose_lease_ran_out_no_longer_decides() -> None:
    queued = await queue_letter()
    first = await outbox.claim()
    await queued.fall_due()
    second = await outbox.claim()
    assert first is not None
    assert second is not None

    await outbox.fail(first, "too late")
    still_queued = (await queued.row()).status
    await outbox.tick_off(second)

    assert still_queued is MailStatus.QUEUED
    assert (await queued.row()).status is MailStatus.SENT
    assert [entry["kind"] for entry in await logged()] == [ActivityKind.MAIL_SENT]


async def test_a_line_cut_after_the_letter_repeats_the_very_same_letter(
    letterhead: Letterhead,
) -> None:
    queued, begun = await queue_letter(), await now()
    async with mail_server(refusing("DATA", CUT)) as server:
        with pytest.raises(ServerDownError):
            await send_due(letterhead, server.smtp)
        row, waits = await queued.row(), await was_put_off(queued, begun, 60, 72)
        server.answers = accept
        await queued.fall_due()

        await send_due(letterhead, server.smtp)

    assert (row.status, row.attempts) == (MailStatus.QUEUED, 1)
    assert waits
    assert len(server.taken) == 2
    assert server.taken[0].content == server.taken[1].content
    assert (await queued.row()).status is MailStatus.SENT


def silent(command: str) -> Answers:
    """Never answer a command, and accept everything before it."""

    async def answers(said: str, _argument: str) -> None:
        if said == command:
            await asyncio.Event().wait()

    return answers


def hesitating(under_way: asyncio.Event, go_on: asyncio.Event) -> Answers:
    """Return answers that tell when a letter is under way, and take it once told to go on."""

    async def answers(command: str, _argument: str) -> None:
        if command == "DATA":
            under_way.set()
            await go_on.wait()

    return answers


class Hasty(SMTP):
    """A client that waits for hardly any answer from a command on, and before it as long as ever.

    The machine may be slow with those that a test is not about.
    """

    def __init__(self, command: str, **settings: Any) -> None:
        super().__init__(**settings)
        self._command = command.encode()

    @override
    async def execute_command(self, *args: bytes, **options: Any) -> SMTPResponse:
        if args[0] == self._command:
            self.timeout = 0.1
        return await super().execute_command(*args, **options)

    @override
    async def data(self, message: str | bytes, **options: Any) -> SMTPResponse:
        if self._command == b"DATA":
            self.timeout = 0.1
        return await super().data(message, **options)


async def send_hastily(
    letterhead: Letterhead, smtp: SmtpServer, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Send what is due by a client that is hasty from a command on."""
    with monkeypatch.context() as patch:
        patch.setattr(sender, "connected_to", partial(connected_to, client=partial(Hasty, command)))
        await send_due(letterhead, smtp)


async def test_waits_for_a_server_that_takes_its_time_with_a_letter(
    letterhead: Letterhead, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = await queue_letter()

    async def slow(command: str, _argument: str) -> None:
        if command == "DATA":
            await asyncio.sleep(0.3)

    async with mail_server(slow) as server:
        smtp = replace(server.smtp, letter_seconds=PATIENCE)
        await send_hastily(letterhead, smtp, "DATA", monkeypatch)

    assert len(server.taken) == 1
    assert (await queued.row()).status is MailStatus.SENT


@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
async def test_does_not_wait_for_ever_and_tries_again_later(
    letterhead: Letterhead, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued, begun = await queue_letter(), await now()
    async with mail_server(silent(command)) as server:
        with pytest.raises(ServerDownError):
            await send_hastily(letterhead, server.smtp, command, monkeypatch)
        row, waits = await queued.row(), await was_put_off(queued, begun, 60, 72)
        server.answers = accept
        await queued.fall_due()
        await send_due(letterhead, server.smtp)

    assert (row.status, row.last_error) == (
        MailStatus.QUEUED,
        "Timed out waiting for server response",
    )
    assert waits
    assert len(server.taken) == 1
    assert (await queued.row()).status is MailStatus.SENT


async def test_a_letter_that_was_never_answered_is_repeated_as_it_was(
    letterhead: Letterhead,
) -> None:
    queued = await queue_letter()
    async with mail_server(silent("DATA")) as server:
        with pytest.raises(ServerDownError):
            await send_due(letterhead, replace(server.smtp, letter_seconds=0.3))
        row = await queued.row()
        server.answers = accept
        await queued.fall_due()
        await send_due(letterhead, server.smtp)

    assert (row.status, row.attempts) == (MailStatus.QUEUED, 1)
    assert message_ids(server) == [f"<mail-{queued.mail.id}@bank.example>"]


async def test_begins_a_new_connection_after_some_letters(
    letterhead: Letterhead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "MOST_PER_CONNECTION", 2)
    for _ in range(3):
        await queue_letter()

    async with mail_server() as server:
        sent = [await send_due(letterhead, server.smtp) for _ in range(3)]

    assert sent == [2, 1, 0]
    assert server.connections == 2
    assert len(server.taken) == 3


@pytest.mark.usefixtures("_patient")
async def test_a_letter_under_way_arrives_though_sending_is_told_to_stop() -> None:
    queued, waiting = await queue_letter(), await queue_letter()
    under_way, go_on = asyncio.Event(), asyncio.Event()

    async with mail_server(hesitating(under_way, go_on)) as server:
        settings = Settings(shutdown_seconds=int(PATIENCE))
        sending = asyncio.create_task(send_forever(settings, server.smtp))
        await under_way.wait()
        sending.cancel()
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.wait([sending])

    assert sending.cancelled()
    assert len(server.taken) == 1
    assert (await queued.row()).status is MailStatus.SENT
    assert (await waiting.row()).status is MailStatus.QUEUED
    assert (await waiting.row()).attempts == 0


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("turns", range(12))
async def test_stops_whenever_it_is_told_to_while_it_takes_leave(turns: int) -> None:
    await queue_letter()

    async with mail_server() as server:
        sending = asyncio.create_task(send_forever(Settings(), server.smtp))
        await server.left.wait()
        for _ in range(turns):
            await asyncio.sleep(0)
        sending.cancel()
        await asyncio.wait([sending], timeout=PATIENCE)

    assert sending.cancelled()


async def test_a_letter_under_way_arrives_though_a_server_is_told_to_stop_ahead_of_its_end() -> (
    None
):
    queued, waiting = await queue_letter(), await queue_letter()
    under_way, go_on = asyncio.Event(), asyncio.Event()

    async with mail_server(hesitating(under_way, go_on)) as server:
        settings = Settings(
            smtp_host=server.smtp.host,
            smtp_port=server.smtp.port,
            shutdown_seconds=int(PATIENCE),
        )
        async with working(settings) as stop:
            await under_way.wait()
            stop()
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_soon(go_on.set)

    assert len(server.taken) == 1
    assert (await queued.row()).status is MailStatus.SENT
    assert (await waiting.row()).status is MailStatus.QUEUED


async def test_a_database_that_drops_its_lines_makes_no_letter_leave_twice(
    letterhead: Letterhead, administrator: asyncpg.Connection, shared_database_url: str
) -> None:
    queued = await queue_letter()
    name = shared_database_url.partition("@/")[2].partition("?")[0]
    kill = "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = $1"

    async def drop_lines(command: str, _argument: str) -> None:
        if command == "DATA":
            await administrator.fetch(kill, name)

    async with mail_server(drop_lines) as server:
        await send_due(letterhead, server.smtp)

    assert len(server.taken) == 1
    row = await queued.row()
    assert (row.status, row.attempts) == (MailStatus.SENT, 1)


async def test_a_letter_that_left_is_ticked_off_once_the_database_is_back(
    letterhead: Letterhead,
    administrator: asyncpg.Connection,
    shared_database_url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    queued = await queue_letter()
    name = shared_database_url.partition("@/")[2].partition("?")[0]
    kill = "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = $1"

    async def close_database(command: str, _argument: str) -> None:
        if command == "DATA":
            await administrator.execute(f"alter database {name} allow_connections false")
            await administrator.fetch(kill, name)

    async with mail_server(close_database) as server:
        sending = asyncio.create_task(send_due(letterhead, server.smtp))
        await until(lambda: "was sent, not ticked off" in caplog.text)
        await administrator.execute(f"alter database {name} allow_connections true")
        await sending

    assert len(server.taken) == 1
    row = await queued.row()
    assert (row.status, row.attempts) == (MailStatus.SENT, 1)


async def test_a_server_without_starttls_gets_no_letter_when_starttls_is_asked_for(
    letterhead: Letterhead,
) -> None:
    queued = await queue_letter()

    async with mail_server() as server:
        plain = replace(server.smtp, tls=SmtpTls.STARTTLS)
        with pytest.raises(ServerDownError):
            await send_due(letterhead, plain)

    row = await queued.row()
    assert set(server.commands) == {"EHLO"}
    assert (row.status, row.attempts) == (MailStatus.QUEUED, 0)
    assert row.last_error == "SMTP STARTTLS extension not supported by server."


@pytest.mark.parametrize("tls", [SmtpTls.STARTTLS, SmtpTls.IMPLICIT])
async def test_a_server_whose_certificate_nobody_vouches_for_gets_no_letter(
    letterhead: Letterhead, tls: SmtpTls
) -> None:
    queued = await queue_letter()

    async with mail_server(tls=tls) as server:
        with pytest.raises(ServerDownError):
            await send_due(letterhead, server.smtp)

    row = await queued.row()
    assert "MAIL" not in server.commands
    assert (row.status, row.attempts) == (MailStatus.QUEUED, 0)
    assert row.last_error is not None
    assert "certificate verify failed" in row.last_error


@pytest.mark.usefixtures("vouched_for")
@pytest.mark.parametrize("tls", [SmtpTls.STARTTLS, SmtpTls.IMPLICIT])
async def test_sends_encrypted_to_a_server_whose_certificate_is_good(
    letterhead: Letterhead, tls: SmtpTls
) -> None:
    queued = await queue_letter()

    async with mail_server(tls=tls) as server:
        await send_due(letterhead, server.smtp)

    assert [taken.encrypted for taken in server.taken] == [True]
    assert (await queued.row()).status is MailStatus.SENT


async def test_does_not_encrypt_by_chance(letterhead: Letterhead) -> None:
    await queue_letter()

    async with mail_server(tls=SmtpTls.STARTTLS) as server:
        plain = replace(server.smtp, tls=SmtpTls.NONE)
        await send_due(letterhead, plain)

    assert [taken.encrypted for taken in server.taken] == [False]


@pytest.mark.usefixtures("vouched_for")
async def test_logs_in(letterhead: Letterhead) -> None:
    queued = await queue_letter()

    async with mail_server(tls=SmtpTls.STARTTLS, login=True) as server:
        await send_due(letterhead, server.smtp)

    assert len(server.taken) == 1
    assert (await queued.row()).status is MailStatus.SENT


@pytest.mark.usefixtures("vouched_for")
async def test_waits_when_the_login_is_not_accepted_and_never_tells_the_password(
    letterhead: Letterhead, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    queued = await queue_letter()

    async with mail_server(tls=SmtpTls.STARTTLS, login=True) as server:
        wrong = replace(server.smtp, password=WRONG_PASSWORD)
        with pytest.raises(ServerDownError):
            await send_due(letterhead, wrong)

    row = await queued.row()
    assert (row.status, row.attempts) == (MailStatus.QUEUED, 0)
    assert row.last_error == "535 The mail server refuses the login."
    assert WRONG_PASSWORD not in caplog.text + repr(wrong)


@pytest.mark.usefixtures("vouched_for")
async def test_a_login_that_is_missing_fails_no_letter(letterhead: Letterhead) -> None:
    queued = await queue_letter()

    async with mail_server(tls=SmtpTls.STARTTLS, login=True) as server:
        nameless = replace(server.smtp, username=None, password=None)
        with pytest.raises(ServerDownError):
            await send_due(letterhead, nameless)

    row = await queued.row()
    assert (row.status, row.last_error) == (
        MailStatus.QUEUED,
        "530 5.7.0 Authentication required",
    )


async def test_an_address_outside_ascii_needs_a_server_that_takes_it(
    letterhead: Letterhead,
) -> None:
    refused = await queue_letter(email="jörg@bücher.example")
    async with mail_server(smtputf8=False) as old_server:
        await send_due(letterhead, old_server.smtp)
    accepted = await queue_letter(email="anna@bücher.example")
    async with mail_server() as server:
        await send_due(letterhead, server.smtp)

    row = await refused.row()
    assert old_server.taken == []
    assert (row.status, row.last_error) == (
        MailStatus.FAILED,
        "The mail server takes no address outside ASCII.",
    )
    assert [taken.recipients for taken in server.taken] == [["anna@bücher.example"]]
    assert (await accepted.row()).status is MailStatus.SENT


async def test_the_log_names_no_person_and_no_reference(
    letterhead: Letterhead, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="mail")
    queued = await queue_letter(name="Anna de Vries", email="anna@bank.example")
    refused = await queue_letter(name="Bo Jansen", email="bo@bank.example")
    answers = refusing("RCPT", "550 <bo@bank.example> unknown", "bo@bank.example")

    async with mail_server(answers) as server:
        await send_due(letterhead, server.smtp)

    ours = [
        record for record in caplog.records if Path(record.pathname).is_relative_to(ROOT / "mail")
    ]
    assert [record.getMessage() for record in ours] == [
        f"Letter {queued.mail.id} was sent.",
        f"Letter {refused.mail.id} is refused for good.",
    ]


async def test_the_catcher_takes_what_is_sent(letterhead: Letterhead) -> None:
    queued = await queue_letter(email="anna@bank.example")
    told: list[str] = []

    async with catching(tell=told.append) as catcher:
        await send_due(letterhead, SmtpServer(catcher.host, catcher.port))

    assert [caught.recipients for caught in catcher.messages] == [("anna@bank.example",)]
    assert len(told) == 1
    assert (await queued.row()).status is MailStatus.SENT
