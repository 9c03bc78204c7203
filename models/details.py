"""The details of an offboarding: fields that no rule but their bounds governs."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from models.errors import InvalidInputError
from models.organisation import LAST_YEAR
from models.status import TerminationReason

LONGEST_COMMENT: Final = 10_000
FIRST_YEAR: Final = 1900


@dataclass(frozen=True, slots=True)
class Details:
    """Why, until when and by when."""

    reason: TerminationReason | None
    comment: str | None
    effective_on: date | None
    due_on: date | None

    def check(self) -> None:
        """Refuse values out of bounds with `InvalidInputError`."""
        if self.comment is not None:
            if len(self.comment) > LONGEST_COMMENT:
                raise InvalidInputError(
                    "comment", f"A comment has at most {LONGEST_COMMENT} characters."
                )
            if "\0" in self.comment:
                raise InvalidInputError("comment", "A comment cannot hold the character NUL.")
        for field, day in (("effectiveOn", self.effective_on), ("dueOn", self.due_on)):
            if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
                raise InvalidInputError(
                    field, f"A day lies between the years {FIRST_YEAR} and {LAST_YEAR}."
                )
