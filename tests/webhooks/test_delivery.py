"""Delivery: each entry is posted in order and signed, until the receiver accepts it."""

from datetime import timedelta
from typing import Any, Final

import orjson
import pytest
from standardwebhooks import Webhook as Verifier

from database import fetch_text
from models import (
    Activity,
    ActivityKind,
    MailKind,
    Offboarding,
    OutgoingMail,
    TerminationReason,
    Webhook,
    WebhookDelivery,
)
from tests.factories import STARTED_AT, make_offboarding, make_organisation, make_party, make_user
from tests.webhooks.conftest import Receiver, make_webhook
from webhooks import Poster, deliver_due, posting

NOW_DUE: Final = "update webhook set due_at = now() - interval '1 s' returning id::text"
LONG_FAILING: Final = """
update webhook set failures = 9, failing_since = now() - interval '25 h', due_at = now()
returning id::text
"""

pytestmark = pytest.mark.usefixtures("emptied_database")


async def make_entry(
    offboarding: Offboarding, kind: ActivityKind = ActivityKind.STATUS_CHANGED, **more: Any
) -> Activity:
    return await Activity.create(
        organisation_id=offboarding.organisation_id,
        kind=kind,
        occurred_at=STARTED_AT,
        offboarding=offboarding,
        party_id=offboarding.party_id,
        changes=more.get("changes", []),
    )


def ids(*entries: Activity) -> list[str]:
    return [f"activity_{entry.id}" for entry in entries]


async def outcomes(webhook: Webhook) -> list[tuple[Any, ...]]:
    found = WebhookDelivery.filter(webhook_id=webhook.id).order_by("activity_id", "created_at")
    return [
        (row.activity_id, str(row.status), row.attempts, row.response_status, row.last_error)
        for row in await found
    ]


async def test_posts_each_entry_of_its_organisation_in_order_and_signed(
    receiver: Receiver, poster: Poster
) -> None:
    webhook = await make_webhook(receiver.url)
    offboarding = await make_offboarding(reason=TerminationReason.DEATH)
    elsewhere = await make_party(organisation=await make_organisation())
    secret: list[dict[str, Any]] = [{"field": "reason", "before": None, "after": "DEATH"}]
    first = await make_entry(offboarding, changes=secret)
    await make_entry(await make_offboarding(party=elsewhere))
    second = await make_entry(offboarding)

    worked = [await deliver_due(poster), await deliver_due(poster)]

    told = [
        Verifier(webhook.secret).verify(posted.body.decode(), dict(posted.headers))
        for posted in receiver.posted
    ]
    assert worked == [True, False]
    assert receiver.ids == ids(first, second)
    assert [event["id"] for event in told] == ids(first, second)
    assert told[0]["data"]["changes"] == [{"field": "reason", "before": None, "after": None}]
    assert receiver.posted[0].headers["content-type"] == (
        "application/cloudevents+json; charset=utf-8"
    )
    assert await outcomes(webhook) == [
        (first.id, "DELIVERED", 1, 200, None),
        (second.id, "DELIVERED", 1, 200, None),
    ]


async def test_tries_an_entry_again_until_it_is_accepted_and_skips_none(
    receiver: Receiver, poster: Poster
) -> None:
    webhook = await make_webhook(receiver.url)
    offboarding = await make_offboarding()
    first, second = await make_entry(offboarding), await make_entry(offboarding)
    receiver.answers = ["500 Oops", "302 Found"]

    await deliver_due(poster)
    waits = not await deliver_due(poster)
    failing = await Webhook.get(id=webhook.id)
    before = await outcomes(webhook)
    for _ in range(2):
        await fetch_text(NOW_DUE, [])
        await deliver_due(poster)
    healthy = await Webhook.get(id=webhook.id)

    assert waits
    assert (failing.failures, failing.place, failing.enabled) == (1, 0, True)
    assert failing.failing_since is not None
    assert before == [(first.id, "PENDING", 1, 500, "The answer was 500.")]
    assert receiver.ids == ids(first, first, first, second)
    assert (healthy.failures, healthy.failing_since, healthy.place) == (0, None, second.id)
    assert await outcomes(webhook) == [
        (first.id, "DELIVERED", 3, 200, None),
        (second.id, "DELIVERED", 1, 200, None),
    ]


