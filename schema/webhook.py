"""Webhooks as administrators see them."""

import datetime as dt
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

import models
from resolvers import webhooks
from schema.activity import Activity
from schema.context import Info
from schema.errors import ForbiddenError, InvalidInputError, NotFoundError
from schema.filters import which
from schema.node import Node
from schema.selection import selection
from schema.user import User

KINDS = "Kinds of entries it is told of; null: of all."


@strawberry.type(
    description="Address that is told of each entry of the log, in order, until it accepts it."
)
class Webhook(Node):
    url: str = strawberry.field(description="Address that events are posted to.")
    kinds: list[models.ActivityKind] | None = strawberry.field(description=KINDS)
    enabled: bool = strawberry.field(description="Whether it is told of anything.")
    disabled_reason: str | None = strawberry.field(
        description="Why it was switched off by itself; null where it was not."
    )
    failures: int = strawberry.field(
        description="Attempts that failed since the last that succeeded."
    )
    failing_since: dt.datetime | None = strawberry.field(
        description="When they began; null for none. After a day it is switched off."
    )
    created_by: User = strawberry.field(description="Who made it.")
    created_at: dt.datetime = strawberry.field(description="Timestamp of its making.")
    updated_at: dt.datetime = strawberry.field(description="Timestamp of the last change.")


@strawberry.type(description="What became of an entry of the log at a webhook.")
class WebhookDelivery(Node):
    webhook: Webhook = strawberry.field(description="Webhook that is told.")
    activity: Activity | None = strawberry.field(
        description="Entry it is told of; null where the viewer may not see it."
    )
    status: models.WebhookDeliveryStatus = strawberry.field(description="How far it is.")
    redelivery: bool = strawberry.field(description="Whether an administrator asked for it.")
    attempts: int = strawberry.field(description="How often it was posted.")
    response_status: int | None = strawberry.field(
        description="HTTP status of the last answer; null where there was none."
    )
    last_error: str | None = strawberry.field(
        description="Why the last attempt failed; null where it succeeded."
    )
    created_at: dt.datetime = strawberry.field(description="Timestamp of the first attempt.")
    attempted_at: dt.datetime | None = strawberry.field(
        description="Timestamp of the last attempt; null for none yet."
    )
    delivered_at: dt.datetime | None = strawberry.field(
        description="When it was accepted; null unless the status is DELIVERED."
    )


@strawberry.input(description=which("deliveries"))
class WebhookDeliveryFilter:
    webhook_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="To this webhook."
    )
    status: list[models.WebhookDeliveryStatus] | None = strawberry.field(
        default=strawberry.UNSET, description="With one of these statuses."
    )


@strawberry.input(description="A new webhook.")
class CreateWebhookInput:
    url: str = strawberry.field(description="Address to post to; https, and of no private network.")
    kinds: list[models.ActivityKind] | None = strawberry.field(
        default=strawberry.UNSET, description=KINDS
    )


@strawberry.input(description="Change of a webhook; what is absent stays as it is.")
class UpdateWebhookInput:
    webhook_id: strawberry.ID = strawberry.field(description="Webhook to change.")
    url: str | None = strawberry.field(
        default=strawberry.UNSET, description="Address to post to; null: unchanged."
    )
    kinds: list[models.ActivityKind] | None = strawberry.field(
        default=strawberry.UNSET, description=KINDS
    )
    enabled: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Switch it on, to be told of all it missed, or off; null: unchanged.",
    )

    def wanted(self) -> dict[str, Any]:
        """Return what is to be changed."""
        given = {"url": self.url, "kinds": self.kinds, "enabled": self.enabled}
        return {
            name: value
            for name, value in given.items()
            if value is not strawberry.UNSET and (value is not None or name == "kinds")
        }


@strawberry.input(description="Change of a webhook's secret.")
class RotateWebhookSecretInput:
    webhook_id: strawberry.ID = strawberry.field(description="Webhook to get a new secret.")


@strawberry.input(description="Removal of a webhook.")
class DeleteWebhookInput:
    webhook_id: strawberry.ID = strawberry.field(description="Webhook to delete.")


@strawberry.input(description="Posting an entry to a webhook once more.")
class RedeliverWebhookInput:
    delivery_id: strawberry.ID = strawberry.field(description="Delivery to repeat.")


@strawberry.type(description="Success of a mutation of a webhook.")
class _Kept:
    webhook_id: strawberry.Private[UUID]

    @strawberry.field(description="Webhook as it now is.")
    async def webhook(self, info: Info) -> Webhook:
        json = await webhooks.find(info.context.viewer, selection(info), self.webhook_id)
        return cast("Webhook", json)


@strawberry.type(description="Success of `createWebhook`.")
class CreateWebhookSuccess(_Kept):
    secret: str = strawberry.field(
        description="Secret that events are signed with, by Standard Webhooks; shown this once."
    )


@strawberry.type(description="Success of `updateWebhook`.")
class UpdateWebhookSuccess(_Kept):
    pass


@strawberry.type(description="Success of `rotateWebhookSecret`.")
class RotateWebhookSecretSuccess(_Kept):
    secret: str = strawberry.field(
        description="New secret, shown this once; for 24 hours the old one signs beside it."
    )


@strawberry.type(description="Success of `deleteWebhook`.")
class DeleteWebhookSuccess:
    deleted_webhook_id: strawberry.ID = strawberry.field(description="Id that it had.")


@strawberry.type(description="Success of `redeliverWebhook`.")
class RedeliverWebhookSuccess:
    delivery_id: strawberry.Private[UUID]

    @strawberry.field(description="New delivery, which will be tried once.")
    async def delivery(self, info: Info) -> WebhookDelivery:
        json = await webhooks.find_delivery(info.context.viewer, selection(info), self.delivery_id)
        return cast("WebhookDelivery", json)


CreateWebhookResult = Annotated[
    CreateWebhookSuccess | NotFoundError | ForbiddenError | InvalidInputError,
    strawberry.union("CreateWebhookResult", description="Outcome of `createWebhook`."),
]
UpdateWebhookResult = Annotated[
    UpdateWebhookSuccess | NotFoundError | ForbiddenError | InvalidInputError,
    strawberry.union("UpdateWebhookResult", description="Outcome of `updateWebhook`."),
]
RotateWebhookSecretResult = Annotated[
    RotateWebhookSecretSuccess | NotFoundError | ForbiddenError,
    strawberry.union("RotateWebhookSecretResult", description="Outcome of `rotateWebhookSecret`."),
]
DeleteWebhookResult = Annotated[
    DeleteWebhookSuccess | NotFoundError | ForbiddenError,
    strawberry.union("DeleteWebhookResult", description="Outcome of `deleteWebhook`."),
]
RedeliverWebhookResult = Annotated[
    RedeliverWebhookSuccess | NotFoundError | ForbiddenError | InvalidInputError,
    strawberry.union("RedeliverWebhookResult", description="Outcome of `redeliverWebhook`."),
]
