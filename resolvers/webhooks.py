"""Webhooks as administrators see and change them, what became of deliveries, and sending again."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson

from events import newest_place
from models import (
    InvalidInputError,
    Permission,
    Viewer,
    Webhook,
    WebhookDelivery,
)
from models.webhook import MOST_PER_ORGANISATION, check_url, new_secret
from resolvers.json_text import Json
from resolvers.reader import Reader
from resolvers.reading import read, read_by_id
from resolvers.selection import Asked
from resolvers.writing import lock, look, write
from settings import get_settings


def _webhooks(reader: Reader) -> Json:
    return reader.all(reader.asked.selection, "Webhook")


def _deliveries(reader: Reader) -> Json:
    return reader.all(reader.asked.selection, "WebhookDelivery")


async def find(viewer: Viewer, asked: Asked, id: UUID) -> orjson.Fragment | None:
    """Return a webhook that the viewer may see."""
    return await read_by_id(viewer, asked, "Webhook", id)


async def find_delivery(viewer: Viewer, asked: Asked, id: UUID) -> orjson.Fragment | None:
    """Return a delivery that the viewer may see."""
    return await read_by_id(viewer, asked, "WebhookDelivery", id)


async def webhooks(viewer: Viewer, asked: Asked) -> orjson.Fragment | None:
    """Return a page of the webhooks of the viewer's organisation, oldest first."""
    viewer.require(Permission.USER_ADMIN)
    return await read(viewer, asked, _webhooks)


async def deliveries(viewer: Viewer, asked: Asked) -> orjson.Fragment | None:
    """Return a page of what became of entries at webhooks, newest first."""
    viewer.require(Permission.USER_ADMIN)
    return await read(viewer, asked, _deliveries)


async def create(viewer: Viewer, url: str, kinds: Sequence[str] | None) -> tuple[UUID, str]:
    """Make a webhook that is told of entries from now on; return its id and its secret."""
    return await write(lambda: _create(viewer, url, kinds))


async def update(viewer: Viewer, id: UUID, wanted: dict[str, Any]) -> UUID:
    """Change a webhook's address or kinds, or switch it on or off; return its id.

    Switched on again, it is told of what it missed.
    """
    return await write(lambda: _update(viewer, id, wanted))


async def rotate_secret(viewer: Viewer, id: UUID) -> tuple[UUID, str]:
    """Give a webhook a new secret, beside which the old one signs for a day; return the new."""
    return await write(lambda: _rotate_secret(viewer, id))


async def delete(viewer: Viewer, id: UUID) -> UUID:
    """Delete a webhook and what is known of its deliveries; return the id it had."""
    return await write(lambda: _delete(viewer, id))


async def redeliver(viewer: Viewer, id: UUID) -> UUID:
    """Let an entry be posted once more, soon and out of turn; return the id of the new delivery."""
    return await write(lambda: _redeliver(viewer, id))


async def _create(viewer: Viewer, url: str, kinds: Sequence[str] | None) -> tuple[UUID, str]:
    viewer.require(Permission.USER_ADMIN)
    _check(url, kinds)
    ours = Webhook.filter(organisation_id=viewer.organisation_id)
    if await ours.count() >= MOST_PER_ORGANISATION:
        message = f"An organisation has at most {MOST_PER_ORGANISATION} webhooks; delete one first."
        raise InvalidInputError("url", message)
    webhook = await Webhook.create(
        organisation_id=viewer.organisation_id,
        url=url,
        kinds=kinds,
        secret=new_secret(),
        place=await newest_place(),
        created_by_id=viewer.user_id,
    )
    return webhook.id, webhook.secret


async def _update(viewer: Viewer, id: UUID, wanted: dict[str, Any]) -> UUID:
    viewer.require(Permission.USER_ADMIN)
    webhook = await lock(viewer, Webhook, id)
    _check(wanted.get("url", webhook.url), wanted.get("kinds"))
    for name in ("url", "kinds"):
        if name in wanted:
            setattr(webhook, name, wanted[name])
    changed = ["url", "kinds", "updated_at"]
    if "enabled" in wanted and wanted["enabled"] != webhook.enabled:
        webhook.switch(on=wanted["enabled"])
        changed += ["enabled", "failures", "failing_since", "disabled_reason", "due_at"]
    await webhook.save(update_fields=changed)
    return webhook.id


async def _rotate_secret(viewer: Viewer, id: UUID) -> tuple[UUID, str]:
    viewer.require(Permission.USER_ADMIN)
    webhook = await lock(viewer, Webhook, id)
    webhook.rotate()
    kept = ["secret", "previous_secret", "previous_secret_until", "updated_at"]
    await webhook.save(update_fields=kept)
    return webhook.id, webhook.secret


async def _delete(viewer: Viewer, id: UUID) -> UUID:
    viewer.require(Permission.USER_ADMIN)
    webhook = await lock(viewer, Webhook, id)
    await webhook.delete()
    return id


async def _redeliver(viewer: Viewer, id: UUID) -> UUID:
    viewer.require(Permission.USER_ADMIN)
    delivery = await look(viewer, WebhookDelivery, id)
    webhook = await lock(viewer, Webhook, delivery.webhook_id)
    if not webhook.enabled:
        raise InvalidInputError("deliveryId", "Its webhook is switched off; switch it on first.")
    again = delivery.again()
    await again.save()
    return again.id


def _check(url: str, kinds: Sequence[str] | None) -> None:
    check_url(url, private=get_settings().webhook_allow_private)
    if kinds is not None and not kinds:
        raise InvalidInputError("kinds", "Name a kind, or leave kinds away for entries of all.")
