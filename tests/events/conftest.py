"""A process whose followers are fed, and what it sends to PostgreSQL."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from tortoise.connection import get_connection

from events import Feed, feeding


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
    """Return what is sent to PostgreSQL over the connections that are open."""
    sent: list[str] = []
    client = get_connection("default")
    async with client.acquire_connection() as first, client.acquire_connection() as second:
        for connection in (first, second):
            connection.add_query_logger(lambda query: sent.append(str(query.query)))
    return sent
