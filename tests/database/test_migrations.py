"""Migrations: safe when many start at once, in step with the models, clear when they cannot."""

import ast
import asyncio
import importlib
import re
from typing import Any, Final

import asyncpg
import pytest
from tortoise.context import TortoiseContext
from tortoise.exceptions import OperationalError
from tortoise.migrations.autodetector import MigrationAutodetector

from database import DatabaseUnusableError, connected, missing_migrations, run_migrations
from database.migrations import OLDEST_POSTGRESQL, check_version
from models import OffboardingResolution, OffboardingStatus, Organisation
from settings import ROOT, TORTOISE_ORM
from tests.cli.process import run
from tests.databases import SCHEMA
from tests.factories import make_offboarding, make_party
from tests.served import free_port

MIGRATIONS: Final = sorted(path.stem for path in (ROOT / "models/migrations").glob("[0-9]*.py"))
AT_ONCE: Final = 6


async def ask(url: str, sql: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def migrate_elsewhere(url: str) -> list[str]:
    """Migrate in another process and return what it applied."""
    finished = await asyncio.to_thread(run, "migrate", DATABASE_URL=url)
    assert finished.returncode == 0
    return re.findall(r"^Applied (\w+)\.$", finished.stdout, re.MULTILINE)


# ---------------------------------------------------------------- any number at once


async def test_lets_six_processes_start_at_once_on_an_empty_database(
    empty_database_url: str, database_url: str
) -> None:
    applied = await asyncio.gather(*(migrate_elsewhere(empty_database_url) for _ in range(AT_ONCE)))

    # Two that do not depend on each other come in either order.
    assert sorted(map(sorted, applied), key=len) == [[]] * (AT_ONCE - 1) + [MIGRATIONS]
    recorded = "select array_agg(name order by name) from tortoise_migrations"
    assert await ask(empty_database_url, recorded) == MIGRATIONS
    assert await ask(empty_database_url, SCHEMA) == await ask(database_url, SCHEMA)


async def test_applies_nothing_twice_and_keeps_rows(database_url: str) -> None:
    async with connected(database_url):
        await Organisation.create(name="Northbank")

    assert await run_migrations(database_url) == []

    async with connected(database_url):
        assert await missing_migrations() == []
        assert await Organisation.filter(name="Northbank").exists()


async def test_leaves_nothing_of_a_migration_that_fails(empty_database_url: str) -> None:
    # It is in the way of the last migration only, and late in it.
    await ask(empty_database_url, "create function sort_key(name text) returns text return name")
    before = await ask(empty_database_url, SCHEMA)

    with pytest.raises(OperationalError, match="sort_key"):
        await run_migrations(empty_database_url)

    assert await ask(empty_database_url, SCHEMA) == before


async def test_write_anew_the_words_of_rows_that_were_there_before(database_url: str) -> None:
    plain_letters = importlib.import_module("models.migrations.0014_plain_letters")
    found = "select count(*) from party where search @@ search_query($1, '{}') and sort_name < 'm'"
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        """create or replace function sort_key(name text) returns text
          language sql immutable strict parallel safe return lower(normalize(name, nfkd))"""
    )
    async with connected(database_url):
        party = await make_party(name="Łukasz, Straße")
        await make_offboarding(
            party=party, status=OffboardingStatus.DONE, resolution=OffboardingResolution.DONE
        )
    before = await connection.fetchval(found, "lukasz strasse")

    await connection.execute(plain_letters.KEY + plain_letters.ROWS)

    after = await connection.fetchval(found, "lukasz strasse")
    await connection.close()
    assert (before, after) == (0, 1)


# ---------------------------------------------------------------- in step with the models


async def test_describe_the_models_as_they_are() -> None:
    context = TortoiseContext()
    await context.init(config=TORTOISE_ORM, init_connections=False)
    assert context.apps is not None

    changes = await MigrationAutodetector(context.apps, TORTOISE_ORM["apps"]).changes()

    assert changes == []


