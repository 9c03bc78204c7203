"""What falls due by the calendar: reminders of tasks and daily digests, each of them once.

Days are days in UTC. Any number of workers look; the database keeps a second letter out.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from tortoise.connection import get_connection
from tortoise.models import Model

from database import log_mishap
from models import Offboarding, OutgoingMail, User
from settings import Settings

M = TypeVar("M", bound=Model)

ROUND_SECONDS: Final = 30.0
# After an outage of the workers a reminder may come late; about older days nobody is woken.
LATEST: Final = timedelta(days=7)
MOST_AT_ONCE: Final = 500

_TASKS_DUE: Final = """
select f.* from organisation o cross join lateral (
  select * from offboarding
  where organisation_id = o.id and status <> 'DONE' and assignee_id is not null
    and coalesce(due_on, 'infinity') > $1 and coalesce(due_on, 'infinity') <= $2
) f join app_user u on u.id = f.assignee_id
where u.enabled and not exists (select from outgoing_mail m
  where m.offboarding_id = f.id and m.day = f.due_on and m.kind = 'TASK_DUE')
limit $3
"""

_DIGESTS_WANTED: Final = """
select u.* from app_user u
where u.daily_digest and u.enabled
  and exists (select from offboarding f where f.assignee_id = u.id and f.status <> 'DONE')
  and not exists (select from outgoing_mail m
    where m.recipient_id = u.id and m.day = $1 and m.kind = 'DAILY_DIGEST')
limit $2
"""


async def queue_forever(settings: Settings) -> None:
    """Queue what falls due until cancelled, whatever becomes of the database."""
    while True:
        try:
            await queue_reminders(datetime.now(UTC))
            await queue_digests(datetime.now(UTC), settings.digest_hour)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next round may be better
            log_mishap(error, "What falls due cannot be queued")
        await asyncio.sleep(ROUND_SECONDS)


async def queue_reminders(now: datetime) -> int:
    """Queue a reminder of each task that has fallen due; return how many there were."""
    today = now.date()
    tasks = await _rows(Offboarding, _TASKS_DUE, today - LATEST, today, MOST_AT_ONCE)
    return await _queue([OutgoingMail.task_due(task, now) for task in tasks])


async def queue_digests(now: datetime, hour: int) -> int:
    """Queue the day's digest of each user who wants one, from an hour on; return how many."""
    if now.hour < hour:
        return 0
    users = await _rows(User, _DIGESTS_WANTED, now.date(), MOST_AT_ONCE)
    return await _queue([OutgoingMail.daily_digest(user, now) for user in users])


async def _rows(model: type[M], sql: str, *values: Any) -> list[M]:  # noqa: ANN401 - of any type
    _, rows = await get_connection("default").execute_query(sql, list(values))
    return [model._init_from_db(**dict(row)) for row in rows]  # noqa: SLF001 - as Tortoise's own executor does


async def _queue(mails: list[OutgoingMail]) -> int:
    if mails:
        await OutgoingMail.bulk_create(mails, ignore_conflicts=True)
    return len(mails)
