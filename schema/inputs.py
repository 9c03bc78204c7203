"""What mutations take; an absent field stays as it is, null empties it."""

import datetime as dt
from dataclasses import fields
from typing import Any, Final

import strawberry

import models
from resolvers.edit import UNCHANGED, Edit
from schema.ids import assignee_key

ABSENT = "Absent: unchanged; null: none."
CONFIRMATION = '"TERMINATE", exactly, where status and resolution are both DONE; else ignored.'
# The fields of an input that say why, until when and by when.
DETAILS: Final = tuple(field.name for field in fields(models.Details))
VERSION = "Version that was seen; refused with CONFLICT where it is another by now."


def _edit(input: Any) -> Edit:  # noqa: ANN401 - any input with these fields
    """Return what an input wants saved; an empty comment is none."""
    given = {name: value for name, value in vars(input).items() if value is not strawberry.UNSET}
    return Edit(
        status=given.get("status"),
        resolution=given.get("resolution"),
        confirmation=given.get("confirmation"),
        assignee=assignee_key(given["assignee_id"]) if "assignee_id" in given else UNCHANGED,
        details={name: given[name] or None for name in DETAILS if name in given},
        expected_version=given.get("expected_version"),
    )


@strawberry.input(description="Start of the offboarding of a party.")
class StartPartyOffboardingInput:
    party_id: strawberry.ID = strawberry.field(description="Party to offboard.")
    status: models.OffboardingStatus = strawberry.field(
        default=models.OffboardingStatus.OPEN, description="Status to start with."
    )
    assignee_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Person who gets the task and is mailed."
    )
    resolution: models.OffboardingResolution | None = strawberry.field(
        default=strawberry.UNSET, description="With status DONE only, and then required."
    )
    confirmation: str | None = strawberry.field(default=strawberry.UNSET, description=CONFIRMATION)
    reason: models.TerminationReason | None = strawberry.field(
        default=strawberry.UNSET, description="Why it ends."
    )
    comment: str | None = strawberry.field(
        default=strawberry.UNSET, description="Comment, at most 10,000 characters."
    )
    effective_on: dt.date | None = strawberry.field(
        default=strawberry.UNSET,
        description="Last day of the relationship; the day of DONE unless given.",
    )
    due_on: dt.date | None = strawberry.field(
        default=strawberry.UNSET, description="Day by which it should be DONE."
    )

    def edit(self) -> Edit:
        """Return what is to be saved."""
        return _edit(self)


@strawberry.input(description="Start of the termination of a product.")
class StartProductTerminationInput:
    product_id: strawberry.ID = strawberry.field(description="Product to terminate.")
    status: models.OffboardingStatus = strawberry.field(
        default=models.OffboardingStatus.OPEN, description="Status to start with."
    )
    assignee_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Person who gets the task and is mailed."
    )
    resolution: models.OffboardingResolution | None = strawberry.field(
        default=strawberry.UNSET, description="With status DONE only, and then required."
    )
    confirmation: str | None = strawberry.field(default=strawberry.UNSET, description=CONFIRMATION)
    reason: models.TerminationReason | None = strawberry.field(
        default=strawberry.UNSET, description="Why it ends."
    )
    comment: str | None = strawberry.field(
        default=strawberry.UNSET, description="Comment, at most 10,000 characters."
    )
    effective_on: dt.date | None = strawberry.field(
        default=strawberry.UNSET,
        description="Last day of the relationship; the day of DONE unless given.",
    )
    due_on: dt.date | None = strawberry.field(
        default=strawberry.UNSET, description="Day by which it should be DONE."
    )

    def edit(self) -> Edit:
        """Return what is to be saved."""
        return _edit(self)


@strawberry.input(description="Changes of an offboarding: everything at once or nothing.")
class SaveOffboardingInput:
    offboarding_id: strawberry.ID = strawberry.field(description="Offboarding to change.")
    expected_version: int | None = strawberry.field(default=strawberry.UNSET, description=VERSION)
    status: models.OffboardingStatus | None = strawberry.field(
        default=strawberry.UNSET, description="New status; absent or null: unchanged."
    )
    assignee_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="Person who gets the task and is mailed. Absent: unchanged; null: nobody.",
    )
    resolution: models.OffboardingResolution | None = strawberry.field(
        default=strawberry.UNSET, description="With status DONE only, and then required."
    )
    confirmation: str | None = strawberry.field(default=strawberry.UNSET, description=CONFIRMATION)
    reason: models.TerminationReason | None = strawberry.field(
        default=strawberry.UNSET, description=f"Why it ends. {ABSENT}"
    )
    comment: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"Comment, at most 10,000 characters. {ABSENT}",
    )
    effective_on: dt.date | None = strawberry.field(
        default=strawberry.UNSET, description=f"Last day of the relationship. {ABSENT}"
    )
    due_on: dt.date | None = strawberry.field(
        default=strawberry.UNSET, description=f"Day by which it should be DONE. {ABSENT}"
    )

    def edit(self) -> Edit:
        """Return what is to be saved."""
        return _edit(self)


@strawberry.input(description="Move of an offboarding to another status than DONE.")
class SetOffboardingStatusInput:
    offboarding_id: strawberry.ID = strawberry.field(description="Offboarding to move.")
    status: models.OffboardingStatus = strawberry.field(
        description="New status; for DONE use `resolveOffboarding`."
    )
    expected_version: int | None = strawberry.field(default=strawberry.UNSET, description=VERSION)

    def edit(self) -> Edit:
        """Return what is to be saved."""
        return _edit(self)


@strawberry.input(description="Assignment of an offboarding.")
class AssignOffboardingInput:
    offboarding_id: strawberry.ID = strawberry.field(description="Offboarding to assign.")
    assignee_id: strawberry.ID | None = strawberry.field(
        default=None, description="Person who gets the task and is mailed; null: nobody."
    )
    expected_version: int | None = strawberry.field(default=strawberry.UNSET, description=VERSION)

    def edit(self) -> Edit:
        """Return what is to be saved."""
        return _edit(self)


@strawberry.input(description="Setting an offboarding to DONE.")
class ResolveOffboardingInput:
    offboarding_id: strawberry.ID = strawberry.field(description="Offboarding to end.")
    resolution: models.OffboardingResolution = strawberry.field(description="How it ends.")
    confirmation: str | None = strawberry.field(default=strawberry.UNSET, description=CONFIRMATION)
    effective_on: dt.date | None = strawberry.field(
        default=strawberry.UNSET, description=f"Last day of the relationship. {ABSENT}"
    )
    expected_version: int | None = strawberry.field(default=strawberry.UNSET, description=VERSION)

    def edit(self) -> Edit:
        """Return what is to be saved."""
        return _edit(self)


@strawberry.input(description="End of a holding: a party leaves a product.")
class EndHoldingInput:
    party_id: strawberry.ID = strawberry.field(description="Party that leaves.")
    product_id: strawberry.ID = strawberry.field(description="Product that it leaves.")
    ended_on: dt.date | None = strawberry.field(
        default=strawberry.UNSET,
        description="Last day, not before the first and not in the future; today unless given.",
    )
