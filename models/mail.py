"""Outgoing mail: letters that wait in the same database as what they tell of (R14)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.fields.db_defaults import Now
from tortoise.models import Model
from uuid_utils.compat import uuid7

from models.offboarding import Offboarding
from models.organisation import Organisation
from models.user import User


class MailKind(StrEnum):
    """Which letter it is."""

    TASK_ASSIGNED = "TASK_ASSIGNED"


class MailStatus(StrEnum):
    """How far a letter is."""

    QUEUED = "QUEUED"
    SENT = "SENT"
    FAILED = "FAILED"
    DROPPED = "DROPPED"


class OutgoingMail(Model):
    """A letter to a user about an offboarding; its id makes its Message-ID, so a repeat shows."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "models.Organisation", related_name="mails", on_delete=fields.RESTRICT
    )
    organisation_id: UUID
    kind = fields.CharEnumField(MailKind, max_length=30, description="Which letter.")
    offboarding: fields.ForeignKeyRelation[Offboarding] = fields.ForeignKeyField(
        "models.Offboarding", related_name="mails", on_delete=fields.RESTRICT
    )
    offboarding_id: UUID
    recipient: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="mails", on_delete=fields.RESTRICT
    )
    recipient_id: UUID
    sender: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="mails_caused", on_delete=fields.RESTRICT
    )
    sender_id: UUID
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

    @property
    def reason_to_drop(self) -> str | None:
        """Why it must not leave any more (R8); needs the recipient and the offboarding loaded."""
        if not self.recipient.enabled:
            return "The recipient has been disabled."
        if self.offboarding.assignee_id != self.recipient_id:
            return "The task is no longer the recipient's."
        return None
