"""Letters in the outbox, and what has become of them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from tortoise.connection import get_connection

from models import Offboarding, OutgoingMail, Party, Product, User
from tests.factories import make_offboarding, make_party, make_user

ASSIGNED_AT: Final = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Queued:
    """A letter in the outbox, with the rows it is about."""

    mail: OutgoingMail
    offboarding: Offboarding
    recipient: User

    async def row(self) -> OutgoingMail:
        return await OutgoingMail.get(id=self.mail.id)

    async def fall_due(self) -> None:
        """Do what time does."""
        await execute("update outgoing_mail set due_at = now() where id = $1", self.mail.id)


async def execute(sql: str, *values: Any) -> list[dict[str, Any]]:
    _, rows = await get_connection("default").execute_query(sql, list(values))
    return [dict(row) for row in rows]


async def queue_letter(
    *,
    name: str = "Anna de Vries",
    email: str | None = None,
    by: str = "Bo Jansen",
    party: Party | None = None,
    product: Product | None = None,
    due_on: date | None = None,
    comment: str | None = None,
) -> Queued:
    """Put a letter into the outbox, as giving somebody a task does."""
    recipient = await make_user(name=name, email=email)
    assigner = await make_user(name=by)
    if product is None:
        party = party or await make_party()
    offboarding = await make_offboarding(
        party=party, product=product, assignee=recipient, due_on=due_on, comment=comment
    )
    mail = OutgoingMail.task_assigned(offboarding, assigner.id, ASSIGNED_AT)
    await mail.save()
    return Queued(mail, offboarding, recipient)
