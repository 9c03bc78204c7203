"""How long what an organisation has closed is kept (R4)."""

from datetime import date

import pytest

from models import Organisation
from models.organisation import LAST_YEAR, months_later


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 3, 9), 0, date(2026, 3, 9)),
        (date(2026, 3, 9), 1, date(2026, 4, 9)),
        (date(2026, 3, 9), 9, date(2026, 12, 9)),
        (date(2026, 3, 9), 10, date(2027, 1, 9)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 5, 31), 1, date(2026, 6, 30)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2028, 2, 29), 60, date(2033, 2, 28)),
        (date(2096, 2, 29), 48, date(2100, 2, 28)),
        (date(2027, 2, 28), 12, date(2028, 2, 28)),
    ],
)
def test_counts_months_and_stops_at_the_end_of_a_shorter_one(
    day: date, months: int, later: date
) -> None:
    assert months_later(day, months) == later


@pytest.mark.parametrize(
    ("months", "until"),
    [
        (60, date(2033, 2, 28)),
        (120, date(2038, 2, 28)),
        (0, date(2028, 2, 29)),
        (None, None),
    ],
)
def test_keeps_data_for_the_retention_period(months: int | None, until: date | None) -> None:
    organisation = Organisation(name="Northbank", retention_months=months)

    assert organisation.retention_until(date(2028, 2, 29)) == until


def test_keeps_data_for_five_years_unless_told_otherwise() -> None:
    assert Organisation(name="Northbank").retention_until(date(2026, 3, 9)) == date(2031, 3, 9)


def test_can_add_the_longest_retention_to_the_latest_day() -> None:
    organisation = Organisation(name="Northbank", retention_months=1200)

    assert organisation.retention_until(date(LAST_YEAR, 12, 31)) == date(2300, 12, 31)
