"""What letters are about: plain values, from the rows of the outbox or made up for a preview.

A letter tells of tasks, never of clients: no reason, no comment, no name of a party (R13).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import orjson

from database import fetch_text
from models import (
    ClientAccess,
    MailKind,
    Offboarding,
    OutgoingMail,
    Permission,
    SubjectType,
    User,
)
from models.tasks import visible

# More tasks than a digest shows are counted.
MOST_TASKS: Final = 50


@dataclass(frozen=True, slots=True)
class Task:
    """An offboarding as a letter tells of it."""

    id: UUID
    subject_type: SubjectType
    reference: str
    due_on: date | None


@dataclass(frozen=True, slots=True)
class Matter:
    """All that goes into a letter; `total` is how many tasks there are, shown or not."""

    id: UUID
    kind: MailKind
    created_at: datetime
    recipient: User
    tasks: tuple[Task, ...]
    total: int = 1
    assigned_by: str | None = None
    day: date | None = None
    webhook_url: str | None = None


async def matter_of(mail: OutgoingMail) -> Matter:
    """Return the matter of a row that was loaded with the rows it names."""
    tasks: tuple[Task, ...] = ()
    total = 0
    if mail.offboarding is not None:
        tasks, total = (_task(mail.offboarding),), 1
    elif mail.kind is MailKind.DAILY_DIGEST:
        tasks, total = await open_tasks(mail.recipient)
    return Matter(
        id=mail.id,
        kind=mail.kind,
        created_at=mail.created_at,
        recipient=mail.recipient,
        tasks=tasks,
        total=total,
        assigned_by=None if mail.sender is None else mail.sender.name,
        day=mail.day,
        webhook_url=mail.webhook_url,
    )


def _task(offboarding: Offboarding) -> Task:
    if offboarding.party is not None:
        reference = offboarding.party.reference
    elif offboarding.product is not None:
        reference = offboarding.product.number
    else:
        raise ValueError("The offboarding has no subject.")
    return Task(offboarding.id, offboarding.subject_type, reference, offboarding.due_on)


@dataclass(frozen=True, slots=True)
class _Recipient:
    """Who gets a letter, as the one who asks a statement: $1 is their id, $2 their organisation."""

    own: bool
    user: str = "$1::uuid"
    organisation: str = "$2::uuid"
    permissions: str = (
        "(select coalesce(array_agg(permission), '{}') from user_group_member m"
        " join user_group g on g.id = m.user_group_id, unnest(g.permissions) permission"
        " where m.user_id = $1::uuid)"
    )

    def may(self, permission: str) -> str:
        """Return the condition that the recipient has a permission."""
        return f"'{Permission(permission)}' = any({self.permissions}::text[])"


def _open_tasks(recipient: _Recipient) -> str:
    return f"""
with task as (
  select f.id, case when f.party_id is null then 'PRODUCT' else 'PARTY' end as subject_type,
    coalesce(p.reference, q.number) as reference, f.due_on, f.started_at
  from offboarding f left join party p on p.id = f.party_id
    left join product q on q.id = f.product_id
  where f.assignee_id = {recipient.user} and f.status <> 'DONE' and {visible("f", recipient)}
), shown as (
  select * from task order by coalesce(due_on, 'infinity'), started_at, id limit {MOST_TASKS}
)
select json_build_object('total', (select count(*) from task), 'tasks', coalesce((
  select json_agg(json_build_array(id, subject_type, reference, due_on)
    order by coalesce(due_on, 'infinity'), started_at, id) from shown), '[]'))::text
"""  # noqa: S608 - our own text


async def open_tasks(user: User) -> tuple[tuple[Task, ...], int]:
    """Return the open tasks of a user that they may see, the most urgent first, and how many."""
    asker = _Recipient(own=user.client_access is ClientAccess.OWN)
    found = orjson.loads(
        await fetch_text(_open_tasks(asker), [user.id, user.organisation_id]) or ""
    )
    tasks = tuple(
        Task(UUID(id), SubjectType(type_), reference, due_on and date.fromisoformat(due_on))
        for id, type_, reference, due_on in found["tasks"]
    )
    return tasks, found["total"]
