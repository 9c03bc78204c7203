"""Reminders and digests are queued when their day has come, each of them once."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from mail.daily import LATEST, queue_digests, queue_reminders
from models import (
    MailKind,
    MailStatus,
    Offboarding,
    OffboardingResolution,
    OffboardingStatus,
    OutgoingMail,
    User,
)
from tests.factories import make_offboarding, make_organisation, make_party, make_user
from tests.mail.outbox_rows import execute

pytestmark = pytest.mark.usefixtures("emptied_database")

TODAY = date(2026, 3, 4)
NOW = datetime(2026, 3, 4, 6, tzinfo=UTC)


async def make_task(due_on: date | None = TODAY, assignee: User | None = None) -> Offboarding:
    return await make_offboarding(assignee=assignee or await make_user(), due_on=due_on)


async def test_reminds_the_assignee_of_a_task_that_falls_due() -> None:
    task = await make_task()

    queued = await queue_reminders(NOW)

    (mail,) = await OutgoingMail.all()
    assert queued == 1
    assert (mail.kind, mail.status, mail.day) == (MailKind.TASK_DUE, MailStatus.QUEUED, TODAY)
    assert (mail.offboarding_id, mail.recipient_id) == (task.id, task.assignee_id)
    assert (mail.organisation_id, mail.sender_id) == (task.organisation_id, None)
    assert mail.created_at == NOW


async def test_reminds_once_of_each_day_a_task_is_due_on() -> None:
    await make_task()
    await queue_reminders(NOW)

    again = await queue_reminders(NOW + timedelta(hours=9))
    await execute("update offboarding set due_on = $1", TODAY + timedelta(days=1))
    before_the_other_day = await queue_reminders(NOW)
    on_the_other_day = await queue_reminders(NOW + timedelta(days=1))

    assert (again, before_the_other_day, on_the_other_day) == (0, 0, 1)
    assert await OutgoingMail.all().count() == 2


async def test_reminds_once_however_many_workers_look_at_the_same_moment() -> None:
    await make_task()

    await asyncio.gather(*(queue_reminders(NOW) for _ in range(5)))

    assert await OutgoingMail.all().count() == 1


async def test_reminds_late_rather_than_never_but_not_of_days_long_past() -> None:
    late = await make_task(TODAY - LATEST + timedelta(days=1))
    await make_task(TODAY - LATEST)

    queued = await queue_reminders(NOW)

    (mail,) = await OutgoingMail.all()
    assert queued == 1
    assert mail.offboarding_id == late.id


async def test_reminds_nobody_of_what_is_not_due_not_open_or_not_theirs() -> None:
    await make_task(TODAY + timedelta(days=1))
    await make_task(None)
    await make_task(assignee=await make_user(enabled=False))
    await make_offboarding(due_on=TODAY)
    await make_offboarding(
        due_on=TODAY,
        assignee=await make_user(),
        status=OffboardingStatus.DONE,
        resolution=OffboardingResolution.CANCELLED,
    )

    assert await queue_reminders(NOW) == 0
    assert await OutgoingMail.all().count() == 0


async def make_subscriber(*, tasks: int = 1, enabled: bool = True, wants: bool = True) -> User:
    user = await make_user(enabled=enabled)
    await execute("update app_user set daily_digest = $2 where id = $1", user.id, wants)
    for _ in range(tasks):
        await make_task(None, user)
    return user


async def test_queues_the_digest_of_who_wants_one_and_has_an_open_task() -> None:
    user = await make_subscriber(tasks=2)
    await make_subscriber(wants=False)
    await make_subscriber(enabled=False)
    await make_subscriber(tasks=0)

    queued = await queue_digests(NOW, 6)

    (mail,) = await OutgoingMail.all()
    assert queued == 1
    assert (mail.kind, mail.status, mail.day) == (MailKind.DAILY_DIGEST, MailStatus.QUEUED, TODAY)
    assert (mail.recipient_id, mail.organisation_id) == (user.id, user.organisation_id)
    assert (mail.offboarding_id, mail.sender_id) == (None, None)


async def test_queues_a_digest_once_a_day_and_not_before_its_hour() -> None:
    await make_subscriber()
    before = await queue_digests(NOW - timedelta(minutes=1), 6)
    first = await queue_digests(NOW, 6)
    second = await queue_digests(NOW + timedelta(hours=17), 6)

    next_day = await queue_digests(NOW + timedelta(days=1), 6)

    assert (before, first, second, next_day) == (0, 1, 0, 1)


async def test_serves_every_organisation() -> None:
    for _ in range(2):
        organisation = await make_organisation()
        user = await make_user(organisation=organisation)
        party = await make_party(organisation=organisation)
        await make_offboarding(party=party, assignee=user, due_on=TODAY, started_by=user)

    assert await queue_reminders(NOW) == 2
