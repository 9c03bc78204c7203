"""Sending: letters leave the outbox one by one, as soon as the mail server takes them (R14)."""

import asyncio
import logging
import random
from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Final

from database import log_mishap
from mail import outbox
from mail.headers import clean
from mail.letters import Letter, Letterhead, letter_of
from mail.matters import matter_of
from mail.smtp import (
    LONGEST_REASON,
    Connection,
    DeferredError,
    RefusedError,
    ServerDownError,
    SmtpServer,
    connected_to,
)
from models import OutgoingMail
from observing import log_fault
from observing.figures import MAIL_OUTAGES
from observing.tracing import asked_span
from settings import Settings

IDLE_SECONDS: Final = 1.0
GRACE_SECONDS: Final = 5.0
TICK_SECONDS: Final = 120.0

# First and longest wait, in seconds: for a server that is down, whose letters stay due, and for a
# letter that was put off or broken off.
OUTAGE: Final = (1.0, 60.0)
PUT_OFF: Final = (60.0, 4 * 3600.0)
# Mail servers want no connection to be kept for ever.
MOST_PER_CONNECTION: Final = 100

_log = logging.getLogger(__name__)


def backoff(failures: int, first: float, longest: float) -> float:
    """Return for how many seconds to wait after a number of failures: doubling, with jitter."""
    doubled = first * 2.0 ** min(failures - 1, 20)
    return min(doubled * random.uniform(1.0, 1.2), longest)  # noqa: S311 - jitter


async def send_forever(settings: Settings, smtp: SmtpServer) -> None:
    """Send letters until cancelled, whatever becomes of the mail server or the database."""
    letterhead = Letterhead.of(settings)
    grace = min(GRACE_SECONDS, settings.shutdown_seconds)
    failures = 0
    while True:
        _heed()
        try:
            sent = await send_due(letterhead, smtp, grace)
        except ServerDownError as error:
            failures += 1
            MAIL_OUTAGES.inc()
            _log.warning("The mail server is down; letters wait: %s", error)
        except Exception as error:  # noqa: BLE001 - whatever it is, letters leave once it is over
            failures += 1
            log_mishap(error, "The outbox cannot be worked on")
        else:
            if failures:
                _log.info("Letters can leave again.")
            failures = 0
            if sent:
                continue
        await asyncio.sleep(backoff(failures, *OUTAGE) if failures else IDLE_SECONDS)


async def send_due(letterhead: Letterhead, smtp: SmtpServer, grace: float = GRACE_SECONDS) -> int:
    """Deal with the letters that are due, over one connection; return how many there were.

    Who is told to stop sees the letter in their hands through for `grace` seconds.

    Raises `ServerDownError` when the mail server takes none; they stay due.
    """
    if not await outbox.is_due():
        return 0
    count = 0
    try:
        async with connected_to(smtp, our_name=letterhead.domain) as connection:
            while count < MOST_PER_CONNECTION and connection.is_open:
                _heed()
                mail = await outbox.claim()
                if mail is None:
                    break
                count += 1
                await _see_through(_deal_with(mail, letterhead, connection), grace)
    except ServerDownError as error:
        if not count:
            await outbox.note_outage(str(error))
        raise
    return count


def _heed() -> None:
    """Stop if told to: what waits for an answer, in Python 3.11, forgets it as the answer comes."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _see_through(work: Coroutine[Any, Any, None], grace: float) -> None:
    """Let a letter under way arrive though we are told to stop: torn off, it would repeat."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(Exception):
            await asyncio.wait_for(task, grace)
        raise


async def _deal_with(mail: OutgoingMail, letterhead: Letterhead, connection: Connection) -> None:
    reason = mail.reason_to_drop(datetime.now(UTC).date())
    matter = await matter_of(mail)
    if reason is None and not matter.tasks:
        reason = "No task of the recipient is open."
    if reason is not None:
        await outbox.drop(mail, reason)
        _log.info("Letter %s is dropped.", mail.id)
        return
    try:
        letter = letter_of(matter, letterhead)
    except ValueError as error:
        await outbox.fail(mail, clean(f"The letter cannot be written: {error}", LONGEST_REASON))
        _log.warning("Letter %s cannot be written.", mail.id)
        return
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one letter, others follow
        fault = log_fault(error, at=f"letter {mail.id}")
        await outbox.fail(mail, f"The letter cannot be written; tell support the id {fault}.")
        return
    await _send(mail, letter, connection)


async def _send(mail: OutgoingMail, letter: Letter, connection: Connection) -> None:
    about = {"offboarding.letter.id": str(mail.id), "offboarding.letter.kind": mail.kind.value}
    try:
        with asked_span("send letter", about):
            await connection.hand_over(letter)
    except RefusedError as error:
        await outbox.fail(mail, str(error))
        _log.warning("Letter %s is refused for good.", mail.id)
    except DeferredError as error:
        await _defer(mail, error)
    except ServerDownError as error:
        await _defer(mail, error)
        # What the server said may name the recipient, and this goes to the log.
        raise ServerDownError(f"It broke off letter {mail.id}.") from error
    else:
        await _tick_off(mail)
        _log.info("Letter %s was sent.", mail.id)


async def _defer(mail: OutgoingMail, error: Exception) -> None:
    delay = timedelta(seconds=backoff(mail.attempts, *PUT_OFF))
    await outbox.defer(mail, str(error), delay)
    _log.info("Letter %s is tried again in %d s.", mail.id, delay.total_seconds())


async def _tick_off(mail: OutgoingMail) -> None:
    """Keep that a letter has left, even if the database is away for a while: else it repeats."""
    until = monotonic() + TICK_SECONDS
    while monotonic() < until:
        try:
            await outbox.tick_off(mail)
        except Exception as error:  # noqa: BLE001 - whatever keeps it, the letter has left
            _log.warning("Letter %s was sent, not ticked off: %s", mail.id, type(error).__name__)
            await asyncio.sleep(1)
        else:
            return
    await outbox.tick_off(mail)
