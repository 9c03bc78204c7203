"""After an import the overview lists whom rule V says, also when others end something meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from models import (
    OffboardingResolution,
    OffboardingStatus,
    Organisation,
    Party,
    Product,
)
from models.listing import LISTING_LOCK
from tests.database.statements import until_one_waits
from tests.factories import make_offboarding
from tests.loading.conftest import Load
from tests.loading.sheets import NAME, write, write_only

ADA = "P-1,NATURAL_PERSON,Ada Lane,ada@mail.example,2020-02-29,"
CLOSE = """
update party set status = 'OFFBOARDED', listed = false, offboarded_at = now()
where reference = 'P-1'
"""


async def end(*, party: str | None = None, product: str | None = None) -> None:
    await make_offboarding(
        party=await Party.get(reference=party) if party else None,
        product=await Product.get(number=product) if product else None,
        status=OffboardingStatus.DONE,
        resolution=OffboardingResolution.DONE,
    )


async def listed() -> set[str]:
    parties = await Party.filter(listed=True).values_list("reference", flat=True)
    products = await Product.filter(listed=True).values_list("number", flat=True)
    return {*map(str, parties), *map(str, products)}


@pytest.fixture
async def pair(load: Load, tmp_path: Path) -> None:
    """Load a party who holds nothing and is gone, and a product that is gone with its owner."""
    write_only(
        tmp_path,
        parties=(ADA, "P-2,LEGAL_ENTITY,Brick Ltd,,,"),
        products=("A-1,Portfolio,", "A-2,Portfolio,"),
        holdings=("P-1,A-1,OWNER,,",),
    )
    await load(tmp_path)
    await end(party="P-1")
    await end(product="A-1")
    assert await listed() == {"P-2", "A-2"}


@pytest.mark.usefixtures("pair")
async def test_a_new_product_lists_its_ended_owner_again(load: Load, tmp_path: Path) -> None:
    await load(write_only(tmp_path, holdings=("P-1,A-2,JOINT_OWNER,,",)))

    assert await listed() == {"P-1", "P-2", "A-2"}


@pytest.mark.usefixtures("pair")
async def test_a_new_owner_lists_an_ended_product_again(load: Load, tmp_path: Path) -> None:
    await load(write_only(tmp_path, holdings=("P-2,A-1,OWNER,,",)))

    assert await listed() == {"P-2", "A-1", "A-2"}


@pytest.mark.usefixtures("pair")
@pytest.mark.parametrize("rest", ["REPRESENTATIVE,,", "BENEFICIARY,,", "OWNER,,2024-01-01"])
async def test_who_does_not_own_is_not_listed_again(load: Load, tmp_path: Path, rest: str) -> None:
    await load(write_only(tmp_path, holdings=(f"P-1,A-2,{rest}", f"P-2,A-1,{rest}")))

    assert await listed() == {"P-2", "A-2"}


async def test_the_end_of_a_holding_hides_what_it_kept_listed(load: Load, tmp_path: Path) -> None:
    await load(write(tmp_path))
    await end(party="P-1")
    await end(product="A-2")
    assert await listed() == {"P-1", "P-2", "A-1"}

    await load(write_only(tmp_path, holdings=("P-1,A-1,JOINT_OWNER,2020-03-01,2024-01-01",)))

    assert await listed() == {"P-2", "A-1"}


@pytest.mark.usefixtures("pair")
async def test_leaves_the_lists_of_others(load: Load, tmp_path: Path) -> None:
    await end(party="P-2")
    # As an older program might have left it; only an import of that organisation mends it.
    await Party.filter(reference="P-2").update(listed=True)

    await load(write(tmp_path), "Other Bank")

    home = await Organisation.get(name=NAME)
    assert (await Party.get(organisation=home, reference="P-2")).listed is True


@asynccontextmanager
async def closing(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection that is about to end P-1, as who presses Done has it."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("begin")
        await connection.execute("select pg_advisory_xact_lock_shared($1)", LISTING_LOCK)
        yield connection
    finally:
        await connection.close()


async def test_sees_the_end_that_another_writes_meanwhile(
    load: Load, tmp_path: Path, database_url: str
) -> None:
    await load(write_only(tmp_path, parties=(ADA,), products=("A-1,Portfolio,",)))
    write_only(tmp_path, holdings=("P-1,A-1,OWNER,,",))

    async with closing(database_url) as closer:
        await closer.execute(CLOSE)
        loading = asyncio.create_task(load(tmp_path))
        await until_one_waits(closer)
        await closer.execute("commit")
        await loading

    assert await listed() == {"P-1", "A-1"}


async def test_outlasts_who_waits_for_it_while_it_waits_for_them(
    load: Load, tmp_path: Path, database_url: str, raw: asyncpg.Connection
) -> None:
    await load(write_only(tmp_path, parties=(ADA,)))
    write_only(tmp_path, parties=(ADA.replace("Lane", "Long"),))
    database = await raw.fetchval("select current_database()")
    # The import looks for a deadlock first, and so is the one to be cut short.
    await raw.execute(f"alter database {database} set deadlock_timeout = '300ms'")

    async with closing(database_url) as closer:
        await closer.execute("set deadlock_timeout = '1min'; set lock_timeout = '1s'")
        loading = asyncio.create_task(load(tmp_path))
        await until_one_waits(closer)
        with pytest.raises(asyncpg.LockNotAvailableError):
            await closer.execute(CLOSE)
        await closer.execute("rollback")
        await loading

    assert (await Party.get()).name == "Ada Long"
