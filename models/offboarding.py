"""Offboardings: the process that ends a party's relationship or terminates a product."""

from datetime import date, datetime
from uuid import UUID

from tortoise import fields
from tortoise.models import Model
from uuid_utils.compat import uuid7

from models.change import Change, changed
from models.closing import CONFIRMATION, Closing
from models.details import Details
from models.errors import (
    ConfirmationMismatchError,
    ConfirmationRequiredError,
    ConflictError,
    FourEyesError,
    OffboardingDoneError,
    OpenProductsError,
    ResolutionNotAllowedError,
    ResolutionRequiredError,
)
from models.guard import Guarded, GuardedManager
from models.organisation import Organisation
from models.party import Party
from models.product import Product
from models.status import (
    NEXT,
    OffboardingResolution,
    OffboardingStatus,
    SubjectType,
    TerminationReason,
)
from models.tasks import READABLE
from models.user import User


class Offboarding(Guarded):
    """An offboarding of a party, or the termination of a product: exactly one of the two."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "models.Organisation", related_name="offboardings", on_delete=fields.RESTRICT
    )
    organisation_id: UUID
    party: fields.ForeignKeyNullableRelation[Party] = fields.ForeignKeyField(
        "models.Party", related_name="offboardings", null=True, on_delete=fields.RESTRICT
    )
    party_id: UUID | None
    product: fields.ForeignKeyNullableRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="offboardings", null=True, on_delete=fields.RESTRICT
    )
    product_id: UUID | None
    status = fields.CharEnumField(
        OffboardingStatus,
        max_length=20,
        default=OffboardingStatus.OPEN,
        description="Status of the offboarding.",
    )
    resolution: OffboardingResolution | None = fields.CharEnumField(  # type: ignore[assignment] # Tortoise types a nullable enum as never null
        OffboardingResolution, max_length=20, null=True, description="Only when Done."
    )
    assignee: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="tasks", null=True, on_delete=fields.RESTRICT
    )
    assignee_id: UUID | None
    reason: TerminationReason | None = fields.CharEnumField(  # type: ignore[assignment] # as above
        TerminationReason, max_length=30, null=True, description="Reason of the termination."
    )
    comment: str | None = fields.TextField(null=True)
    effective_on: date | None = fields.DateField(null=True)
    due_on: date | None = fields.DateField(null=True)
    started_by: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="offboardings_started", on_delete=fields.RESTRICT
    )
    started_by_id: UUID
    started_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    closed_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="offboardings_closed", null=True, on_delete=fields.RESTRICT
    )
    closed_by_id: UUID | None
    closed_at: datetime | None = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta(Model.Meta):
        table = "offboarding"
        manager = GuardedManager()

    readable = READABLE

    @property
    def subject_type(self) -> SubjectType:
        """Of what kind the subject is."""
        return SubjectType.PRODUCT if self.party_id is None else SubjectType.PARTY

    @property
    def subject_id(self) -> UUID:
        """Id of the party or the product."""
        subject = self.product_id if self.party_id is None else self.party_id
        if subject is None:
            raise ValueError("an offboarding has a subject")
        return subject

    @property
    def details(self) -> Details:
        """The details as they are."""
        return Details(self.reason, self.comment, self.effective_on, self.due_on)

    @property
    def ends_the_relationship(self) -> bool:
        """Whether it is Done with resolution Done, so that its subject has ended (R4)."""
        return self.resolution is OffboardingResolution.DONE

    def check_not_done(self) -> None:
        """Refuse with `OffboardingDoneError` when it is Done (R1)."""
        if not NEXT[self.status]:
            raise OffboardingDoneError

    def check_version(self, expected: int | None) -> None:
        """Refuse with `ConflictError` when another version was expected (R10)."""
        if expected is not None and expected != self.version:
            raise ConflictError(self.id)

    def move_to(
        self,
        status: OffboardingStatus,
        resolution: OffboardingResolution | None,
        confirmation: str | None,
        closing: Closing,
    ) -> list[Change]:
        """Take a status, with a resolution exactly when it is Done (R1, R2, R3, R6, R11)."""
        if status not in NEXT[self.status]:
            raise OffboardingDoneError
        if status is not OffboardingStatus.DONE:
            if resolution is not None:
                raise ResolutionNotAllowedError
            changes = changed("status", self.status, status)
            self.status = status
            return changes
        if resolution is None:
            raise ResolutionRequiredError
        self._check_closing(resolution, confirmation, closing)
        return self._close(resolution, closing)

    def _check_closing(
        self, resolution: OffboardingResolution, confirmation: str | None, closing: Closing
    ) -> None:
        if closing.four_eyes and closing.by == self.started_by_id:
            raise FourEyesError
        if resolution is not OffboardingResolution.DONE:
            return
        if open_products := list(closing.open_products):
            raise OpenProductsError(open_products)
        if confirmation is None:
            raise ConfirmationRequiredError
        if confirmation != CONFIRMATION:
            raise ConfirmationMismatchError

    def _close(self, resolution: OffboardingResolution, closing: Closing) -> list[Change]:
        effective_on = self.effective_on
        if resolution is OffboardingResolution.DONE and effective_on is None:
            effective_on = closing.at.date()
        changes = [
            *changed("status", self.status, OffboardingStatus.DONE),
            *changed("resolution", None, resolution),
            *changed("effectiveOn", self.effective_on, effective_on),
        ]
        self.status, self.resolution = OffboardingStatus.DONE, resolution
        self.effective_on = effective_on
        self.closed_by_id, self.closed_at = closing.by, closing.at
        return changes

    def assign(self, assignee: UUID | None) -> list[Change]:
        """Give the task to a person, or to nobody."""
        changes = changed("assignee", self.assignee_id, assignee)
        self.assignee_id = assignee
        return changes

    def set_details(self, details: Details) -> list[Change]:
        """Take details within their bounds."""
        details.check()
        before = self.details
        self.reason, self.comment = details.reason, details.comment
        self.effective_on, self.due_on = details.effective_on, details.due_on
        return [
            *changed("reason", before.reason, details.reason),
            *changed("comment", before.comment, details.comment),
            *changed("effectiveOn", before.effective_on, details.effective_on),
            *changed("dueOn", before.due_on, details.due_on),
        ]
