"""The first rows of a table are indexed as a whole; nobody who reads is held up by later ones."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from tests.database.statements import until_one_waits
from tests.factories import make_holding, make_organisation, make_party, make_product
from tests.loading.conftest import Load
from tests.loading.sheets import write

READ = "select count(*) from party, product, holding"


async def indexes(raw: asyncpg.Connection) -> list[tuple[str, bool]]:
    rows = await raw.fetch(
        "select pg_get_indexdef(i.indexrelid) as definition, i.indisvalid as valid from pg_index i"
        " join pg_class t on t.oid = i.indrelid where t.relnamespace = 'public'::regnamespace"
        " order by 1"
    )
    return [(row["definition"], row["valid"]) for row in rows]


async def keys(raw: asyncpg.Connection) -> list[tuple[str, str, str, bool]]:
    rows = await raw.fetch(
        "select conrelid::regclass::text as owner, conname as name, convalidated as valid,"
        " pg_get_constraintdef(oid) as definition from pg_constraint where contype = 'f'"
        " order by 1, 2"
    )
    return [(row["owner"], row["name"], row["definition"], row["valid"]) for row in rows]


async def test_leaves_every_index_and_foreign_key_as_it_was(
    load: Load, raw: asyncpg.Connection, tmp_path: Path
) -> None:
    before, keys_before = await indexes(raw), await keys(raw)
    write(tmp_path)

    await load(tmp_path, dry_run=True)
    await load(tmp_path)
    await load(tmp_path, "Other Bank")

    assert await indexes(raw) == before
    assert await keys(raw) == keys_before
    assert any(name == "holding_party_tenant" for _, name, _, _ in keys_before)
    assert any("party_listed_by_name" in definition for definition, _ in before)


async def test_finds_the_first_rows_by_their_indexes(
    load: Load, raw: asyncpg.Connection, tmp_path: Path
) -> None:
    await load(write(tmp_path))
    await raw.execute("set enable_seqscan = off")
    by_manager = "from party where manager_id = (select id from app_user where email like 'ann%')"

    plan = await raw.fetchval(f"explain (format json) select reference {by_manager}")
    references = await raw.fetch(f"select reference {by_manager}")

    assert "party_manager" in plan
    assert [row["reference"] for row in references] == ["P-1"]


@pytest.mark.usefixtures("database")
async def test_holds_up_no_reader_of_what_has_rows(
    load: Load, raw: asyncpg.Connection, tmp_path: Path
) -> None:
    other = await make_organisation("Other Bank")
    party, product = await make_party(organisation=other), await make_product(organisation=other)
    await make_holding(party, product)
    write(tmp_path)

    async with raw.transaction():
        await raw.fetchval(READ)
        loading = asyncio.create_task(load(tmp_path))
        waiting = asyncio.create_task(until_one_waits(raw))
        done, _ = await asyncio.wait({loading, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        await asyncio.wait({waiting})

    assert done == {loading}
    assert (await loading).files["holdings.csv"].added == 3
    assert await raw.fetchval("select count(*) from holding") == 4
