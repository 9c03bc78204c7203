import csv
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from models import Holding, Organisation, Party, Product, User
from tests.cli.process import Cli
from tests.served import ROOT

USERS = "email,name,groups,client_access\nanna@example.com,Anna,Officer;Analyst,OPEN\n"
PARTIES = (
    "reference,type,name,email,onboarded_on,manager_email\n"
    "C-1,NATURAL_PERSON,Jürgen Groß,,2020-01-31,anna@example.com\n"
    "C-2,LEGAL_ENTITY,Αιγαίο Ναυτιλία,office@example.com,,\n"
)
PRODUCTS = "number,name,opened_on\nA-1,Current account,2020-02-01\n"
HOLDINGS = (
    "party_reference,product_number,role,started_on,ended_on\n"
    "C-1,A-1,JOINT_OWNER,2020-02-01,\n"
    "C-2,A-1,JOINT_OWNER,2020-02-01,\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a small client file."""
    sheets = {"users": USERS, "parties": PARTIES, "products": PRODUCTS, "holdings": HOLDINGS}
    for name, text in sheets.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("database")
async def test_loads_a_client_file_and_says_how_much(cli: Cli, folder: Path) -> None:
    finished = cli("import", str(folder), "--organisation", "Small Bank")

    assert finished.returncode == 0
    assert finished.stderr == ""
    assert [" ".join(line.split()) for line in finished.stdout.splitlines()] == [
        "Small Bank is a new organisation.",
        "users.csv 1 added 0 changed 0 unchanged",
        "parties.csv 2 added 0 changed 0 unchanged",
        "products.csv 1 added 0 changed 0 unchanged",
        "holdings.csv 2 added 0 changed 0 unchanged",
    ]
    counts = [await model.all().count() for model in (User, Party, Product, Holding)]
    assert counts == [1, 2, 1, 2]


@pytest.mark.usefixtures("database")
async def test_updates_the_second_time(cli: Cli, folder: Path) -> None:
    cli("import", str(folder), "--organisation", "Small Bank")
    (folder / "parties.csv").write_text(PARTIES.replace("Groß", "Klein"), encoding="utf-8")

    finished = cli("import", str(folder), "--organisation", "Small Bank")

    assert finished.returncode == 0
    assert [" ".join(line.split()) for line in finished.stdout.splitlines()] == [
        "users.csv 0 added 0 changed 1 unchanged",
        "parties.csv 0 added 1 changed 1 unchanged",
        "products.csv 0 added 0 changed 1 unchanged",
        "holdings.csv 0 added 0 changed 2 unchanged",
    ]
    assert (await Party.get(reference="C-1")).name == "Jürgen Klein"


@pytest.mark.usefixtures("database")
async def test_writes_nothing_in_a_dry_run(cli: Cli, folder: Path) -> None:
    finished = cli("import", str(folder), "--organisation", "Small Bank", "--dry-run")

    assert finished.returncode == 0
    assert finished.stdout.splitlines()[-1] == "This was a dry run: nothing was written."
    assert await Organisation.all().count() == 0


@pytest.mark.usefixtures("database")
async def test_tells_every_bad_row_and_writes_nothing(cli: Cli, folder: Path) -> None:
    bad = PARTIES + 'C-3,ROBOT,Robbie,,1.2.2020,\nC-1,LEGAL_ENTITY,"Twice, ""Ltd""",,,\n'
    (folder / "parties.csv").write_text(bad, encoding="utf-8")
    errors = folder / "errors.csv"

    finished = cli("import", str(folder), "--organisation", "Small Bank", "--errors", str(errors))

    assert finished.returncode == 1
    assert finished.stdout == ""
    *lines, total = finished.stderr.splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "parties.csv:4 type",
        "parties.csv:4 onboarded_on",
        "parties.csv:5 reference",
    ]
    assert total == "3 faults in the client file; nothing was written."
    with errors.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["file", "line", "column", "problem"]
    assert [f"{file}:{line} {column}: {problem}" for file, line, column, problem in rows] == lines
    assert await Organisation.all().count() == 0


@pytest.mark.usefixtures("database")
async def test_leaves_only_a_header_where_nothing_is_bad(cli: Cli, folder: Path) -> None:
    errors = folder / "errors.csv"
    errors.write_text("of an earlier run", encoding="utf-8")

    finished = cli("import", str(folder), "--organisation", "Small Bank", "--errors", str(errors))

    assert finished.returncode == 0
    assert errors.read_text(encoding="utf-8").splitlines() == ["file,line,column,problem"]


@pytest.mark.usefixtures("database")
async def test_says_before_it_starts_that_the_bad_rows_cannot_be_kept(
    cli: Cli, folder: Path
) -> None:
    errors = folder / "absent" / "errors.csv"

    finished = cli("import", str(folder), "--organisation", "Small Bank", "--errors", str(errors))

    assert finished.returncode == 1
    (sentence,) = finished.stderr.splitlines()
    assert str(errors) in sentence
    assert await Organisation.all().count() == 0


@pytest.mark.usefixtures("database")
async def test_refuses_a_folder_without_a_client_file(cli: Cli, tmp_path: Path) -> None:
    empty = cli("import", str(tmp_path), "--organisation", "Small Bank")
    absent = cli("import", str(tmp_path / "absent"), "--organisation", "Small Bank")

    for finished in (empty, absent):
        assert finished.returncode == 1
        assert finished.stdout == ""
        assert str(tmp_path) in finished.stderr
        assert "Traceback" not in finished.stderr
    assert await Organisation.all().count() == 0


@pytest.mark.usefixtures("database")
async def test_refuses_an_organisation_without_a_name(cli: Cli, folder: Path) -> None:
    finished = cli("import", str(folder), "--organisation", " ")

    assert finished.returncode == 1
    (sentence,) = finished.stderr.splitlines()
    assert sentence.startswith("An organisation's name has ")
    assert await Organisation.all().count() == 0


@pytest.mark.usefixtures("database")
async def test_shows_how_far_it_is_on_a_terminal(folder: Path, database_url: str) -> None:
    terminal, end = pty.openpty()
    with subprocess.Popen(  # noqa: ASYNC220, S603 - a test may wait; our own program
        [sys.executable, ROOT / "cli.py", "import", folder, "--organisation", "Small Bank"],
        env={**os.environ, "DATABASE_URL": database_url, "TERM": "xterm", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=end,
    ) as process:
        os.close(end)
        shown = b""
        while True:
            try:
                shown += os.read(terminal, 10_000)
            except OSError:  # the other end is closed: the command has finished
                break
        stdout = process.stdout.read() if process.stdout else b""
    os.close(terminal)

    assert process.returncode == 0
    assert "%" in shown.decode()
    assert "holdings.csv" in shown.decode()
    assert "%" not in stdout.decode()
