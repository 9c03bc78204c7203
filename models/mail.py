"""Outgoing mail: letters that wait in the same database as what they tell of (R14)."""

from datetime import date, datetime
from enum import StrEnum
from functools import partial
from uuid import UUID

from tortoise import fields
from tortoise.fields.db_defaults import Now
from tortoise.models import Model
from uuid_utils.compat import uuid7

from models.errors import InvalidInputError
from models.offboarding import Offboarding
from models.organisation import Organisation, of_organisation
from models.readable import Asker, Cases, Filter, Order, Range, Readable
from models.status import OffboardingStatus
from models.user import User
from models.user_group import Permission


class MailKind(StrEnum):
    """Which letter it is."""

    TASK_ASSIGNED = "TASK_ASSIGNED"
    TASK_DUE = "TASK_DUE"
    DAILY_DIGEST = "DAILY_DIGEST"
    WEBHOOK_DISABLED = "WEBHOOK_DISABLED"


class MailStatus(StrEnum):
    """How far a letter is."""

    QUEUED = "QUEUED"
    SENT = "SENT"
    FAILED = "FAILED"
    DROPPED = "DROPPED"


def visible(mail: str, asker: Asker) -> str:
    """Return the condition that the viewer may see a letter: as an administrator (R12)."""
    return f"{of_organisation(mail, asker)} and {asker.may(Permission.USER_ADMIN)}"


def _has_status(status: MailStatus, mail: str, _asker: Asker) -> str:
    return f"{mail}.status = '{status}'"


def _next_attempt(mail: str, _asker: Asker) -> str:
    return f"case when {mail}.status = 'QUEUED' then {mail}.due_at end"


