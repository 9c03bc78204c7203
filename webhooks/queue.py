"""Which webhook is due, and what is kept of each attempt.

A worker has a webhook on a lease, longer than an attempt can take, so that its entries go out one
by one and in order, whichever process posts them. Its place moves on with the row of the delivery,
in one transaction: who dies in between posts the entry again, and nobody skips one.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from database import fetch_rows, fetch_text, transaction
from models import OutgoingMail, Permission, User, Webhook, WebhookDelivery
from models.webhook import PATIENCE

LEASE: Final = timedelta(seconds=60)

_CLAIM: Final = """
with due as (
  select w.id from webhook w where w.enabled and w.due_at <= now() and (
    exists (select from activity a where a.organisation_id = w.organisation_id and a.id > w.place)
    or exists (select from webhook_delivery d
      where d.webhook_id = w.id and d.redelivery and d.status = 'PENDING'))
  order by w.due_at limit 1 for update skip locked
)
update webhook w set due_at = now() + $1::interval from due where w.id = due.id
returning w.id::text
"""
_KEEP: Final = """
update webhook set due_at = now() + $3::interval, place = $2::bigint, failures = 0,
  failing_since = null
where id = $1 and enabled returning id::text
"""
_RELEASE: Final = "update webhook set due_at = now(), place = $2 where id = $1 returning id::text"
_ATTEMPT: Final = """
insert into webhook_delivery as d (id, organisation_id, webhook_id, activity_id, status, redelivery,
  attempts, response_status, last_error, created_at, attempted_at, delivered_at)
values (gen_random_uuid(), $1, $2, $3, $4::text, false, 1, $5, $6, now(), now(),
  case when $4::text = 'DELIVERED' then now() end)
on conflict (webhook_id, activity_id) where not redelivery do update set
  status = excluded.status, attempts = d.attempts + 1, response_status = excluded.response_status,
  last_error = excluded.last_error, attempted_at = now(), delivered_at = excluded.delivered_at
returning id::text
"""
_FAIL: Final = """
update webhook set failures = failures + 1, failing_since = coalesce(failing_since, now()),
  due_at = now() + $2::interval
where id = $1 returning (failing_since <= now() - $3::interval)::text
"""
_DISABLE: Final = """
update webhook set enabled = false, disabled_reason = $2 where id = $1 and enabled
returning id::text
"""
_ADMINISTRATORS: Final = """
select distinct u.id from app_user u join user_group_member m on m.user_id = u.id
join user_group g on g.id = m.user_group_id
where u.organisation_id = $1 and u.enabled and $2 = any(g.permissions)
"""
_AGAIN: Final = """
update webhook_delivery set status = $2::text, attempts = attempts + 1, response_status = $3,
  last_error = $4, attempted_at = now(),
  delivered_at = case when $2::text = 'DELIVERED' then now() end
where id = $1 returning id::text
"""


async def claim() -> Webhook | None:
    """Take the webhook that is due longest, or None; nobody else gets it while the lease lasts."""
    id_ = await fetch_text(_CLAIM, [LEASE])
    return None if id_ is None else await Webhook.get(id=id_)


async def release(webhook: Webhook, place: int) -> None:
    """Give a webhook back of which all entries up to a place have been dealt with."""
    await fetch_text(_RELEASE, [webhook.id, place])


async def accepted(webhook: Webhook, entry: int, status: int) -> bool:
    """Keep that an entry was accepted; return whether there is more to be posted."""

    async def work() -> bool:
        await _note(webhook, entry, "DELIVERED", status, None)
        return await fetch_text(_KEEP, [webhook.id, entry, LEASE]) is not None

    return await transaction(work)


async def refused(
    webhook: Webhook, entry: int, status: int | None, reason: str, wait: timedelta
) -> bool:
    """Keep that an entry was refused; return whether it has been for too long by now."""

    async def work() -> bool:
        await _note(webhook, entry, "PENDING", status, reason)
        return await fetch_text(_FAIL, [webhook.id, wait, PATIENCE]) == "true"

    return await transaction(work)


async def _note(
    webhook: Webhook, entry: int, outcome: str, status: int | None, reason: str | None
) -> None:
    about = [webhook.organisation_id, webhook.id, entry]
    await fetch_text(_ATTEMPT, [*about, outcome, status, reason])


async def disable(webhook: Webhook, reason: str) -> None:
    """Switch a webhook off, and mail its organisation's administrators, in one transaction."""

    async def work() -> None:
        if await fetch_text(_DISABLE, [webhook.id, reason]) is None:
            return
        at = datetime.now(UTC)
        rows: list[Any] = await fetch_rows(
            _ADMINISTRATORS, [webhook.organisation_id, Permission.USER_ADMIN]
        )
        for user in await User.filter(id__in=[row["id"] for row in rows]):
            await OutgoingMail.webhook_disabled(user, webhook.url, at).save()

    await transaction(work)


async def asked_again(webhook: Webhook) -> WebhookDelivery | None:
    """Return the delivery that an administrator has asked for first."""
    asked = WebhookDelivery.filter(webhook_id=webhook.id, redelivery=True, status="PENDING")
    return await asked.order_by("created_at", "id").first()


async def settle_again(id: UUID, status: int | None, reason: str | None) -> None:
    """Keep what became of a delivery that was asked for."""
    outcome = "DELIVERED" if reason is None else "FAILED"
    await fetch_text(_AGAIN, [id, outcome, status, reason])
