"""The queries and mutations by which administrators look after webhooks."""

from typing import Annotated, cast

import strawberry

from resolvers import webhooks
from schema.context import Info
from schema.ids import input_key
from schema.pagination import After, Before, Connection, First, Last
from schema.selection import selection
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

INPUT = "What is to be done."


@strawberry.type(description="What can be asked of webhooks.")
class WebhookQueries:
    @strawberry.field(description="Webhooks of the organisation, oldest first; needs USER_ADMIN.")
    async def webhooks(
        self,
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Connection[Webhook]:
        found = await webhooks.webhooks(info.context.viewer, selection(info))
        return cast("Connection[Webhook]", found)

    @strawberry.field(
        description="What became of entries at webhooks, newest first; needs USER_ADMIN."
    )
    async def webhook_deliveries(
        self,
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        filter: Annotated[
            WebhookDeliveryFilter | None, strawberry.argument(description="Which deliveries.")
        ] = strawberry.UNSET,
    ) -> Connection[WebhookDelivery]:
        found = await webhooks.deliveries(info.context.viewer, selection(info))
        return cast("Connection[WebhookDelivery]", found)


@strawberry.type(description="What can be done with webhooks.")
class WebhookMutations:
    @strawberry.mutation(
        description="Make a webhook, told of entries from now on; needs USER_ADMIN."
    )
    async def create_webhook(
        self,
        info: Info,
        input: Annotated[CreateWebhookInput, strawberry.argument(description=INPUT)],
    ) -> CreateWebhookResult:
        id, secret = await webhooks.create(info.context.viewer, input.url, input.kinds or None)
        return CreateWebhookSuccess(webhook_id=id, secret=secret)

    @strawberry.mutation(description="Change a webhook, or switch it on or off; needs USER_ADMIN.")
    async def update_webhook(
        self,
        info: Info,
        input: Annotated[UpdateWebhookInput, strawberry.argument(description=INPUT)],
    ) -> UpdateWebhookResult:
        key = input_key(input.webhook_id, "Webhook")
        id = await webhooks.update(info.context.viewer, key, input.wanted())
        return UpdateWebhookSuccess(webhook_id=id)

    @strawberry.mutation(description="Give a webhook a new secret; needs USER_ADMIN.")
    async def rotate_webhook_secret(
        self,
        info: Info,
        input: Annotated[RotateWebhookSecretInput, strawberry.argument(description=INPUT)],
    ) -> RotateWebhookSecretResult:
        key = input_key(input.webhook_id, "Webhook")
        id, secret = await webhooks.rotate_secret(info.context.viewer, key)
        return RotateWebhookSecretSuccess(webhook_id=id, secret=secret)

    @strawberry.mutation(description="Delete a webhook and its deliveries; needs USER_ADMIN.")
    async def delete_webhook(
        self,
        info: Info,
        input: Annotated[DeleteWebhookInput, strawberry.argument(description=INPUT)],
    ) -> DeleteWebhookResult:
        key = input_key(input.webhook_id, "Webhook")
        await webhooks.delete(info.context.viewer, key)
        return DeleteWebhookSuccess(deleted_webhook_id=input.webhook_id)

    @strawberry.mutation(
        description="Post an entry to a webhook once more, out of turn; needs USER_ADMIN."
    )
    async def redeliver_webhook(
        self,
        info: Info,
        input: Annotated[RedeliverWebhookInput, strawberry.argument(description=INPUT)],
    ) -> RedeliverWebhookResult:
        key = input_key(input.delivery_id, "WebhookDelivery")
        id = await webhooks.redeliver(info.context.viewer, key)
        return RedeliverWebhookSuccess(delivery_id=id)
