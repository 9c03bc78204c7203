"""A change of one field, as the activity log keeps it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

Value = StrEnum | str | date | UUID | None


@dataclass(frozen=True, slots=True)
class Change:
    """A field, by its name in the schema, with its value before and after."""

    field: str
    before: str | None
    after: str | None


def text_of(value: Value) -> str | None:
    """Return a value as the log shows it: a person by their id in the schema, a day in ISO 8601."""
    if value is None:
        return None
    return f"user_{value}" if isinstance(value, UUID) else str(value)


def changed(field: str, before: Value, after: Value) -> list[Change]:
    """Return the change of a field, or nothing where the values are the same (R9)."""
    return [] if before == after else [Change(field, text_of(before), text_of(after))]
