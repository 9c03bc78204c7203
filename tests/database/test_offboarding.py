"""How an offboarding is written: what has changed, over the version that was read (R10)."""

import asyncpg
import pytest

from models import ConflictError, Offboarding, OffboardingStatus
from tests.factories import make_offboarding

pytestmark = pytest.mark.usefixtures("database")


async def test_writes_what_has_changed_and_nothing_else(raw: asyncpg.Connection) -> None:
    made = await make_offboarding(comment="as it was")
    read = await Offboarding.get(id=made.id)
    # As only somebody could who goes round the models: the version tells nothing of it.
    await raw.execute("update offboarding set comment = 'by hand', due_on = '2027-01-01'")

    read.status = OffboardingStatus.REVIEW
    await read.save()

    row = await Offboarding.get(id=made.id)
    assert (row.status, row.comment) == (OffboardingStatus.REVIEW, "by hand")
    assert str(row.due_on) == "2027-01-01"
    assert (row.version, read.version) == (2, 2)


async def test_writes_again_what_is_as_it_was_before_the_last_save() -> None:
    made = await make_offboarding(comment="as it was")
    read = await Offboarding.get(id=made.id)

    read.comment = "another"
    await read.save()
    read.comment = "as it was"
    await read.save()

    row = await Offboarding.get(id=made.id)
    assert (row.comment, row.version) == ("as it was", 3)


async def test_writes_nothing_over_another_version() -> None:
    made = await make_offboarding(comment="as it was")
    first, second = await Offboarding.get(id=made.id), await Offboarding.get(id=made.id)
    first.comment = "first"
    await first.save()

    second.comment = "second"
    with pytest.raises(ConflictError):
        await second.save()

    row = await Offboarding.get(id=made.id)
    assert (row.comment, row.version) == ("first", 2)
