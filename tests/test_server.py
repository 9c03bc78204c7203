"""The server as an operator meets it: how it starts, what it prints, and how it ends."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from database import embedded_postgresql
from models import Organisation
from tests.factories import make_token, make_user
from tests.served import PATIENCE, ROOT, Served, free_port, served, served_anew, start, until

VIEWER: Final = "{ viewer { user { email } } }"
PARTY: Final = """
{ clientFile { parties(first: 1, filter: {status: ACTIVE, offboardingState: NONE}) {
  nodes { id reference }
} } }
"""
START: Final = """
mutation ($party: ID!, $assignee: ID) {
  startPartyOffboarding(input: {partyId: $party, assigneeId: $assignee}) {
    ... on StartPartyOffboardingSuccess { offboarding { id } }
  }
}
"""


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """Yield a folder for data of its own, whose database has stopped in the end."""
    # Not pytest's own folder: that is closed to the user whom PostgreSQL runs as under root.
    with tempfile.TemporaryDirectory(prefix="offboarding test ") as name:
        folder = Path(name) / "data"
        yield folder
        with embedded_postgresql(folder):
            pass


@pytest.fixture(scope="module")
async def demo(shared_database_url: str) -> AsyncIterator[Served]:
    """Yield a server of the demo."""
    async with served_anew(DATABASE_URL=shared_database_url, DEMO="true") as server:
        yield server


def runs(data_dir: Path) -> bool:
    """Return whether the embedded PostgreSQL of a folder runs."""
    return (data_dir / "postgresql" / "postmaster.pid").exists()


async def start_something(server: Served) -> dict[str, Any]:
    """Start the offboarding of a party, assigned to whoever starts it; return both."""
    client = server.client(server.tokens["approver@demo.example"])
    (party,) = (await client.ask(PARTY))["clientFile"]["parties"]["nodes"]
    viewer = (await client.ask("{ viewer { user { id } } }"))["viewer"]["user"]["id"]
    started = await client.ask(START, party=party["id"], assignee=viewer)
    return {"party": party, **started["startPartyOffboarding"]["offboarding"]}


async def knows(server: Served, offboarding: dict[str, Any]) -> bool:
    client = server.client(server.tokens["approver@demo.example"])
    found = await client.ask("query ($id: ID!) { node(id: $id) { id } }", id=offboarding["id"])
    return found == {"node": {"id": offboarding["id"]}}


async def test_finds_its_data_again_at_the_next_start_even_after_it_was_killed(
    data_dir: Path,
) -> None:
    async with served(DATA_DIR=str(data_dir)) as server:
        before = await start_something(server)
        killed = server.stop(signal.SIGKILL)
    left_behind = runs(data_dir)

    async with served(DATA_DIR=str(data_dir)) as server:
        known_after_the_kill = await knows(server, before)
        stopped = server.stop()
    runs_on = runs(data_dir)
    async with served(DATA_DIR=str(data_dir)) as server:
        known_after_the_stop = await knows(server, before)

    assert (killed, stopped) == (-signal.SIGKILL, 0)
    assert known_after_the_kill
    assert known_after_the_stop
    assert (left_behind, runs_on) == (True, False)


@pytest.mark.parametrize("with_", [signal.SIGINT, signal.SIGTERM])
async def test_ends_in_order_when_told_to(data_dir: Path, with_: signal.Signals) -> None:
    async with served_anew(DATA_DIR=str(data_dir)) as server:
        ran = runs(data_dir)

        code = server.stop(with_)

        assert code == 0
        assert "Traceback" not in server.log
    assert ran
    assert not runs(data_dir)


def paste(commands: str) -> subprocess.CompletedProcess[str]:
    """Run commands as somebody does who pastes them into a shell."""
    return subprocess.run(  # noqa: S603 - what the server or the readme says
        ["bash", "-c", commands],  # noqa: S607 - the one of this machine, as for anybody
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


async def test_prints_where_it_is_who_to_be_and_how_to_stop(demo: Served) -> None:
    viewers = {
        email: (await demo.client(token).ask(VIEWER))["viewer"]["user"]["email"]
        for email, token in demo.tokens.items()
    }

    for path in ("/graphql", "/health/ready", "/mail"):
        assert f"{demo.url}{path}\n" in demo.printed
    assert "Stop with Ctrl-C." in demo.printed
    assert len(viewers) == 9
    assert all(email == asked for email, asked in viewers.items())


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
async def test_prints_a_request_that_works_when_it_is_pasted(demo: Served) -> None:
    _, _, rest = demo.printed.partition("Try it:\n")
    command, _, _ = rest.partition("Stop with")

    pasted = paste(command)

    assert pasted.returncode == 0
    data = json.loads(pasted.stdout)["data"]
    assert data["viewer"]["user"] == {"name": "Adam Approver"}
    assert len(data["clientFile"]["parties"]["nodes"]) == 3


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
async def test_does_what_the_readme_says_of_a_first_mutation(demo: Served) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (commands,) = re.findall(r"```bash\n(.*?)```", readme, re.DOTALL)
    token = demo.tokens["approver@demo.example"]
    commands = commands.replace("$(.venv/bin/python cli.py token approver@demo.example)", token)

    pasted = paste(commands.replace("http://127.0.0.1:8000", demo.url))

    assert pasted.returncode == 0
    started = json.loads(pasted.stdout)["data"]["startPartyOffboarding"]["offboarding"]
    assert (started["status"], started["version"]) == ("OPEN", 1)


async def test_shows_the_letters_of_the_demo_in_the_terminal_and_on_a_page(demo: Served) -> None:
    before = await demo.http.get("/mail")

    reference = (await start_something(demo))["party"]["reference"]
    subject = f"A task has been assigned to you: Party offboarding {reference}"
    await until(lambda: f"Subject: {subject}\n" in demo.printed)
    inbox = await demo.http.get("/mail")
    (link,) = re.findall(rf'<a href="(/mail/\d+)">{subject}</a>', inbox.text)
    letter = await demo.http.get(link)
    nowhere = await demo.http.get("/mail/999")
    beyond = await demo.http.get(f"/mail/{'9' * 5_000}")

    assert subject not in before.text
    assert letter.status_code == 200
    assert "approver@demo.example" in letter.text
    assert letter.headers["content-security-policy"].startswith("default-src 'none'")
    assert (nowhere.status_code, beyond.status_code) == (404, 404)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def test_serves_with_several_processes_and_stops_them_all(data_dir: Path) -> None:
    async with served("server.py", "--workers", "2", DATA_DIR=str(data_dir)) as server:
        await until(lambda: server.log.count("Application startup complete.") == 2)
        processes = [
            int(pid) for pid in re.findall(r"Started server process \[(\d+)\]", server.log)
        ]
        mail_page = await server.http.get("/mail")
        started = await start_something(server)
        reference = started["party"]["reference"]
        await until(lambda: f"Party offboarding {reference}\n" in server.printed)
        known = [await knows(server, started) for _ in range(20)]

        code = server.stop(signal.SIGINT)

        assert code == 0
        assert "Traceback" not in server.log
        assert "/mail" not in server.printed
    assert mail_page.status_code == 404
    assert all(known)
    assert len(processes) == 2
    assert [process for process in processes if is_alive(process)] == []
    assert not runs(data_dir)


@pytest.mark.usefixtures("database")
async def test_writes_no_demo_and_prints_no_token_with_a_database_of_ones_own(
    database_url: str,
) -> None:
    token = await make_token(await make_user(email="me@bank.example"))
    async with served(DATABASE_URL=database_url) as server:
        viewer = await server.client(token).ask(VIEWER)
        mail = await server.http.get("/mail")

        assert f"{server.url}/graphql\n" in server.printed
        assert "offb_" not in server.printed
        assert "curl" not in server.printed
        assert "/mail" not in server.printed
    assert viewer == {"viewer": {"user": {"email": "me@bank.example"}}}
    assert mail.status_code == 404
    assert await Organisation.all().count() == 1


async def test_is_started_by_a_command_whose_options_win_over_the_settings(
    database_url: str,
) -> None:
    command = ("cli.py", "serve", "--host", "localhost")

    async with served_anew(*command, DATABASE_URL=database_url, HOST="192.0.2.1") as server:
        port = server.url.rpartition(":")[2]

        assert f"http://localhost:{port}/graphql\n" in server.printed


def ended(folder: Path, *options: str, **environment: str) -> tuple[int, str, list[str]]:
    """Return exit code, output and the lines of complaint of a server that cannot start."""
    code = start(folder, "server.py", *options, **environment).wait(PATIENCE)
    lines = (folder / "err").read_text(encoding="utf-8").splitlines()
    return code, (folder / "out").read_text(encoding="utf-8"), lines


def test_says_that_its_port_is_taken_and_starts_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])

        code, output, complaint = ended(tmp_path, PORT=port, DATA_DIR=str(tmp_path / "data"))

    assert (code, output) == (1, "")
    (sentence,) = complaint
    assert sentence.startswith(f"The server cannot listen on 127.0.0.1 port {port}: ")
    assert not (tmp_path / "data").exists()


def test_says_that_its_address_is_not_of_this_machine(tmp_path: Path) -> None:
    code, output, complaint = ended(
        tmp_path, HOST="192.0.2.1", PORT=str(free_port()), DATA_DIR=str(tmp_path / "data")
    )

    assert (code, output) == (1, "")
    (sentence,) = complaint
    assert sentence.startswith("The server cannot listen on 192.0.2.1 port ")


def test_says_that_the_database_cannot_be_reached(tmp_path: Path) -> None:
    url = f"postgresql://me:secret@127.0.0.1:{free_port()}/x"

    code, output, complaint = ended(tmp_path, PORT=str(free_port()), DATABASE_URL=url)

    assert (code, output) == (1, "")
    (sentence,) = complaint
    assert sentence.startswith("The database cannot be reached: ")
    assert "secret" not in sentence


def test_tells_every_faulty_setting_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret", encoding="utf-8")

    code, output, complaint = ended(
        tmp_path,
        DATABASE_URL="mysql://me:secret@db/x",
        DATABASE_POOL_SIZE="0",
        DEMO="perhaps",
        MAIL_FROM="nobody",
        MAX_BODY_BYTES="1 MB",
        PORT="70000",
        SMTP_PASSWORD_FILE=str(tmp_path / "password"),
        SMTP_TLS="yes",
        TASK_URL="https://bank.example/tasks",
    )

    assert (code, output) == (2, "")
    assert sorted(line.partition(":")[0] for line in complaint) == [
        "DATABASE_POOL_SIZE",
        "DATABASE_URL",
        "DEMO",
        "MAIL_FROM",
        "MAX_BODY_BYTES",
        "PORT",
        "SMTP_PASSWORD",
        "SMTP_TLS",
        "TASK_URL",
    ]
    assert "secret" not in "".join(complaint)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["err", "out", "password"]


def test_says_that_trusted_documents_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "trusted.json").write_text('{"1": "{ __typename }"}', encoding="utf-8")

    for name in ("trusted.json", "absent.json"):
        code, output, (complaint,) = ended(
            tmp_path,
            TRUSTED_DOCUMENTS=str(tmp_path / name),
            PORT=str(free_port()),
            DATA_DIR=str(tmp_path / "data"),
        )

        assert (code, output) == (2, "")
        assert complaint.startswith(f"TRUSTED_DOCUMENTS: {tmp_path / name}")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("option", [("--workers", "0"), ("--port", "70000"), ("--nonsense",)])
def test_explains_an_option_that_makes_no_sense(tmp_path: Path, option: tuple[str, ...]) -> None:
    code, output, complaint = ended(tmp_path, *option, DATA_DIR=str(tmp_path / "data"))

    assert (code, output) == (2, "")
    assert option[0] in "\n".join(complaint)
    assert not (tmp_path / "data").exists()
