"""The fields `webhooks` and `webhookDeliveries`, and the mutations by which they are kept."""

from typing import Any, Final

import pytest

from models import Activity, ActivityKind, User, Webhook, WebhookDelivery
from models.webhook import new_secret
from tests.asking import Ask, gid
from tests.factories import STARTED_AT, make_offboarding, make_organisation, make_user

WEBHOOKS: Final = """{ webhooks { nodes {
  id url kinds enabled disabledReason failures failingSince createdBy { id }
} } }"""
DELIVERIES: Final = """query ($filter: WebhookDeliveryFilter) {
  webhookDeliveries(filter: $filter) { nodes {
    id webhook { id } activity { id } status redelivery attempts
    responseStatus lastError deliveredAt
  } totalCount }
}"""
CREATE: Final = """mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) {
  __typename
  ... on CreateWebhookSuccess { secret webhook { id url kinds enabled } }
  ... on Error { code message }
  ... on InvalidInputError { field }
} }"""
UPDATE: Final = """mutation ($input: UpdateWebhookInput!) { updateWebhook(input: $input) {
  __typename
  ... on UpdateWebhookSuccess { webhook { url kinds enabled disabledReason failures } }
  ... on Error { code message }
} }"""
ROTATE: Final = """mutation ($id: ID!) { rotateWebhookSecret(input: { webhookId: $id }) {
  __typename ... on RotateWebhookSecretSuccess { secret webhook { id } } ... on Error { code }
} }"""
DELETE: Final = """mutation ($id: ID!) { deleteWebhook(input: { webhookId: $id }) {
  __typename ... on DeleteWebhookSuccess { deletedWebhookId } ... on Error { code }
} }"""
REDELIVER: Final = """mutation ($id: ID!) { redeliverWebhook(input: { deliveryId: $id }) {
  __typename
  ... on RedeliverWebhookSuccess { delivery { status redelivery attempts activity { id } } }
  ... on Error { code message }
} }"""


async def make_administrator(**more: Any) -> User:
    return await make_user(groups=["Administrator", "Reader"], **more)


async def make_webhook(by: User, **more: Any) -> Webhook:
    return await Webhook.create(
        organisation_id=by.organisation_id,
        created_by=by,
        url="https://receiver.example/events",
        secret=new_secret(),
        place=0,
        **more,
    )


async def make_delivery(webhook: Webhook, **more: Any) -> WebhookDelivery:
    offboarding = await make_offboarding()
    entry = await Activity.create(
        organisation_id=webhook.organisation_id,
        kind=ActivityKind.STATUS_CHANGED,
        occurred_at=STARTED_AT,
        offboarding=offboarding,
        party_id=offboarding.party_id,
        changes=[],
    )
    return await WebhookDelivery.create(
        organisation_id=webhook.organisation_id, webhook=webhook, activity=entry, **more
    )


async def test_makes_a_webhook_and_shows_its_secret_once(ask: Ask) -> None:
    administrator = await make_administrator()
    wanted = {"url": "https://receiver.example/events", "kinds": ["RESOLVED"]}

    made = (await ask(administrator, CREATE, input=wanted))["createWebhook"]
    shown = (await ask(administrator, WEBHOOKS))["webhooks"]["nodes"]

    (webhook,) = await Webhook.all()
    assert made == {
        "__typename": "CreateWebhookSuccess",
        "secret": webhook.secret,
        "webhook": {"id": gid(webhook), "enabled": True, **wanted},
    }
    assert shown == [
        {
            "id": gid(webhook),
            **wanted,
            "enabled": True,
            "disabledReason": None,
            "failures": 0,
            "failingSince": None,
            "createdBy": {"id": gid(administrator)},
        }
    ]


async def test_tells_a_new_webhook_of_what_happens_from_now_on(ask: Ask) -> None:
    administrator = await make_administrator()
    old = await make_delivery(await make_webhook(administrator))

    await ask(administrator, CREATE, input={"url": "https://receiver.example"})

    latest = await Webhook.all().order_by("-created_at").first()
    assert latest is not None
    assert (latest.place, latest.kinds) == (old.activity_id, None)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://receiver.example", "The address must begin with https://."),
        ("ftp://receiver.example", "The address must begin with https://."),
        ("https://", "Give an address with a host, no login and no fragment."),
        ("https://a:b@receiver.example", "Give an address with a host, no login and no fragment."),
        ("https://receiver.example:99999", "This is not an address."),
        ("https://localhost/x", "The host is of a private network."),
        ("https://127.0.0.1", "The host is of a private network."),
        ("https://10.0.0.1", "The host is of a private network."),
        ("https://169.254.169.254/latest", "The host is of a private network."),
        ("https://[::1]", "The host is of a private network."),
        ("https://[::ffff:192.168.0.1]", "The host is of a private network."),
        ("https://receiver.example/a b", "An address has at most 2000 printable signs."),
    ],
)
async def test_refuses_addresses_that_cannot_or_must_not_be_posted_to(
    refused: Ask, url: str, message: str
) -> None:
    refusal = await refused(await make_administrator(), CREATE, input={"url": url})

    assert refusal == {
        "__typename": "InvalidInputError",
        "code": "INVALID_INPUT",
        "message": message,
        "field": "url",
    }