class OutgoingMail(Model):
    """A letter to a user; its id makes its Message-ID, so that a repeat shows.

    A task letter has a sender, a reminder a day; a digest has a day and no single offboarding. That
    a webhook was switched off is told with its address.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "models.Organisation", related_name="mails", on_delete=fields.RESTRICT
    )
    organisation_id: UUID
    kind = fields.CharEnumField(MailKind, max_length=30, description="Which letter.")
    offboarding: fields.ForeignKeyNullableRelation[Offboarding] = fields.ForeignKeyField(
        "models.Offboarding", related_name="mails", null=True, on_delete=fields.RESTRICT
    )
    offboarding_id: UUID | None
    recipient: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="mails", on_delete=fields.RESTRICT
    )
    recipient_id: UUID
    sender: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="mails_caused", null=True, on_delete=fields.RESTRICT
    )
    sender_id: UUID | None
    day: date | None = fields.DateField(
        null=True, description="Day on which the task is due, or that the digest is of."
    )
    webhook_url: str | None = fields.CharField(max_length=2000, null=True)  # type: ignore[assignment] # Tortoise types a nullable text as never null
    status = fields.CharEnumField(
        MailStatus, max_length=10, default=MailStatus.QUEUED, description="Status of the letter."
    )
    attempts = fields.IntField(default=0, description="How often a worker has taken it.")
    # Both are times of the database's clock, so that no machine's clock parks a letter.
    due_at = fields.DatetimeField(
        db_default=Now(), description="When it is tried next; pushed on while a worker has it."
    )
    give_up_at: datetime | None = fields.DatetimeField(
        null=True, description="When trying ends; set by the first try."
    )
    last_error: str | None = fields.CharField(max_length=500, null=True)  # type: ignore[assignment] # Tortoise types a nullable text as never null
    created_at = fields.DatetimeField()
    sent_at: datetime | None = fields.DatetimeField(null=True)

    class Meta(Model.Meta):
        table = "outgoing_mail"

    readable = Readable(
        visible=visible,
        derived={
            "next_attempt_at": lambda mail, _: (
                f"case when {mail}.status = 'QUEUED' then {mail}.due_at end"
            )
        },
        orders={"CREATED_AT": Order(lambda mail: f"{mail}.created_at", "timestamptz")},
        order=("CREATED_AT", True),
        filters={
            # Each in the text, so that an index of the few that were not sent serves.
            "status": Cases({str(status): partial(_has_status, status) for status in MailStatus}),
            "kind": Filter(lambda mail, values, _: f"{mail}.kind = any({values})", "text[]"),
            "recipient_id": Filter(lambda mail, id_, _: f"{mail}.recipient_id = {id_}", "uuid"),
            "offboarding_id": Filter(lambda mail, id_, _: f"{mail}.offboarding_id = {id_}", "uuid"),
            "created_at": Range(lambda mail: f"{mail}.created_at", "timestamptz"),
        },
    )

    @classmethod
    def task_assigned(cls, offboarding: Offboarding, by: UUID, at: datetime) -> "OutgoingMail":
        """Return the letter, not yet saved, that tells an offboarding's assignee of the task."""
        return cls(
            organisation_id=offboarding.organisation_id,
            kind=MailKind.TASK_ASSIGNED,
            offboarding_id=offboarding.id,
            recipient_id=offboarding.assignee_id,
            sender_id=by,
            created_at=at,
        )

    @classmethod
    def task_due(cls, offboarding: Offboarding, at: datetime) -> "OutgoingMail":
        """Return the letter, not yet saved, that reminds an offboarding's assignee of its day."""
        return cls(
            organisation_id=offboarding.organisation_id,
            kind=MailKind.TASK_DUE,
            offboarding_id=offboarding.id,
            recipient_id=offboarding.assignee_id,
            day=offboarding.due_on,
            created_at=at,
        )

    @classmethod
    def daily_digest(cls, recipient: User, at: datetime) -> "OutgoingMail":
        """Return the letter, not yet saved, that lists a user's open tasks of a day."""
        return cls(
            organisation_id=recipient.organisation_id,
            kind=MailKind.DAILY_DIGEST,
            recipient_id=recipient.id,
            day=at.date(),
            created_at=at,
        )

    @classmethod
    def webhook_disabled(cls, recipient: User, url: str, at: datetime) -> "OutgoingMail":
        """Return the letter, not yet saved, that tells an administrator of a lost webhook."""
        return cls(
            organisation_id=recipient.organisation_id,
            kind=MailKind.WEBHOOK_DISABLED,
            recipient_id=recipient.id,
            webhook_url=url,
            created_at=at,
        )

    def reason_to_drop(self, today: date) -> str | None:
        """Why it must not leave any more (R8); needs the recipient and the offboarding loaded."""
        if not self.recipient.enabled:
            return "The recipient has been disabled."
        if self.kind is MailKind.DAILY_DIGEST:
            return self._reason_to_drop_digest(today)
        return None if self.offboarding is None else self._reason_to_drop_task(self.offboarding)

    def _reason_to_drop_task(self, task: Offboarding) -> str | None:
        if task.assignee_id != self.recipient_id:
            return "The task is no longer the recipient's."
        if self.kind is MailKind.TASK_DUE:
            if task.status is OffboardingStatus.DONE:
                return "The task is done."
            if task.due_on != self.day:
                return "The task is due on another day."
        return None

    def _reason_to_drop_digest(self, today: date) -> str | None:
        if not self.recipient.daily_digest:
            return "The recipient no longer wants the digest."
        return "Its day is over." if self.day != today else None

    def requeue(self) -> bool:
        """Let it leave again, with two days anew; return False where it waits to leave anyway."""
        if self.status is MailStatus.SENT:
            message = "This letter has been delivered; it cannot be sent again."
            raise InvalidInputError("mailId", message)
        if self.status is MailStatus.QUEUED:
            return False
        self.status, self.attempts = MailStatus.QUEUED, 0
        self.give_up_at = self.last_error = None
        # Past by any clock, so due at once.
        self.due_at = self.created_at
        return True
