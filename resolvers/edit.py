"""What is to be saved of an offboarding."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from models import OffboardingResolution, OffboardingStatus, Permission, SubjectType
from models.status import DONE_WRITE, WRITE


class Unchanged:
    """What an edit leaves as it is; None would be a value."""


UNCHANGED: Final = Unchanged()


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be saved: everything at once or nothing.

    `details` holds the new values of the fields of `models.Details` that change.
    """

    status: OffboardingStatus | None = None
    resolution: OffboardingResolution | None = None
    confirmation: str | None = None
    assignee: UUID | Unchanged | None = UNCHANGED
    details: Mapping[str, Any] = field(default_factory=dict)
    expected_version: int | None = None

    @property
    def sets_done(self) -> bool:
        """Whether it asks for the status Done."""
        return self.status is OffboardingStatus.DONE

    @property
    def ends_the_relationship(self) -> bool:
        """Whether it asks for Done with resolution Done (R4)."""
        return self.sets_done and self.resolution is OffboardingResolution.DONE

    @property
    def is_alone(self) -> bool:
        """Whether saving it depends on no other row than the offboarding's own."""
        return self.assignee is UNCHANGED and not self.ends_the_relationship

    def needs(self, subject_type: SubjectType) -> list[Permission]:
        """Return the permissions that saving it takes: setting Done is its own (R11).

        The last day of the relationship is part of setting Done.
        """
        if not self.sets_done:
            return [WRITE[subject_type]]
        edits = self.assignee is not UNCHANGED or bool(self.details.keys() - {"effective_on"})
        return [*([WRITE[subject_type]] if edits else []), DONE_WRITE[subject_type]]
