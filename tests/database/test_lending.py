"""Connections that are lent: each to one at a time, and none that has ended or is in doubt."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import asyncpg
import pytest
from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

from database import connected
from database.lending import Lender
from tests.served import PATIENCE, until

SIZE = 2


@pytest.fixture
async def lender(database_url: str) -> AsyncIterator[Lender]:
    """Yield a lender of two connections."""
    pool = await asyncpg.create_pool(database_url, min_size=1, max_size=SIZE)
    lender = Lender(pool, SIZE)
    yield lender
    await lender.close()
    await pool.close()


async def process(connection: asyncpg.Connection) -> int:
    return int(await connection.fetchval("select pg_backend_pid()"))


async def all_of(lender: Lender) -> set[int]:
    """Return the server's processes behind all connections that can be had at once."""
    async with lender.lend() as first, lender.lend() as second:
        return {await process(first), await process(second)}


async def test_lends_a_connection_again(lender: Lender) -> None:
    async with lender.lend() as connection:
        first = await process(connection)

    async with lender.lend() as connection:
        assert await process(connection) == first
        assert lender.figures() == (1, 1)
    assert lender.figures() == (0, 2)


async def test_lends_each_connection_to_one_at_a_time(lender: Lender) -> None:
    async with lender.lend() as first, lender.lend() as second:
        assert await process(first) != await process(second)
        assert lender.figures() == (2, 0)
        third = asyncio.create_task(lender.take())
        await asyncio.sleep(0.05)
        assert not third.done()
    connection = await third
    await lender.give_back(connection, whole=True)

    assert lender.figures() == (0, 2)
    assert len(await all_of(lender)) == SIZE


async def test_who_stops_waiting_takes_no_connection_along(lender: Lender) -> None:
    async with lender.lend(), lender.lend():
        waiting = asyncio.create_task(lender.take())
        await asyncio.sleep(0.05)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting

    assert len(await all_of(lender)) == SIZE


async def test_replaces_connections_that_ended_while_nobody_had_them(
    lender: Lender, database_url: str
) -> None:
    before = await all_of(lender)
    console = await asyncpg.connect(database_url)
    for pid in before:
        await console.execute("select pg_terminate_backend($1, 5000)", pid)
    await console.close()
    assert lender.figures() == (0, 2)

    after = await all_of(lender)

    assert len(after) == SIZE
    assert not after & before


async def test_takes_back_what_failed(lender: Lender) -> None:
    for _ in range(SIZE + 1):
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with lender.lend() as connection:
                await connection.fetchval("select 1 / 0")

    assert len(await all_of(lender)) == SIZE


async def test_lends_nothing_that_is_still_being_cancelled(lender: Lender) -> None:
    async def sleep() -> None:
        async with lender.lend() as connection:
            await connection.fetchval("select pg_sleep(60)")

    sleeping = [asyncio.create_task(sleep()) for _ in range(SIZE)]
    await asyncio.sleep(0.2)
    for task in sleeping:
        task.cancel()
    await asyncio.gather(*sleeping, return_exceptions=True)

    assert len(await all_of(lender)) == SIZE


async def test_leaves_no_open_transaction_behind(lender: Lender) -> None:
    async def begin() -> None:
        async with lender.lend() as connection:
            await connection.execute("begin")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await begin()

    async with lender.lend() as connection:
        assert not connection.is_in_transaction()


async def begin_transaction() -> None:
    async with in_transaction():
        pass


async def test_refuses_a_transaction_that_begins_while_all_is_closed(database_url: str) -> None:
    async with connected(database_url, SIZE):
        client = get_connection("default")
        async with client.acquire_connection():
            closing = asyncio.create_task(client.close())
            await until(client._pool.is_closing)  # noqa: SLF001 - the pool of Tortoise

            with pytest.raises(asyncpg.InterfaceError, match="pool is closing"):
                await begin_transaction()
        await asyncio.wait_for(closing, PATIENCE)


async def test_opens_nothing_anew_for_who_comes_after_it_was_closed(database_url: str) -> None:
    async with connected(database_url, SIZE):
        client = get_connection("default")
        await client.execute_query("select 1")
        await client.close()

        with pytest.raises(asyncpg.InterfaceError, match="pool is closed"):
            await client.execute_query("select 1")
        with pytest.raises(asyncpg.InterfaceError, match="pool is closed"):
            await begin_transaction()


async def test_closes_a_pool_that_is_being_made(database_url: str) -> None:
    async with connected(database_url, SIZE):
        client: Any = get_connection("default")
        first = asyncio.create_task(client.execute_query("select 1"))
        while not client._pool_init_lock.locked():  # noqa: ASYNC110, SLF001 - of Tortoise
            await asyncio.sleep(0)

        await client.close()
        await asyncio.wait({first})

        assert client._pool is None  # noqa: SLF001 - as above


async def test_gives_all_back_when_it_closes(database_url: str) -> None:
    pool = await asyncpg.create_pool(database_url, min_size=1, max_size=SIZE)
    lender = Lender(pool, SIZE)
    connection = await lender.take()
    async with lender.lend():
        pass

    await lender.close()
    closing = asyncio.create_task(pool.close())
    await asyncio.sleep(0.05)
    assert not closing.done()
    await lender.give_back(connection, whole=True)

    await asyncio.wait_for(closing, PATIENCE)
