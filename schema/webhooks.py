"""The queries and mutations by which administrators look after webhooks."""

from typing import Annotated, TypeVar

import strawberry

from resolvers import webhooks
from schema.context import Info
from schema.ids import input_key
from schema.pagination import Argument, Connection, connection
from schema.webhook import (
    CreateWebhookInput,
    CreateWebhookResult,
    CreateWebhookSuccess,
    DeleteWebhookInput,
    DeleteWebhookResult,
    DeleteWebhookSuccess,
    RedeliverWebhookInput,
    RedeliverWebhookResult,
    RedeliverWebhookSuccess,
    RotateWebhookSecretInput,
    RotateWebhookSecretResult,
    RotateWebhookSecretSuccess,
    UpdateWebhookInput,
    UpdateWebhookResult,
    UpdateWebhookSuccess,
    Webhook,
    WebhookDelivery,
    WebhookDeliveryFilter,
)

T = TypeVar("T")

Input = Annotated[T, strawberry.argument(description="What is to be done.")]


@strawberry.type(description="What can be asked of webhooks.")
class WebhookQueries:
    webhook_deliveries: Connection[WebhookDelivery] = connection(
        "What became of entries at webhooks, newest first; needs USER_ADMIN.",
        webhooks.deliveries,
        filter=Argument(WebhookDeliveryFilter | None, "Which deliveries."),
    )
    webhooks: Connection[Webhook] = connection(
        "Webhooks of the organisation, oldest first; needs USER_ADMIN.", webhooks.webhooks
    )


@strawberry.type(description="What can be done with webhooks.")
class WebhookMutations:
    @strawberry.mutation(
        description="Make a webhook, told of entries from now on; needs USER_ADMIN."
    )
    async def create_webhook(
        self, info: Info, input: Input[CreateWebhookInput]
    ) -> CreateWebhookResult:
        id, secret = await webhooks.create(info.context.viewer, input.url, input.kinds or None)
        return CreateWebhookSuccess(webhook_id=id, secret=secret)

    @strawberry.mutation(description="Change a webhook, or switch it on or off; needs USER_ADMIN.")
    async def update_webhook(
        self, info: Info, input: Input[UpdateWebhookInput]
    ) -> UpdateWebhookResult:
        key = input_key(input.webhook_id, "Webhook")
        id = await webhooks.update(info.context.viewer, key, input.wanted())
        return UpdateWebhookSuccess(webhook_id=id)

    @strawberry.mutation(description="Give a webhook a new secret; needs USER_ADMIN.")
    async def rotate_webhook_secret(
        self, info: Info, input: Input[RotateWebhookSecretInput]
    ) -> RotateWebhookSecretResult:
        key = input_key(input.webhook_id, "Webhook")
        id, secret = await webhooks.rotate_secret(info.context.viewer, key)
        return RotateWebhookSecretSuccess(webhook_id=id, secret=secret)

    @strawberry.mutation(description="Delete a webhook and its deliveries; needs USER_ADMIN.")
    async def delete_webhook(
        self, info: Info, input: Input[DeleteWebhookInput]
    ) -> DeleteWebhookResult:
        key = input_key(input.webhook_id, "Webhook")
        await webhooks.delete(info.context.viewer, key)
        return DeleteWebhookSuccess(deleted_webhook_id=input.webhook_id)

    @strawberry.mutation(
        description="Post an entry to a webhook once more, out of turn; needs USER_ADMIN."
    )
    async def redeliver_webhook(
        self, info: Info, input: Input[RedeliverWebhookInput]
    ) -> RedeliverWebhookResult:
        key = input_key(input.delivery_id, "WebhookDelivery")
        id = await webhooks.redeliver(info.context.viewer, key)
        return RedeliverWebhookSuccess(delivery_id=id)
