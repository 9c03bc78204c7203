"""What mutations take; an absent field stays as it is, null empties it."""

import datetime as dt
from typing import Any

import strawberry

import models
from resolvers.edit import UNCHANGED, Edit
from schema.ids import assignee_key

ABSENT = "Absent: unchanged; null: none."
CONFIRMATION = '"TERMINATE", exactly, where status and resolution are both DONE; else ignored.'
VERSION = "Version that was seen; refused with CONFLICT where it is another by now."


def _given(value: Any) -> Any:  # noqa: ANN401 - any field of an input
    return None if value is strawberry.UNSET else value


def _edit(input: Any) -> Edit:  # noqa: ANN401 - any input with these fields
    """Return what an input wants saved; an empty comment is none."""
    names = ("reason", "comment", "effective_on", "due_on")
    details = {name: getattr(input, name, strawberry.UNSET) for name in names}
    assignee = getattr(input, "assignee_id", strawberry.UNSET)
    return Edit(
        status=_given(getattr(input, "status", None)),
        resolution=_given(getattr(input, "resolution", None)),
        confirmation=_given(getattr(input, "confirmation", None)),
        assignee=UNCHANGED if assignee is strawberry.UNSET else assignee_key(assignee),
        details={k: v or None for k, v in details.items() if v is not strawberry.UNSET},
        expected_version=_given(getattr(input, "expected_version", None)),
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