@pytest.mark.parametrize("answer", ["500 Oops", "410 Gone"])
async def test_switches_off_what_fails_for_a_day_or_is_gone_and_mails_administrators(
    receiver: Receiver, poster: Poster, answer: str
) -> None:
    webhook = await make_webhook(receiver.url)
    await make_user(groups=["Approver"])
    await make_entry(await make_offboarding())
    receiver.answers = [answer]
    if answer.startswith("5"):
        await fetch_text(LONG_FAILING, [])

    await deliver_due(poster)
    await deliver_due(poster)

    kept = await Webhook.get(id=webhook.id)
    (mail,) = await OutgoingMail.all()
    assert (kept.enabled, kept.disabled_reason) == (False, f"The answer was {answer[:3]}.")
    assert len(receiver.posted) == 1
    assert (mail.kind, mail.recipient_id) == (MailKind.WEBHOOK_DISABLED, webhook.created_by_id)
    assert mail.webhook_url == receiver.url


async def test_is_told_of_all_it_missed_when_it_is_switched_on_again(
    receiver: Receiver, poster: Poster
) -> None:
    webhook = await make_webhook(receiver.url, enabled=False)
    offboarding = await make_offboarding()
    missed = [await make_entry(offboarding) for _ in range(3)]

    off = await deliver_due(poster)
    webhook.switch(on=True)
    await webhook.save()
    await deliver_due(poster)

    assert not off
    assert receiver.ids == ids(*missed)


async def test_is_told_of_the_kinds_that_it_wants(receiver: Receiver, poster: Poster) -> None:
    await make_webhook(receiver.url, kinds=["RESOLVED"])
    offboarding = await make_offboarding()
    await make_entry(offboarding)
    resolved = await make_entry(offboarding, ActivityKind.RESOLVED)
    await make_entry(offboarding)

    assert await deliver_due(poster)
    assert not await deliver_due(poster)
    assert receiver.ids == ids(resolved)


async def test_signs_with_the_old_secret_too_for_a_day_after_a_rotation(
    receiver: Receiver, poster: Poster
) -> None:
    webhook = await make_webhook(receiver.url)
    old = webhook.secret
    webhook.rotate()
    await webhook.save()
    offboarding = await make_offboarding()
    await make_entry(offboarding)
    await deliver_due(poster)
    assert webhook.previous_secret_until is not None
    webhook.previous_secret_until -= timedelta(hours=25)
    await webhook.save(update_fields=["previous_secret_until"])
    await make_entry(offboarding)
    await fetch_text(NOW_DUE, [])
    await deliver_due(poster)

    both, one = receiver.posted
    assert webhook.secret != old
    for secret in (old, webhook.secret):
        assert Verifier(secret).verify(both.body.decode(), dict(both.headers))
    assert len(one.headers["webhook-signature"].split()) == 1
    assert Verifier(webhook.secret).verify(one.body.decode(), dict(one.headers))


async def test_posts_once_more_what_was_asked_for_out_of_turn(
    receiver: Receiver, poster: Poster
) -> None:
    webhook = await make_webhook(receiver.url)
    entry = await make_entry(await make_offboarding())
    await deliver_due(poster)
    (delivery,) = await WebhookDelivery.all()
    await delivery.again().save()
    receiver.answers = ["500 Oops"]
    await fetch_text(NOW_DUE, [])
    await deliver_due(poster)
    await delivery.again().save()
    await fetch_text(NOW_DUE, [])
    await deliver_due(poster)

    assert receiver.ids == ids(entry, entry, entry)
    assert await outcomes(webhook) == [
        (entry.id, "DELIVERED", 1, 200, None),
        (entry.id, "FAILED", 1, 500, "The answer was 500."),
        (entry.id, "DELIVERED", 1, 200, None),
    ]


async def test_posts_nothing_to_a_private_network(receiver: Receiver) -> None:
    webhook = await make_webhook(receiver.url)
    entry = await make_entry(await make_offboarding())

    async with posting(private=False) as poster:
        await deliver_due(poster)

    refusal = "The host is of a private network; nothing is posted there."
    assert receiver.posted == []
    assert await outcomes(webhook) == [(entry.id, "PENDING", 1, None, refusal)]


async def test_says_what_keeps_it_from_posting(receiver: Receiver, poster: Poster) -> None:
    webhook = await make_webhook("http://127.0.0.1:1/")
    entry = await make_entry(await make_offboarding())

    await deliver_due(poster)

    ((activity, status, _, code, reason),) = await outcomes(webhook)
    assert (activity, status, code) == (entry.id, "PENDING", None)
    assert reason.startswith("ConnectError")
    assert orjson.dumps(receiver.posted) == b"[]"
