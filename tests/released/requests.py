"""The requests of the release, and the rows that they are about."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from graphql import DocumentNode, OperationDefinitionNode, parse

from models import (
    Activity,
    ActivityKind,
    ApiToken,
    MailStatus,
    OutgoingMail,
    User,
    UserGroup,
    Webhook,
    WebhookDelivery,
)
from models.webhook import new_secret
from tests.asking import answer, gid
from tests.factories import (
    STARTED_AT,
    make_holding,
    make_offboarding,
    make_party,
    make_product,
    make_token,
    make_user,
)

FOLDER: Final = Path(__file__).parent
OPERATIONS: Final = (FOLDER / "operations.graphql").read_text(encoding="utf-8")
DOCUMENT: Final[DocumentNode] = parse(OPERATIONS)


async def _rows(me: User) -> dict[str, Any]:
    """Make what the requests are about; return the global ids by the names of variables."""
    held, holder = await make_product(), await make_party()
    await make_holding(holder, held)
    await make_holding(await make_party(), held)
    group, empty = [
        await UserGroup.create(
            organisation_id=me.organisation_id, name=name, description="", permissions=[]
        )
        for name in ("Own", "Empty")
    ]
    task = await make_offboarding(assignee=me)
    letter = OutgoingMail.task_assigned(task, me.id, STARTED_AT)
    letter.status, letter.last_error = MailStatus.FAILED, "550 No such mailbox"
    await letter.save()
    webhook = await Webhook.create(
        organisation_id=me.organisation_id,
        created_by=me,
        url="https://receiver.example/events",
        secret=new_secret(),
        place=0,
    )
    entry = await Activity.create(
        organisation_id=me.organisation_id,
        kind=ActivityKind.OFFBOARDING_STARTED,
        occurred_at=STARTED_AT,
        offboarding_id=task.id,
        party_id=task.party_id,
        changes=[],
    )
    delivery = await WebhookDelivery.create(
        organisation_id=me.organisation_id, webhook=webhook, activity=entry, status="FAILED"
    )
    await make_token(await make_user())
    rows = {
        "me": me,
        "party": await make_party(),
        "product": await make_product(),
        "holder": holder,
        "held": held,
        "task": task,
        "letter": letter,
        "colleague": await make_user(),
        "group": group,
        "empty": empty,
        "token": await ApiToken.get(),
        "webhook": webhook,
        "delivery": delivery,
    }
    return {name: gid(row) for name, row in rows.items()}


async def answers() -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Send each request, in their order; yield its name and its whole answer."""
    me = await make_user(groups=["Approver", "Administrator"], name="Ada Approver")
    until = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    known = {**await _rows(me), "text": "a", "until": until}
    for operation in DOCUMENT.definitions:
        if isinstance(operation, OperationDefinitionNode) and operation.name is not None:
            names = [d.variable.name.value for d in operation.variable_definitions or ()]
            variables = {name: known[name] for name in names}
            name = operation.name.value
            yield name, await answer(me, OPERATIONS, variables, name)
