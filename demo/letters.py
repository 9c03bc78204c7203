"""Letters that the demo's people have had already, so that a start sends none of the past."""

from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import Final

from demo.history import History
from models import Activity, ActivityKind, MailStatus, Offboarding, OffboardingStatus, OutgoingMail
from models.change import changed

_BOUNCED: Final = "550 5.1.1 The mailbox does not exist."


def letters_of(history: History) -> list[OutgoingMail]:
    """Return the letters of a history, and note in its log what became of them."""
    open_tasks = [
        task
        for task in history.offboardings
        if task.status is not OffboardingStatus.DONE and task.assignee_id is not None
    ]
    reminders = [_reminder(history, task) for task in open_tasks if _is_due(history, task)]
    # One that an administrator may send again.
    newest = sorted(open_tasks, key=lambda task: task.started_at)[-1:]
    return [*reminders, *(_bounced(history, task) for task in newest)]


def _is_due(history: History, task: Offboarding) -> bool:
    return task.due_on is not None and task.due_on <= history.file.today


def _reminder(history: History, task: Offboarding) -> OutgoingMail:
    day = task.due_on or history.file.today
    at = max(datetime.combine(day, time(), UTC), task.started_at)
    mail = OutgoingMail.task_due(task, at)
    mail.status, mail.attempts = MailStatus.SENT, 1
    mail.sent_at = mail.created_at + timedelta(seconds=2)
    _note(history, mail, task, ActivityKind.MAIL_SENT, mail.sent_at)
    return mail


def _bounced(history: History, task: Offboarding) -> OutgoingMail:
    mail = OutgoingMail.task_assigned(task, task.started_by_id, task.updated_at)
    mail.status, mail.attempts, mail.last_error = MailStatus.FAILED, 1, _BOUNCED
    _note(history, mail, task, ActivityKind.MAIL_FAILED, task.updated_at + timedelta(seconds=2))
    return mail


def _note(
    history: History, mail: OutgoingMail, task: Offboarding, kind: ActivityKind, at: datetime
) -> None:
    history.activity.append(
        Activity(
            organisation_id=mail.organisation_id,
            kind=kind,
            occurred_at=at,
            offboarding_id=task.id,
            party_id=task.party_id,
            product_id=task.product_id,
            changes=[asdict(change) for change in changed("recipient", None, mail.recipient_id)],
        )
    )