# What Tortoise does by rewriting or forgetting more than it was told; plain SQL instead.
REWRITING: Final = {
    "AlterField",
    "RemoveField",
    "RenameField",
    "RenameModel",
    "AddConstraint",
    "RemoveConstraint",
    "RenameConstraint",
}


def operations(source: str) -> set[str]:
    return {
        node.func.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }


@pytest.mark.parametrize("name", MIGRATIONS)
def test_hold_no_operation_that_says_less_than_it_does(name: str) -> None:
    used = operations((ROOT / "models/migrations" / f"{name}.py").read_text(encoding="utf-8"))

    assert used & {"CreateModel", "RunSQL"}
    assert used & REWRITING == set()


# ---------------------------------------------------------------- a database of no use


async def test_refuses_to_start_on_a_newer_schema_and_goes_on_beside_one(database_url: str) -> None:
    await ask(
        database_url,
        "insert into tortoise_migrations (app, name, applied_at)"
        " values ('models', '9999_of_tomorrow', now()) returning 1",
    )
    before = await ask(database_url, SCHEMA)

    with pytest.raises(DatabaseUnusableError) as migrating:
        await run_migrations(database_url)
    async with connected(database_url):
        missing = await missing_migrations()

    told = (
        "The database has a newer schema than this program knows (9999_of_tomorrow);"
        " start the newer program."
    )
    assert str(migrating.value) == told
    assert missing == []
    assert await ask(database_url, SCHEMA) == before


async def test_tells_which_migrations_are_missing(database_url: str) -> None:
    await ask(database_url, f"delete from tortoise_migrations where name = '{MIGRATIONS[-1]}'")

    async with connected(database_url):
        assert await missing_migrations() == MIGRATIONS[-1:]


@pytest.mark.parametrize("major", [9, 14, OLDEST_POSTGRESQL - 1])
def test_refuses_a_postgresql_that_is_too_old(major: int) -> None:
    with pytest.raises(DatabaseUnusableError) as error:
        check_version(major)

    assert str(error.value) == f"The database is PostgreSQL {major}; 16 or newer is needed."


@pytest.mark.parametrize("major", [16, 17, 18, 99])
def test_takes_a_postgresql_that_is_new_enough(major: int) -> None:
    check_version(major)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://ada:hunter2@127.0.0.1:{port}/offboarding", "Connect call failed"),
        ("postgresql://ada:hunter2@no-such-host.invalid/offboarding", ""),
        ("postgresql://ada:hunter2@/offboarding?host=/no/such/folder", ""),
        ("postgresql://ada:hunter2@127.0.0.1:{port}/offboarding?sslmode=perhaps", "sslmode"),
        ("postgresql://ada:hunter2@127.0.0.1:99999999/offboarding", ""),
        ("postgresql://ada:hunter2@[::1/offboarding", ""),
    ],
)
async def test_says_in_one_sentence_that_it_is_unreachable(url: str, reason: str) -> None:
    with pytest.raises(DatabaseUnusableError) as error:
        await run_migrations(url.format(port=free_port()))

    told = str(error.value)
    assert told.startswith("The database cannot be reached: ")
    assert reason in told
    assert "\n" not in told
    assert "hunter2" not in told
    assert len(told) > len("The database cannot be reached: ")


async def test_says_which_database_is_not_there(server: str) -> None:
    with pytest.raises(DatabaseUnusableError) as error:
        await run_migrations(server.replace("/postgres?", "/nowhere?"))

    told = 'The database cannot be reached: database "nowhere" does not exist'
    assert str(error.value) == told


async def test_says_that_what_answers_is_no_postgresql() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        writer.close()

    other = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]

    async with other:
        with pytest.raises(DatabaseUnusableError) as error:
            await run_migrations(f"postgresql://ada@127.0.0.1:{port}/offboarding?sslmode=disable")

    assert str(error.value).startswith("The database cannot be reached: ")
