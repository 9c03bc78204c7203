"""An importer bound to the test's database, and all that an import may write."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Protocol

import asyncpg
import pytest

from loading import LoadReport, load_client_file
from tests.loading.sheets import NAME

TABLES = (
    "organisation",
    "user_group",
    "app_user",
    "user_group_member",
    "party",
    "product",
    "holding",
)

Image = Callable[[], Awaitable[dict[str, list[str]]]]


class Load(Protocol):
    async def __call__(
        self, folder: Path, organisation: str = NAME, *, dry_run: bool = False
    ) -> LoadReport: ...


@pytest.fixture
def database(emptied_database: None) -> None:
    """Let the tests of a file share a database."""


@pytest.fixture
def database_url(shared_database_url: str, database: None) -> str:  # noqa: ARG001 - it is left without any row
    """Return the URL of that database."""
    return shared_database_url


@pytest.fixture
def load(database_url: str, database: None) -> Load:  # noqa: ARG001 - the models are connected to the same database
    """Return the importer."""

    async def load_into_test(
        folder: Path, organisation: str = NAME, *, dry_run: bool = False
    ) -> LoadReport:
        return await load_client_file(database_url, folder, organisation, dry_run=dry_run)

    return load_into_test


@pytest.fixture
async def raw(database_url: str, database: None) -> AsyncIterator[asyncpg.Connection]:  # noqa: ARG001 - as above
    """Yield a connection of its own."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
def image(raw: asyncpg.Connection) -> Image:
    """Return what tells every row that an import could write."""

    async def image_of_all() -> dict[str, list[str]]:
        return {
            table: [
                row["text"]
                for row in await raw.fetch(f"select t::text as text from {table} t order by 1")
            ]
            for table in TABLES
        }

    return image_of_all
