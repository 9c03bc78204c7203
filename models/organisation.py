"""An organisation: the firm whose client file this is, and what it demands."""

import calendar
from datetime import date
from typing import Final

from tortoise import fields
from tortoise.models import Model
from uuid_utils.compat import uuid7

from models.readable import Asker, Readable

# The latest year a date may lie in, so that a retention period can still be added to it.
LAST_YEAR: Final = 2200


def months_later(day: date, months: int) -> date:
    """Return the same day some months on, or the month's last day if it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


class Organisation(Model):
    """A tenant: nothing of one organisation is ever seen by another (R12)."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=200, unique=True)
    require_products_terminated = fields.BooleanField(default=False)
    four_eyes = fields.BooleanField(default=False)
    retention_months = fields.IntField(null=True, default=60)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta(Model.Meta):
        table = "organisation"

    readable = Readable(visible=lambda row, asker: f"{row}.id = {asker.organisation}")

    def retention_until(self, effective_on: date) -> date | None:
        """Return the day from which the data may be deleted, or None for never (R4)."""
        if self.retention_months is None:
            return None
        return months_later(effective_on, self.retention_months)


def of_organisation(row: str, asker: Asker) -> str:
    """Return the condition that a row belongs to the viewer's organisation (R12)."""
    return f"{row}.organisation_id = {asker.organisation}"
