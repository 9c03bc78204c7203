"""How a product ends, and how a party leaves one (R7)."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from uuid_utils.compat import uuid7

from models import Holding, HoldingRole, InvalidInputError, Product, ProductStatus

TODAY = date(2026, 3, 9)


def a_holding(started_on: date | None = None, ended_on: date | None = None) -> Holding:
    return Holding(
        organisation_id=uuid7(),
        party_id=uuid7(),
        product_id=uuid7(),
        role=HoldingRole.JOINT_OWNER,
        started_on=started_on,
        ended_on=ended_on,
    )


def test_becomes_terminated_with_closer_time_and_retention() -> None:
    product = Product(organisation_id=uuid7(), name="Current account", number="1")
    closer, at, until = uuid7(), datetime(2026, 3, 9, 16, 30, tzinfo=UTC), date(2031, 3, 9)

    product.close(closer, at, until)

    assert product.has_ended
    assert product.status is ProductStatus.TERMINATED
    assert (product.terminated_by_id, product.terminated_at) == (closer, at)
    assert product.retention_until == until


@pytest.mark.parametrize(
    ("started_on", "ended_on"),
    [
        (None, TODAY),
        (None, date(1990, 1, 1)),
        (date(2020, 5, 1), TODAY),
        (date(2020, 5, 1), date(2020, 5, 1)),
        (TODAY, TODAY),
    ],
)
def test_ends_a_holding_between_its_start_and_today(
    started_on: date | None, ended_on: date
) -> None:
    holding = a_holding(started_on)

    assert holding.end(ended_on, TODAY) is True
    assert holding.ended_on == ended_on


def test_changes_nothing_where_a_holding_ended_that_day() -> None:
    holding = a_holding(ended_on=date(2026, 3, 1))

    assert holding.end(date(2026, 3, 1), TODAY) is False
    assert holding.ended_on == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("holding", "on"),
    [
        (a_holding, date(2026, 3, 10)),
        (lambda: a_holding(started_on=date(2020, 5, 1)), date(2020, 4, 30)),
        (lambda: a_holding(ended_on=date(2026, 3, 1)), date(2026, 3, 2)),
        (lambda: a_holding(ended_on=date(2026, 3, 1)), date(2026, 2, 28)),
    ],
    ids=["in the future", "before it began", "later than it ended", "earlier than it ended"],
)
def test_refuses_another_end(holding: Callable[[], Holding], on: date) -> None:
    held = holding()
    before = held.ended_on

    with pytest.raises(InvalidInputError) as refusal:
        held.end(on, TODAY)

    assert refusal.value.field == "endedOn"
    assert held.ended_on == before
