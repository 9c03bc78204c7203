"""A process whose followers are fed, and what it sends to PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import pytest
from tortoise.connection import get_connection

from events import Feed, feeding
from tests.conftest import POOL_SIZE


@pytest.fixture
async def fed(database_url: str, database: None) -> AsyncIterator[Feed]:  # noqa: ARG001 - what is read
    """Feed who follows the log of a database of the test's own."""
    async with feeding(database_url) as feed:
        yield feed


@pytest.fixture
async def raw(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection that the program does not know."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def statements(database: None) -> list[str]:  # noqa: ARG001 - what they are sent to
    """Return what is sent to PostgreSQL over all connections of the pool."""
    sent: list[str] = []
    client = get_connection("default")
    async with AsyncExitStack() as stack:
        for _ in range(POOL_SIZE):
            connection = await stack.enter_async_context(client.acquire_connection())
            connection.add_query_logger(lambda query: sent.append(str(query.query)))
    return sent
