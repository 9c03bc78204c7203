"""A bare connection beside the models, and what a table looks like to the byte."""

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

Image = Callable[[str], Awaitable[str]]


@pytest.fixture
async def raw(database_url: str, database: None) -> AsyncIterator[asyncpg.Connection]:  # noqa: ARG001 - the models are connected to the same database
    """Yield a connection of a superuser, as an administrator's console has one."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture(params=["origin", "replica"])
async def each_role(request: pytest.FixtureRequest, raw: asyncpg.Connection) -> None:
    """Write as everybody does, then as a replica does, for whom ordinary triggers are silent."""
    await raw.execute(f"set session_replication_role = {request.param}")


@pytest.fixture
def image(raw: asyncpg.Connection) -> Image:
    """Return what tells a table's image: each row with its place and who wrote it."""

    async def image_of(table: str) -> str:
        rows = await raw.fetch(f"select t.ctid, t.xmin, t::text from {table} t order by t.id")
        return "\n".join(str(tuple(row)) for row in rows)

    return image_of