async def test_refuses_more_webhooks_than_an_organisation_may_have(ask: Ask, refused: Ask) -> None:
    administrator = await make_administrator()
    for _ in range(20):
        await make_webhook(administrator)

    refusal = await refused(administrator, CREATE, input={"url": "https://receiver.example"})

    assert refusal["message"] == "An organisation has at most 20 webhooks; delete one first."
    assert len((await ask(administrator, WEBHOOKS))["webhooks"]["nodes"]) == 20


async def test_changes_a_webhook_and_switches_it_on_again(ask: Ask) -> None:
    administrator = await make_administrator()
    failed = {"failures": 9, "failing_since": STARTED_AT, "disabled_reason": "The answer was 500."}
    webhook = await make_webhook(administrator, enabled=False, kinds=["RESOLVED"], **failed)
    wanted = {"webhookId": gid(webhook), "url": "https://other.example", "kinds": None}

    moved = await ask(administrator, UPDATE, input=wanted)
    on = await ask(administrator, UPDATE, input={"webhookId": gid(webhook), "enabled": True})

    assert moved["updateWebhook"]["webhook"] == {
        "url": "https://other.example",
        "kinds": None,
        "enabled": False,
        "disabledReason": "The answer was 500.",
        "failures": 9,
    }
    assert on["updateWebhook"]["webhook"] == {
        "url": "https://other.example",
        "kinds": None,
        "enabled": True,
        "disabledReason": None,
        "failures": 0,
    }


async def test_gives_a_new_secret_and_keeps_the_old_for_a_day(ask: Ask) -> None:
    administrator = await make_administrator()
    webhook = await make_webhook(administrator)
    old = webhook.secret

    answered = await ask(administrator, ROTATE, id=gid(webhook))

    await webhook.refresh_from_db()
    assert answered["rotateWebhookSecret"] == {
        "__typename": "RotateWebhookSecretSuccess",
        "secret": webhook.secret,
        "webhook": {"id": gid(webhook)},
    }
    assert webhook.secrets == [webhook.secret, old]
    assert webhook.secret != old


async def test_deletes_a_webhook_with_its_deliveries(ask: Ask) -> None:
    administrator = await make_administrator()
    webhook = await make_webhook(administrator)
    await make_delivery(webhook)

    answered = await ask(administrator, DELETE, id=gid(webhook))

    assert answered["deleteWebhook"]["deletedWebhookId"] == gid(webhook)
    assert await Webhook.all().count() == await WebhookDelivery.all().count() == 0


async def test_shows_deliveries_and_posts_one_once_more(ask: Ask) -> None:
    administrator = await make_administrator()
    webhook = await make_webhook(administrator)
    other = await make_webhook(administrator)
    failing = {"attempts": 3, "response_status": 500, "last_error": "The answer was 500."}
    delivery = await make_delivery(webhook, **failing)
    await make_delivery(other)

    only = {"webhookId": gid(webhook), "status": ["PENDING"]}
    shown = (await ask(administrator, DELIVERIES, filter=only))["webhookDeliveries"]
    again = await ask(administrator, REDELIVER, id=gid(delivery))

    entry = {"id": f"activity_{delivery.activity_id}"}
    assert shown == {
        "nodes": [
            {
                "id": gid(delivery),
                "webhook": {"id": gid(webhook)},
                "activity": entry,
                "status": "PENDING",
                "redelivery": False,
                "attempts": 3,
                "responseStatus": 500,
                "lastError": "The answer was 500.",
                "deliveredAt": None,
            }
        ],
        "totalCount": 1,
    }
    assert again["redeliverWebhook"]["delivery"] == {
        "status": "PENDING",
        "redelivery": True,
        "attempts": 0,
        "activity": entry,
    }


async def test_refuses_to_post_once_more_to_what_is_switched_off(refused: Ask) -> None:
    administrator = await make_administrator()
    delivery = await make_delivery(await make_webhook(administrator, enabled=False))

    refusal = await refused(administrator, REDELIVER, id=gid(delivery))

    assert refusal["message"] == "Its webhook is switched off; switch it on first."


async def test_is_for_administrators_of_the_organisation_only(
    ask: Ask, refused: Ask, told: Ask
) -> None:
    north, south = await make_organisation(), await make_organisation()
    administrator = await make_administrator(organisation=north)
    stranger = await make_administrator(organisation=south)
    approver = await make_user(organisation=north)
    webhook = await make_webhook(administrator)
    delivery = await make_delivery(webhook)
    actions: list[tuple[str, dict[str, Any]]] = [
        (UPDATE, {"input": {"webhookId": gid(webhook), "enabled": False}}),
        (ROTATE, {"id": gid(webhook)}),
        (DELETE, {"id": gid(webhook)}),
        (REDELIVER, {"id": gid(delivery)}),
    ]

    strange = [(await refused(stranger, do, **about))["code"] for do, about in actions]
    lacking = [(await refused(approver, do, **about))["code"] for do, about in actions]
    errors = [await told(approver, query) for query in (WEBHOOKS, DELIVERIES)]

    assert (await ask(stranger, WEBHOOKS))["webhooks"] == {"nodes": []}
    assert (await ask(stranger, DELIVERIES))["webhookDeliveries"]["nodes"] == []
    assert set(strange) == {"NOT_FOUND"}
    assert set(lacking) == {"FORBIDDEN"}
    assert {code for ((code, _, _),) in errors} == {"FORBIDDEN"}
