"""One embedded PostgreSQL for all tests, and a migrated database without rows for each."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Final

import asyncpg
import pytest

import auth
from database import connected, embedded_postgresql, fetch_text
from schema import schema
from settings.limits import Limits
from tests.databases import EMPTY, Databases, url_of

# Nothing of a test has to survive a power cut.
HASTY: Final = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
POOL_SIZE: Final = 10

_numbers = count(1)


# As by default, but for what takes longer on a machine that is slow: the wait for a turn, and
# statements.
PATIENT: Final = Limits(max_wait_seconds=60)
PATIENCE: Final = 60
BOUNDLESS: Final = Limits(
    max_wait_seconds=60,
    max_document_bytes=10_000_000,
    max_tokens=1_000_000,
    max_depth=1_000,
    max_aliases=100_000,
    max_root_fields=1_000,
    max_directives=1_000,
    max_cost=100_000_000,
    max_errors=100,
)


@pytest.fixture(scope="session", autouse=True)
def _patient() -> None:
    """Let operations that meet in a test wait for each other."""
    schema.limit(PATIENT)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Yield the URL of a PostgreSQL that lives as long as the tests, in its own folder."""
    # Not pytest's own folder: that is closed to the user whom PostgreSQL runs as under root.
    with (
        tempfile.TemporaryDirectory(prefix="offboarding-tests-") as folder,
        embedded_postgresql(Path(folder), options=HASTY) as url,
    ):
        yield url


@pytest.fixture(scope="session")
async def administrator(server: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection that makes and drops databases."""
    connection = await asyncpg.connect(server)
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def databases(server: str, administrator: asyncpg.Connection) -> Databases:
    """Return migrated databases, to be lent."""
    databases = Databases(server, administrator)
    await databases.begin()
    return databases


@pytest.fixture
async def empty_database_url(server: str, administrator: asyncpg.Connection) -> AsyncIterator[str]:
    """Yield the URL of a database without any table."""
    name = f"empty_{next(_numbers)}"
    await administrator.execute(f"create database {name}")
    yield url_of(server, name)
    await administrator.execute(f"drop database {name} with (force)")


@pytest.fixture
async def database_url(server: str, databases: Databases) -> AsyncIterator[str]:
    """Yield the URL of a migrated database that holds no rows."""
    name = await databases.take()
    yield url_of(server, name)
    await databases.give_back(name)


@pytest.fixture(scope="module")
def boundless() -> Iterator[None]:
    """Let operations be larger than a client's may be, for what is asked at random or of all."""
    schema.limit(BOUNDLESS)
    yield
    schema.limit(PATIENT)


@pytest.fixture(scope="module")
async def shared_database_url(server: str, databases: Databases) -> AsyncIterator[str]:
    """Yield the URL of a migrated database that the tests of a module share."""
    name = await databases.take()
    yield url_of(server, name)
    await databases.give_back(name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[None]:
    """Connect the models to a migrated database that holds no rows."""
    auth.forget_trusted()
    async with connected(database_url, POOL_SIZE, PATIENCE):
        yield
    auth.forget_trusted()


@pytest.fixture(scope="module")
async def _shared_database(shared_database_url: str) -> AsyncIterator[None]:
    async with connected(shared_database_url, POOL_SIZE, PATIENCE):
        yield


@pytest.fixture
async def emptied_database(_shared_database: None) -> AsyncIterator[None]:
    """Connect the models to a module's database, and leave it without any row."""
    auth.forget_trusted()
    yield
    await fetch_text(EMPTY, [])
    auth.forget_trusted()
