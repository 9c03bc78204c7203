"""The field `mails`: what has become of letters, for administrators."""

from datetime import UTC, date, datetime
from typing import Any, Final

import pytest

from models import MailStatus, OutgoingMail, User
from tests.asking import Ask, gid
from tests.factories import make_offboarding, make_organisation, make_party, make_user
from tests.mail.outbox_rows import ASSIGNED_AT, execute

ALL: Final = """{
  mails {
    totalCount
    nodes {
      __typename id kind status day attempts lastError nextAttemptAt createdAt sentAt
      recipient { email } sender { email } offboarding { id }
    }
  }
}"""
SOME: Final = "query ($filter: OutgoingMailFilter) { mails(filter: $filter) { nodes { id } } }"
BOTH: Final = ("Administrator", "Reader")


async def make_mail(
    recipient: User, *, sender: User | None = None, at: datetime = ASSIGNED_AT, **values: Any
) -> OutgoingMail:
    """Make a letter about a new offboarding, and set some columns of it."""
    task = await make_offboarding(
        party=await make_party(organisation=await recipient.organisation),
        assignee=recipient,
        started_by=recipient,
    )
    mail = OutgoingMail.task_assigned(task, (sender or recipient).id, at)
    await mail.save()
    for column, value in values.items():
        await execute(f"update outgoing_mail set {column} = $2 where id = $1", mail.id, value)
    return mail


async def ids(ask: Ask, asker: User, **wanted: Any) -> list[str]:
    answered = await ask(asker, SOME, filter=wanted)
    return [node["id"] for node in answered["mails"]["nodes"]]


async def test_tells_what_has_become_of_each_letter_newest_first(ask: Ask) -> None:
    administrator = await make_user(groups=BOTH, email="ada@bank.example")
    anna, bo = await make_user(email="anna@bank.example"), await make_user(email="bo@bank.example")
    sent_at = datetime(2026, 3, 5, 8, tzinfo=UTC)
    first = await make_mail(anna, sender=bo, at=ASSIGNED_AT.replace(hour=9), due_at=sent_at)
    failed = await make_mail(anna, status="FAILED", attempts=3, last_error="550 No such person")
    await execute(
        "update outgoing_mail set status = 'FAILED', last_error = $2 where id = $1",
        failed.id,
        "550 No such person",
    )
    digest = OutgoingMail.daily_digest(anna, ASSIGNED_AT.replace(hour=12))
    digest.status, digest.sent_at = MailStatus.SENT, sent_at
    await digest.save()

    answered = await ask(administrator, ALL)

    about = {"__typename": "OutgoingMail", "recipient": {"email": "anna@bank.example"}}
    assert answered["mails"] == {
        "totalCount": 3,
        "nodes": [
            about
            | {"id": gid(digest), "kind": "DAILY_DIGEST", "status": "SENT", "day": "2026-03-04"}
            | {"attempts": 0, "lastError": None, "nextAttemptAt": None}
            | {"createdAt": "2026-03-04T12:30:00+00:00", "sentAt": "2026-03-05T08:00:00+00:00"}
            | {"sender": None, "offboarding": None},
            about
            | {"id": gid(failed), "kind": "TASK_ASSIGNED", "status": "FAILED", "day": None}
            | {"attempts": 3, "lastError": "550 No such person", "nextAttemptAt": None}
            | {"createdAt": "2026-03-04T10:30:00+00:00", "sentAt": None}
            | {"sender": {"email": "anna@bank.example"}}
            | {"offboarding": {"id": f"offboarding_{failed.offboarding_id}"}},
            about
            | {"id": gid(first), "kind": "TASK_ASSIGNED", "status": "QUEUED", "day": None}
            | {"attempts": 0, "lastError": None, "nextAttemptAt": "2026-03-05T08:00:00+00:00"}
            | {"createdAt": "2026-03-04T09:30:00+00:00", "sentAt": None}
            | {"sender": {"email": "bo@bank.example"}}
            | {"offboarding": {"id": f"offboarding_{first.offboarding_id}"}},
        ],
    }


