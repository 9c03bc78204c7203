"""The mutation `redeliverMail`: a letter that could not leave is sent again."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

import pytest

from mail import outbox
from models import MailStatus, OutgoingMail
from tests.asking import Ask, gid
from tests.factories import make_organisation, make_user
from tests.schema.refusals import NOT_FOUND, forbidden, invalid
from tests.schema.test_mails import BOTH, make_mail

REDELIVER: Final = """
mutation ($mail: ID!) {
  redeliverMail(input: {mailId: $mail}) {
    __typename
    ... on RedeliverMailSuccess { mail { id status attempts lastError sentAt } }
    ... on Error { code message }
    ... on ForbiddenError { permission }
    ... on InvalidInputError { field }
  }
}
"""


@pytest.mark.parametrize("status", ["FAILED", "DROPPED"])
async def test_lets_a_letter_leave_again_with_two_days_anew(ask: Ask, status: str) -> None:
    administrator = await make_user(groups=BOTH)
    past = datetime.now(UTC) - timedelta(days=3)
    mail = await make_mail(administrator, attempts=9, last_error="550 Unknown", give_up_at=past)
    await OutgoingMail.filter(id=mail.id).update(status=status)

    answered = await ask(administrator, REDELIVER, mail=gid(mail))

    again = await outbox.claim()
    assert answered["redeliverMail"] == {
        "__typename": "RedeliverMailSuccess",
        "mail": {
            "id": gid(mail),
            "status": "QUEUED",
            "attempts": 0,
            "lastError": None,
            "sentAt": None,
        },
    }
    assert again is not None
    assert (again.id, again.attempts) == (mail.id, 1)
    assert again.give_up_at is not None
    assert again.give_up_at > datetime.now(UTC) + timedelta(hours=47)


async def test_changes_nothing_of_a_letter_that_waits_to_leave_anyway(refused: Ask) -> None:
    administrator = await make_user(groups=BOTH)
    mail = await make_mail(administrator, attempts=2, last_error="451 Later")

    answered = await refused(administrator, REDELIVER, mail=gid(mail))

    assert answered == {
        "__typename": "RedeliverMailSuccess",
        "mail": {
            "id": gid(mail),
            "status": "QUEUED",
            "attempts": 2,
            "lastError": "451 Later",
            "sentAt": None,
        },
    }


async def test_sends_nothing_twice(refused: Ask) -> None:
    administrator = await make_user(groups=BOTH)
    mail = await make_mail(administrator)
    await OutgoingMail.filter(id=mail.id).update(
        status=MailStatus.SENT, sent_at=datetime(2026, 3, 5, tzinfo=UTC)
    )

    answered = await refused(administrator, REDELIVER, mail=gid(mail))

    message = "This letter has been delivered; it cannot be sent again."
    assert answered == invalid("mailId", message)


async def test_is_for_administrators_only(refused: Ask) -> None:
    viewer = await make_user(groups=["Approver"])
    mail = await make_mail(viewer)
    await OutgoingMail.filter(id=mail.id).update(status="FAILED")

    assert await refused(viewer, REDELIVER, mail=gid(mail)) == forbidden("USER_ADMIN")


async def test_knows_no_letter_of_another_organisation_and_none_that_is_not_there(
    refused: Ask,
) -> None:
    administrator = await make_user(groups=BOTH)
    theirs = await make_mail(await make_user(organisation=await make_organisation("Southbank")))
    await OutgoingMail.filter(id=theirs.id).update(status="FAILED")

    for id_ in (gid(theirs), f"outgoing_mail_{uuid4()}", gid(administrator), "nonsense"):
        assert await refused(administrator, REDELIVER, mail=id_) == NOT_FOUND
