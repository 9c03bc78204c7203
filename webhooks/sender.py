"""Sending: each webhook is told of each entry past its place, in order, until it accepts it."""

import asyncio
import logging
import random
from datetime import timedelta
from typing import Final

from database import log_mishap
from models import Webhook
from observing.figures import WEBHOOKS_DISABLED
from resolvers.webhook_events import event_of, event_past, newest_of
from webhooks import queue
from webhooks.posting import Post, Poster, RefusedError, posting

IDLE_SECONDS: Final = 1.0
TROUBLE_SECONDS: Final = 5.0
AT_ONCE: Final = 4  # webhooks that one process posts to at the same time
MOST_IN_A_ROW: Final = 100  # entries, before another webhook has its turn
MOST_AGAIN: Final = 4  # before the entries in turn; each can take seconds of the lease
FIRST_WAIT: Final = 5.0
LONGEST_WAIT: Final = 3600.0

logger = logging.getLogger(__name__)


def backoff(failures: int) -> timedelta:
    """Return for how long to wait after a number of failures: doubling, with jitter."""
    doubled = min(FIRST_WAIT * 2.0 ** min(failures, 20), LONGEST_WAIT)
    return timedelta(seconds=doubled * random.uniform(0.8, 1.2))  # noqa: S311 - jitter


async def deliver_forever(*, private: bool) -> None:
    """Deliver until cancelled, whatever becomes of receivers or the database."""
    async with posting(private=private) as poster, asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(_deliver_forever(poster))


async def _deliver_forever(poster: Poster) -> None:
    while True:
        try:
            worked = await deliver_due(poster)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next round may be better
            log_mishap(error, "Webhooks cannot be worked on")
            await asyncio.sleep(TROUBLE_SECONDS)
            continue
        if not worked:
            await asyncio.sleep(IDLE_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311 - jitter


async def deliver_due(poster: Poster) -> bool:
    """Deal with one webhook that is due; return whether there was one."""
    webhook = await queue.claim()
    if webhook is None:
        return False
    await _redeliver(webhook, poster)
    place = webhook.place
    for _ in range(MOST_IN_A_ROW):
        newest = await newest_of(webhook)
        found = await event_past(webhook, place, newest)
        if found is None:
            place = max(place, newest)
            break
        place, body = found
        if not await _deliver(webhook, place, body, poster):
            return True
    await queue.release(webhook, place)
    return True


async def _deliver(webhook: Webhook, entry: int, body: bytes, poster: Poster) -> bool:
    """Post an entry; return whether the next may follow."""
    post = Post(webhook.url, f"activity_{entry}", body, webhook.secrets)
    try:
        status = await poster.post(post)
    except RefusedError as error:
        wait = backoff(webhook.failures)
        late = await queue.refused(webhook, entry, error.status, str(error), wait)
        logger.info("Webhook %s is tried again in %d s.", webhook.id, wait.total_seconds())
        if late or error.is_for_good:
            await queue.disable(webhook, str(error))
            WEBHOOKS_DISABLED.inc()
            logger.warning("Webhook %s is switched off.", webhook.id)
        return False
    return await queue.accepted(webhook, entry, status)


async def _redeliver(webhook: Webhook, poster: Poster) -> None:
    """Post once what administrators have asked for once more."""
    for _ in range(MOST_AGAIN):
        delivery = await queue.asked_again(webhook)
        if delivery is None:
            return
        body = await event_of(webhook, delivery.activity_id)
        if body is None:
            await queue.settle_again(delivery.id, None, "The entry is no longer there.")
            continue
        post = Post(webhook.url, f"activity_{delivery.activity_id}", body, webhook.secrets)
        try:
            status = await poster.post(post)
        except RefusedError as error:
            await queue.settle_again(delivery.id, error.status, str(error))
        else:
            await queue.settle_again(delivery.id, status, None)