async def test_finds_letters_by_what_they_are(ask: Ask) -> None:
    administrator = await make_user(groups=BOTH)
    anna, bo = await make_user(), await make_user()
    dropped = await make_mail(anna, status="DROPPED")
    queued = await make_mail(bo, at=ASSIGNED_AT.replace(month=4))
    digest = OutgoingMail.daily_digest(bo, ASSIGNED_AT.replace(month=5))
    await digest.save()

    assert await ids(ask, administrator) == [gid(digest), gid(queued), gid(dropped)]
    assert await ids(ask, administrator, status=["DROPPED", "FAILED"]) == [gid(dropped)]
    assert await ids(ask, administrator, kind=["DAILY_DIGEST"]) == [gid(digest)]
    assert await ids(ask, administrator, recipientId=gid(bo)) == [gid(digest), gid(queued)]
    about = f"offboarding_{queued.offboarding_id}"
    assert await ids(ask, administrator, offboardingId=about) == [gid(queued)]
    april = {"from": "2026-04-01T00:00:00Z", "to": "2026-04-30T00:00:00Z"}
    assert await ids(ask, administrator, createdAt=april) == [gid(queued)]


async def test_pages_through_letters(ask: Ask) -> None:
    administrator = await make_user(groups=BOTH)
    mails = [await make_mail(administrator) for _ in range(5)]
    page = """query ($after: Cursor) {
      mails(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }"""

    seen, info = [], {"hasNextPage": True, "endCursor": None}
    while info["hasNextPage"]:
        answered = (await ask(administrator, page, after=info["endCursor"]))["mails"]
        seen.append([node["id"] for node in answered["nodes"]])
        info = answered["pageInfo"]

    all_ = [gid(mail) for mail in sorted(mails, key=lambda mail: mail.id, reverse=True)]
    assert seen == [all_[:2], all_[2:4], all_[4:]]


@pytest.mark.parametrize("group", ["Reader", "Analyst", "Officer", "Approver"])
async def test_is_for_administrators_only(ask: Ask, told: Ask, group: str) -> None:
    viewer = await make_user(groups=[group])
    mail = await make_mail(viewer)

    errors = await told(viewer, ALL)

    refusal = "This needs the permission USER_ADMIN; ask an administrator for it."
    assert errors == [("FORBIDDEN", refusal, ["mails"])]
    assert await ask(viewer, "query ($id: ID!) { node(id: $id) { id } }", id=gid(mail)) == {
        "node": None
    }


async def test_shows_nothing_of_another_organisation(ask: Ask) -> None:
    administrator = await make_user(groups=BOTH)
    stranger = await make_user(organisation=await make_organisation("Southbank"))
    mail = await make_mail(stranger)

    assert await ids(ask, administrator) == []
    assert await ids(ask, administrator, recipientId=gid(stranger)) == []
    assert await ask(administrator, "query ($id: ID!) { node(id: $id) { id } }", id=gid(mail)) == {
        "node": None
    }


async def test_hides_the_offboarding_from_who_may_not_read_the_client_file(ask: Ask) -> None:
    administrator = await make_user(groups=["Administrator"])
    await make_mail(administrator)

    answered = await ask(administrator, "{ mails { nodes { status offboarding { id } } } }")

    assert answered == {"mails": {"nodes": [{"status": "QUEUED", "offboarding": None}]}}


async def test_shows_a_reminder_with_its_day(ask: Ask) -> None:
    administrator = await make_user(groups=BOTH)
    task = await make_offboarding(assignee=administrator, due_on=date(2026, 3, 4))
    await OutgoingMail.task_due(task, ASSIGNED_AT).save()

    answered = await ask(administrator, "{ mails { nodes { kind day sender { id } } } }")

    assert answered == {
        "mails": {"nodes": [{"kind": "TASK_DUE", "day": "2026-03-04", "sender": None}]}
    }
