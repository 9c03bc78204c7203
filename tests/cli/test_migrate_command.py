import asyncpg

from tests.cli.process import run, run_anew


async def test_brings_an_empty_database_to_head_and_says_how(empty_database_url: str) -> None:
    first = run_anew("migrate", DATABASE_URL=empty_database_url)
    second = run("migrate", DATABASE_URL=empty_database_url)

    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout.splitlines()[:2] == ["Applied 0001_tables.", "Applied 0002_rules."]
    assert second.stdout == "There is nothing to apply; the database has the newest schema.\n"
    connection = await asyncpg.connect(empty_database_url)
    assert await connection.fetchval("select count(*) from offboarding") == 0
    await connection.close()


def test_every_command_brings_the_database_to_head_first(empty_database_url: str) -> None:
    finished = run("demo", DATABASE_URL=empty_database_url)

    assert finished.returncode == 0
    assert finished.stdout.startswith("Demo Bank and Other Bank are written.\n")
