"""What an operator reads when the settings or the database are no good."""

import socket
import tempfile
from pathlib import Path

import asyncpg
import pytest

from models import Organisation
from tests.cli.process import Cli, run


def test_tells_every_faulty_setting_at_once() -> None:
    finished = run("migrate", DATABASE_URL="mysql://root:secret@db/x", PORT="0", SMTP_TLS="on")

    assert finished.returncode == 2
    assert finished.stdout == ""
    assert sorted(line.split(":")[0] for line in finished.stderr.splitlines()) == [
        "DATABASE_URL",
        "PORT",
        "SMTP_TLS",
    ]
    assert "secret" not in finished.stderr


def test_says_in_one_sentence_that_the_database_cannot_be_reached() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    url = f"postgresql://root:secret@127.0.0.1:{port}/x"

    for command in (("migrate",), ("demo",), ("token", "a@example.com")):
        finished = run(*command, DATABASE_URL=url)

        assert finished.returncode == 1
        assert finished.stdout == ""
        (sentence,) = finished.stderr.splitlines()
        assert sentence.startswith("The database cannot be reached: ")
        assert "secret" not in sentence


async def test_leaves_a_database_of_a_newer_program_alone(cli: Cli, database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "insert into tortoise_migrations (app, name, applied_at)"
        " values ('models', '9999_future', now())"
    )

    finished = cli("demo")

    assert finished.returncode == 1
    (sentence,) = finished.stderr.splitlines()
    assert "newer schema" in sentence
    assert "9999_future" in sentence
    assert await connection.fetchval("select count(*) from organisation") == 0
    await connection.close()


def test_says_in_one_sentence_that_the_data_folder_is_no_good() -> None:
    with tempfile.NamedTemporaryFile() as file:
        finished = run("migrate", DATA_DIR=file.name)

    assert finished.returncode == 1
    (sentence,) = finished.stderr.splitlines()
    assert sentence.startswith(f"The folder {file.name} cannot hold a database: ")


@pytest.mark.usefixtures("database")
async def test_explains_an_option_out_of_bounds(cli: Cli) -> None:
    finished = cli("token", "a@example.com", "--days", "0")

    assert finished.returncode == 2
    assert "--days" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert await Organisation.all().count() == 0


def test_finds_its_own_database_again() -> None:
    # Not pytest's own folder: that is closed to the user whom PostgreSQL runs as under root.
    with tempfile.TemporaryDirectory(prefix="offboarding test ") as folder:
        data_dir = str(Path(folder) / "data")

        first = run("demo", DATA_DIR=data_dir)
        second = run("demo", DATA_DIR=data_dir)

    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout.startswith("Demo Bank and Other Bank are written.\n")
    assert second.stdout == "Demo Bank and Other Bank are there already; nothing was changed.\n"
