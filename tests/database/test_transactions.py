"""Transactions: tried again where that may help, ended however the caller goes, no slot lost."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import asyncpg
import pytest
from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

from database import fetch_rows, fetch_text, transaction
from database.transactions import ATTEMPTS
from models import Organisation
from tests.conftest import POOL_SIZE
from tests.served import PATIENCE, until

Work = Callable[[], Awaitable[Any]]


async def execute(sql: str, *values: Any) -> None:
    await get_connection("default").execute_query(sql, list(values))


async def names() -> list[str]:
    return [row.name for row in await Organisation.all().order_by("name")]


def raises_first(times: int, sqlstate: str) -> tuple[Work, list[int]]:
    """Return work that writes, then fails in the database some times, and its record of tries."""
    tries: list[int] = []

    async def work() -> int:
        tries.append(len(tries) + 1)
        await Organisation.create(name=f"Bank {len(tries)}")
        if len(tries) <= times:
            await execute(f"do $$ begin raise 'again' using errcode = '{sqlstate}'; end $$")
        return len(tries)

    return work, tries


PASSING: Final = ["40001", "40P01", "55P03", "57P01", "57P03", "08006"]


@pytest.mark.parametrize("sqlstate", PASSING)
@pytest.mark.usefixtures("database")
async def test_tries_the_whole_of_it_again(sqlstate: str) -> None:
    work, tries = raises_first(2, sqlstate)

    assert await transaction(work) == 3

    assert tries == [1, 2, 3]
    assert await names() == ["Bank 3"]


@pytest.mark.parametrize("sqlstate", PASSING)
@pytest.mark.usefixtures("database")
async def test_gives_up_after_some_attempts(sqlstate: str) -> None:
    work, tries = raises_first(99, sqlstate)

    with pytest.raises(asyncpg.PostgresError) as failure:
        await transaction(work)

    assert failure.value.sqlstate == sqlstate
    assert len(tries) == ATTEMPTS
    assert await names() == []


@pytest.mark.parametrize("sqlstate", ["22012", "23505", "57014", "P0001"])
@pytest.mark.usefixtures("database")
async def test_tries_nothing_again_that_would_fail_again(sqlstate: str) -> None:
    work, tries = raises_first(1, sqlstate)

    with pytest.raises(Exception, match="again"):
        await transaction(work)

    assert tries == [1]
    assert await names() == []


@pytest.mark.usefixtures("database")
async def test_returns_what_the_work_returns_and_keeps_what_it_wrote() -> None:
    async def work() -> str:
        await Organisation.create(name="Northbank")
        return "written"

    assert await transaction(work) == "written"

    assert await names() == ["Northbank"]


@pytest.mark.usefixtures("database")
async def test_keeps_nothing_of_work_that_raises() -> None:
    async def work() -> None:
        await Organisation.create(name="Northbank")
        raise LookupError("changed my mind")

    with pytest.raises(LookupError, match="changed my mind"):
        await transaction(work)

    assert await names() == []


async def test_lands_every_one_of_many_that_meet(
    database: None,  # noqa: ARG001 - they meet in it
) -> None:
    await Organisation.create(name="Northbank", retention_months=0)

    async def count_up() -> None:
        await execute("set transaction isolation level repeatable read")
        organisation = await Organisation.get(name="Northbank")
        organisation.retention_months = (organisation.retention_months or 0) + 1
        await organisation.save()

    await asyncio.gather(*(transaction(count_up) for _ in range(4)))

    assert (await Organisation.get(name="Northbank")).retention_months == 4


async def test_gets_out_of_a_deadlock(
    database: None,  # noqa: ARG001 - they meet in it
) -> None:
    await Organisation.create(name="A")
    await Organisation.create(name="B")
    both_hold_one = asyncio.Event()
    holding: set[str] = set()

    def rename(first: str, second: str) -> Work:
        async def work() -> None:
            await execute("update organisation set four_eyes = true where name = $1", first)
            holding.add(first)
            if len(holding) == 2:
                both_hold_one.set()
            await both_hold_one.wait()
            await execute("update organisation set four_eyes = true where name = $1", second)

        return work

    await asyncio.gather(transaction(rename("A", "B")), transaction(rename("B", "A")))

    assert await Organisation.filter(four_eyes=True).count() == 2


_OWN_PID: Final = "select pg_backend_pid()::text"


@pytest.mark.usefixtures("database")
async def test_tries_again_where_the_line_ends_as_something_is_to_be_said() -> None:
    tries: list[int] = []

    async def work() -> int:
        tries.append(len(tries) + 1)
        await Organisation.create(name=f"Bank {len(tries)}")
        if len(tries) == 1:
            raise asyncpg.InternalClientError("cannot switch to state 15")
        return len(tries)

    assert await transaction(work) == 2
    assert [bank.name for bank in await Organisation.all()] == ["Bank 2"]


@pytest.mark.parametrize("moment", ["before a statement", "during a statement", "before COMMIT"])
async def test_tries_again_after_a_lost_connection(moment: str, raw: asyncpg.Connection) -> None:
    tries: list[int] = []

    async def work() -> int:
        tries.append(len(tries) + 1)
        await Organisation.create(name=f"Bank {len(tries)}")
        if len(tries) > 1:
            return len(tries)
        pid = int(await fetch_text(_OWN_PID, []) or 0)
        if moment == "during a statement":
            await execute("select pg_terminate_backend(pg_backend_pid())")
        await raw.execute("select pg_terminate_backend($1, 4000)", pid)
        if moment == "before a statement":
            await fetch_text(_OWN_PID, [])
        return len(tries)

    assert await transaction(work) == 2

    assert tries == [1, 2]
    assert await names() == ["Bank 2"]
    assert await idle_slots() == POOL_SIZE


async def idle_slots() -> int:
    """Return how many connections can be had at once; fewer than the pool's size are lost."""
    client = get_connection("default")
    async with asyncio.timeout(PATIENCE):
        held = [client.acquire_connection() for _ in range(POOL_SIZE)]
        for connection in held:
            await connection.__aenter__()
    for connection in held:
        await connection.__aexit__(None, None, None)
    return len(held)


