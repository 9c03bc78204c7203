"""The outbox: any number of workers take letters from it, each letter by one worker at a time.

A worker holds a letter on a lease, longer than anything it may still do with it. Who dies with a
letter in hand lets it fall due again; who outlived a lease finds that the row no longer yields, as
the end of the lease, which no two leases share, stands in it.
"""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Final

from database import fetch_text, transaction
from events import tell
from models import Activity, ActivityKind, MailStatus, OutgoingMail
from models.change import changed
from observing.figures import LETTERS

LEASE: Final = timedelta(minutes=10)
PATIENCE: Final = timedelta(days=2)
MOST_GIVEN_UP: Final = 100  # at once; the next round goes on

_IS_DUE: Final = (
    "select 'yes' where exists"
    " (select from outgoing_mail where status = 'QUEUED' and due_at <= now())"
)

_CLAIM: Final = """
with due as (
  select id from outgoing_mail where status = 'QUEUED' and due_at <= now()
  order by due_at, id limit 1 for update skip locked
)
update outgoing_mail m set attempts = attempts + 1, due_at = now() + $1::interval,
  give_up_at = coalesce(give_up_at, now() + $2::interval)
from due where m.id = due.id returning m.id::text
"""

_SETTLE: Final = """
update outgoing_mail set status = $3::text, last_error = $4,
  sent_at = case when $3::text = 'SENT' then now() end
where id = $1 and due_at = $2 and status = 'QUEUED' returning id::text
"""

_DEFER: Final = """
update outgoing_mail set due_at = now() + $3::interval, last_error = $4
where id = $1 and due_at = $2 and status = 'QUEUED' and give_up_at > now() returning id::text
"""

_NOTE: Final = """
with due as (
  select id from outgoing_mail
  where status = 'QUEUED' and due_at <= now() and last_error is distinct from $1
  for update skip locked
)
update outgoing_mail m set last_error = $1, give_up_at = coalesce(give_up_at, now() + $2::interval)
from due where m.id = due.id
"""

_HOPELESS: Final = """
select id::text from outgoing_mail
where status = 'QUEUED' and due_at <= now() and give_up_at <= now() limit 1
"""


async def is_due() -> bool:
    """Return whether a letter waits to be taken."""
    return await fetch_text(_IS_DUE, []) is not None


async def claim() -> OutgoingMail | None:
    """Take the letter that is due longest, or None; nobody else gets it while the lease lasts."""
    return await _row(await fetch_text(_CLAIM, [LEASE, PATIENCE]))


async def _row(id: str | None) -> OutgoingMail | None:
    if id is None:
        return None
    return await OutgoingMail.get(id=id).select_related(
        "recipient", "sender", "offboarding__party", "offboarding__product"
    )


async def tick_off(mail: OutgoingMail) -> None:
    """Keep that a letter was accepted."""
    await _settle(mail, MailStatus.SENT, None, ActivityKind.MAIL_SENT)


async def fail(mail: OutgoingMail, reason: str) -> None:
    """Give a letter up, for everybody to see."""
    await _settle(mail, MailStatus.FAILED, reason, ActivityKind.MAIL_FAILED)


async def drop(mail: OutgoingMail, reason: str) -> None:
    """Put a letter away that nobody needs any more."""
    await _settle(mail, MailStatus.DROPPED, reason, None)


async def defer(mail: OutgoingMail, reason: str, delay: timedelta) -> None:
    """Try a letter again after a delay, or give it up when it was tried for long enough."""
    if await fetch_text(_DEFER, [mail.id, mail.due_at, delay, reason]) is None:
        await fail(mail, reason)
    else:
        LETTERS.labels("deferred").inc()


async def note_outage(reason: str) -> None:
    """Write on each letter that is due why it does not leave, and give up the oldest of them."""
    await fetch_text(_NOTE, [reason, PATIENCE])
    for _ in range(MOST_GIVEN_UP):
        mail = await _row(await fetch_text(_HOPELESS, []))
        if mail is None:
            return
        await fail(mail, reason)


async def _settle(
    mail: OutgoingMail, status: MailStatus, reason: str | None, kind: ActivityKind | None
) -> None:
    async def work() -> bool:
        held = await fetch_text(_SETTLE, [mail.id, mail.due_at, status, reason])
        if held is None or kind is None:
            return held is not None
        task = mail.offboarding
        if task is None and kind is ActivityKind.MAIL_SENT:
            # A digest that arrived tells the log nothing about any offboarding.
            return True
        # Last, because from here to the commit nobody else adds to the log.
        await Activity.create(
            organisation_id=mail.organisation_id,
            kind=kind,
            occurred_at=datetime.now(UTC),
            offboarding_id=mail.offboarding_id,
            party_id=None if task is None else task.party_id,
            product_id=None if task is None else task.product_id,
            changes=[asdict(change) for change in changed("recipient", None, mail.recipient_id)],
        )
        return True

    if await transaction(work):
        LETTERS.labels(status.lower()).inc()
    if kind is not None:
        tell()
