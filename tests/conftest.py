"""One embedded PostgreSQL for all tests, and a fresh copy of a migrated database for each."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Final

import asyncpg
import pytest

import auth
from database import connected, embedded_postgresql, fetch_text, run_migrations
from schema import schema
from settings.limits import Limits

# Nothing of a test has to survive a power cut.
HASTY: Final = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
TEMPLATE: Final = "template_migrated"
POOL_SIZE: Final = 10

# Empties a shared database; what refuses that is switched off for the moment. TRUNCATE would make
# each table's files anew, which takes longer than most tests.
EMPTY: Final = """
do $$
declare
  filled text;
  refusal text;
  refusals text[] := (
    select array_agg(format('alter table %s %%s trigger %I', tgrelid::regclass, tgname))
    from pg_trigger where tgenabled = 'A');
begin
  foreach refusal in array refusals loop execute format(refusal, 'disable'); end loop;
  foreach filled in array array['webhook_delivery', 'webhook', 'outgoing_mail', 'activity',
    'offboarding', 'holding', 'product', 'party', 'api_token', 'browser_session',
    'user_group_member', 'user_group', 'app_user', 'organisation']
  loop execute 'delete from ' || filled; end loop;
  foreach refusal in array refusals loop execute format(refusal, 'enable always'); end loop;
end $$
"""

_numbers = count(1)


BOUNDLESS: Final = Limits(
    max_document_bytes=10_000_000,
    max_tokens=1_000_000,
    max_depth=1_000,
    max_aliases=100_000,
    max_root_fields=1_000,
    max_directives=1_000,
    max_cost=100_000_000,
    max_errors=100,
)


def url_of(server: str, database: str) -> str:
    return server.replace("/postgres?", f"/{database}?")


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
async def template(server: str, administrator: asyncpg.Connection) -> str:
    """Migrate a database once, for others to be copied from."""
    await administrator.execute(f"create database {TEMPLATE}")
    await run_migrations(url_of(server, TEMPLATE))
    return TEMPLATE


@pytest.fixture
async def empty_database_url(server: str, administrator: asyncpg.Connection) -> AsyncIterator[str]:
    """Yield the URL of a database without any table."""
    name = f"empty_{next(_numbers)}"
    await administrator.execute(f"create database {name}")
    yield url_of(server, name)
    await administrator.execute(f"drop database {name} with (force)")


@pytest.fixture
async def database_url(
    server: str, administrator: asyncpg.Connection, template: str
) -> AsyncIterator[str]:
    """Yield the URL of a migrated database that holds no rows."""
    name = f"test_{next(_numbers)}"
    await administrator.execute(f"create database {name} template {template}")
    yield url_of(server, name)
    await administrator.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="module")
def boundless() -> Iterator[None]:
    """Let operations be larger than a client's may be, for what is asked at random or of all."""
    schema.limit(BOUNDLESS)
    yield
    schema.limit(Limits())


@pytest.fixture(scope="module")
async def shared_database_url(
    server: str, administrator: asyncpg.Connection, template: str
) -> AsyncIterator[str]:
    """Yield the URL of a migrated database that the tests of a module share."""
    name = f"shared_{next(_numbers)}"
    await administrator.execute(f"create database {name} template {template}")
    yield url_of(server, name)
    await administrator.execute(f"drop database {name} with (force)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[None]:
    """Connect the models to a migrated database that holds no rows."""
    auth.forget_trusted()
    async with connected(database_url, POOL_SIZE):
        yield
    auth.forget_trusted()


@pytest.fixture
async def emptied_database(shared_database_url: str) -> AsyncIterator[None]:
    """Connect the models to a module's database, and leave it without any row.

    To make a database for each test takes longer than most tests, too.
    """
    auth.forget_trusted()
    async with connected(shared_database_url, POOL_SIZE):
        yield
        await fetch_text(EMPTY, [])
    auth.forget_trusted()