async def test_serves_again_once_every_connection_was_lost(
    database: None,  # noqa: ARG001 - its pool is what is lost
    raw: asyncpg.Connection,
) -> None:
    assert await idle_slots() == POOL_SIZE

    await raw.execute(
        "select pg_terminate_backend(pid, 60000) from pg_stat_activity"
        " where pid <> pg_backend_pid() and datname = current_database()"
    )

    async def work() -> None:
        await Organisation.create(name="Northbank")

    await transaction(work)
    assert await names() == ["Northbank"]
    assert await idle_slots() == POOL_SIZE


# ---------------------------------------------------------------- the caller goes away


async def both(name: str) -> None:
    """Write two rows that belong together."""
    await Organisation.create(name=f"{name} one")
    await asyncio.sleep(0)
    await Organisation.create(name=f"{name} two")


async def test_runs_to_its_end_when_the_caller_goes_away(
    database: None,  # noqa: ARG001 - it is written to
) -> None:
    begun, gone = asyncio.Event(), asyncio.Event()
    ended = asyncio.Event()

    async def work() -> None:
        await Organisation.create(name="Northbank")
        begun.set()
        await gone.wait()
        await Organisation.create(name="Southbank")
        ended.set()

    caller = asyncio.create_task(transaction(work))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    gone.set()

    async with asyncio.timeout(PATIENCE):
        await ended.wait()
    assert await idle_slots() == POOL_SIZE  # the transaction's own is among them once it ended
    assert await names() == ["Northbank", "Southbank"]


@pytest.mark.usefixtures("database")
async def test_a_refusal_after_its_caller_has_gone_is_noted_and_no_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    begun, gone = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await both("Northbank")
        begun.set()
        await gone.wait()
        raise LookupError

    caller = asyncio.create_task(transaction(work))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    gone.set()
    await until(lambda: bool(caplog.messages))
    del caller
    gc.collect()

    assert caplog.messages == ["its caller has gone, and it ended with LookupError"]
    assert await names() == []


async def read_in_a_transaction() -> None:
    async with in_transaction() as connection:
        await connection.execute_query("select 1")


CANCELLED: Final[Mapping[str, Callable[[int], Awaitable[Any]]]] = {
    "transaction": lambda n: transaction(lambda: both(f"Bank {n:03}")),
    "bare transaction": lambda _: read_in_a_transaction(),
    "statement": lambda _: fetch_text("select pg_sleep(0.001)::text", []),
    "query of a model": lambda _: names(),
}


@pytest.mark.parametrize("call", CANCELLED.values(), ids=CANCELLED)
@pytest.mark.usefixtures("database")
async def test_loses_no_connection_however_often_callers_go_away(
    call: Callable[[int], Awaitable[Any]],
) -> None:
    await names()

    async def go_away_after(steps: int) -> None:
        caller = asyncio.ensure_future(call(steps))
        for _ in range(steps % 40):
            await asyncio.sleep(0)
        caller.cancel()
        with suppress(asyncio.CancelledError):
            await caller

    for first in range(0, 200, 20):
        await asyncio.gather(*(go_away_after(first + n) for n in range(20)))

    assert await idle_slots() == POOL_SIZE
    written = await names()
    assert len(written) == 2 * len({name[:8] for name in written})


@pytest.mark.usefixtures("database")
async def test_tries_again_what_was_prepared_for_a_table_of_fewer_columns() -> None:
    async def columns() -> list[str]:
        return list((await fetch_rows("select * from organisation", []))[0].keys())

    await Organisation.create(name="Bank")
    before = await transaction(columns)
    await execute("alter table organisation add column grown text")

    assert await transaction(columns) == [*before, "grown"]
