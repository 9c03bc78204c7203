"""A fault in each layer of a started server: who asks is told an id, and the log has the rest.

The faults are real: a column that has another name, a trigger that refuses, a row that cannot be.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx2
import pytest

from database import connected
from mail.unsubscribing import unsubscribe_token
from models import Offboarding, User, Webhook
from models.webhook import new_secret
from tests.bank import SET_STATUS
from tests.factories import make_offboarding, make_product, make_token, make_user
from tests.mail.mail_server import mail_server
from tests.served import PATIENCE, Served, served, until
from tests.sockets import socket
from tests.streaming import streamed

# What was renamed, raised or broken, and what would tell how we are made.
SECRETS: Final = (
    *("hidden", "nonsense", "select", "insert", "relation", "does not exist"),
    *("asyncpg", "tortoise", "traceback", ".py", "error:", "valueerror", "exception"),
)
ID: Final = re.compile(r"[0-9a-f]{32}")
NAMES: Final = """subscription { activity {
  kind offboarding { subject { ... on Party { name } } }
} }"""
REFUSING: Final = """
create function refuse() returns trigger language plpgsql as
  $$ begin raise exception 'a hidden reason about %', old.id; end $$;
create trigger refuse before update on {0} for each row execute function refuse()
"""
MENDED: Final = "drop trigger refuse on {0}; drop function refuse"


@dataclass
class Home:
    """A server, its database, and somebody who may do all of this in it."""

    server: Served
    database: asyncpg.Connection
    user: User
    token: str
    offboarding: Offboarding

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    @property
    def id(self) -> str:
        return f"offboarding_{self.offboarding.id}"

    async def ask(self, query: str, **variables: Any) -> httpx2.Response:
        body = {"query": query, "variables": variables}
        return await self.server.http.post("/graphql", json=body, headers=self.headers)

    async def get(self, path: str) -> httpx2.Response:
        return await self.server.http.get(path, headers=self.headers)

    async def happen(self, status: str = "IN_PROGRESS") -> None:
        answer = await self.ask(SET_STATUS, id=self.id, status=status)
        assert answer.json()["data"]["setOffboardingStatus"]["__typename"].endswith("Success")

    @asynccontextmanager
    async def without(self, table: str, column: str) -> AsyncIterator[None]:
        """Let a column have another name for a while."""
        await self.database.execute(f"alter table {table} rename column {column} to hidden")
        yield
        await self.database.execute(f"alter table {table} rename column hidden to {column}")


@asynccontextmanager
async def home(url: str, *program: str, **settings: str) -> AsyncIterator[Home]:
    async with connected(url):
        user = await make_user(groups=["Administrator", "Approver", "Analyst"])
        token, offboarding = await make_token(user), await make_offboarding()
        await make_product()
    database = await asyncpg.connect(url)
    async with served(*program, DATABASE_URL=url, **settings) as server:
        yield Home(server, database, user, token, offboarding)
    await database.close()


@pytest.fixture(scope="module")
async def bank(shared_database_url: str) -> AsyncIterator[Home]:
    async with home(shared_database_url) as opened:
        yield opened


async def lines(server: Served, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """Return the lines of the log that are wanted, once there are any."""

    def found() -> list[dict[str, Any]]:
        return [line for line in map(json.loads, server.log.splitlines()) if wanted(line)]

    await until(lambda: bool(found()))
    return found()


async def is_masked(home: Home, told: str) -> None:
    """Assert that of a fault nothing was told but an id, under which the log has all of it."""
    (id,) = set(ID.findall(told.replace("-", "").lower())) or {""}
    (line,) = await lines(home.server, lambda line: f"fault {id}" in str(line["event"]))
    assert id
    assert line["level"] == "error"
    assert "Traceback" in line["exception"]
    assert [secret for secret in SECRETS if secret in told.lower()] == []


async def test_where_it_is_found_out_who_asks(bank: Home) -> None:
    # Who asks is trusted for a second.
    await asyncio.sleep(1.1)
    async with bank.without("user_group", "permissions"):
        answers = [await bank.ask("{ __typename }"), *[await bank.get(path) for path in PATHS]]
        async with socket(bank.server.url) as opened:
            await opened.say(type="connection_init", payload={"authToken": bank.token})
            code, reason = await opened.closed()

    assert [answer.status_code for answer in answers] == [500] * 3
    for answer in answers:
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "INTERNAL"
        await is_masked(bank, answer.text)
    assert code == 1011
    await is_masked(bank, reason)


COMMENT: Final = """mutation ($id: ID!, $comment: String!) {
  saveOffboarding(input: { offboardingId: $id, comment: $comment }) { __typename }
}"""
PATHS: Final = ("/events", "/export/products.csv")


async def test_while_reading(bank: Home) -> None:
    async with bank.without("offboarding", "comment"):
        answer = await bank.ask("{ offboardings { nodes { comment } } }")
        other = await bank.ask("{ offboardings { totalCount } }")

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (200, "INTERNAL")
    assert answer.json()["data"] is None
    assert other.json()["data"]["offboardings"]["totalCount"] == 1
    await is_masked(bank, answer.text)


async def test_in_a_transaction_which_leaves_nothing_behind(bank: Home) -> None:
    before = await bank.database.fetchval("select count(*) from activity")
    await bank.database.execute(REFUSING.format("offboarding"))

    answer = await bank.ask(SET_STATUS, id=bank.id, status="IN_PROGRESS")

    await bank.database.execute(MENDED.format("offboarding"))
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    await is_masked(bank, answer.text)
    assert await bank.database.fetchval("select status from offboarding") == "OPEN"
    assert await bank.database.fetchval("select count(*) from activity") == before


async def test_of_a_row_that_cannot_be(bank: Home) -> None:
    checks = await bank.database.fetch(
        "select conname from pg_constraint where conrelid = 'offboarding'::regclass"
        " and contype = 'c' and pg_get_constraintdef(oid) like '%status%'"
    )
    async with bank.database.transaction():
        for check in checks:
            await bank.database.execute(f'alter table offboarding drop constraint "{check[0]}"')
        await bank.database.execute("update offboarding set status = 'NONSENSE'")

    answer = await bank.ask(SET_STATUS, id=bank.id, status="IN_PROGRESS")

    await bank.database.execute("update offboarding set status = 'OPEN'")
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    await is_masked(bank, answer.text)


async def test_leaves_out_of_the_log_what_the_database_quotes_of_a_row(bank: Home) -> None:
    await bank.database.execute(
        "alter table offboarding add constraint quoted check (comment not like '%Zebedee%')"
    )

    answer = await bank.ask(COMMENT, id=bank.id, comment="One line.\nZebedee in another.")

    await bank.database.execute("alter table offboarding drop constraint quoted")
    await is_masked(bank, answer.text)
    assert "quoted" in bank.server.log
    assert "Zebedee" not in bank.server.log


async def test_where_counts_are_shared_which_goes_on_once_it_is_mended(bank: Home) -> None:
    await bank.database.execute("alter table request_count rename to hidden")
    await bank.server.http.post("/graphql", headers={"authorization": "Bearer nobody"})
    faults = await lines(bank.server, lambda line: "Counts are not shared" in str(line["event"]))
    await bank.database.execute("alter table hidden rename to request_count")

    async def are_shared() -> bool:
        count = await bank.database.fetchval("select sum(count) from request_count")
        return bool(count)

    await until(are_shared)
    assert faults[0]["level"] == "error"


async def test_tells_that_a_database_that_only_reads_is_not_there_to_write(bank: Home) -> None:
    own = await bank.database.fetchval("select current_database()")
    others = (
        "select pg_terminate_backend(pid, 60000) from pg_stat_activity"
        " where datname = $1 and pid <> $2"
    )
    ours = bank.database.get_server_pid()
    await bank.database.execute(f'alter database "{own}" set default_transaction_read_only = on')
    await bank.database.fetch(others, own, ours)

    async def reads() -> bool:
        return (await bank.ask("{ offboardings { totalCount } }")).status_code == 200

    await until(reads)
    answer = await bank.ask(SET_STATUS, id=bank.id, status="IN_PROGRESS")
    await bank.database.execute(f'alter database "{own}" reset default_transaction_read_only')
    await bank.database.fetch(others, own, ours)

    await until(reads)
    assert answer.status_code == 503
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


async def test_in_a_stream_that_has_begun(bank: Home) -> None:
    sse = {**bank.headers, "accept": "text/event-stream"}
    async with (
        socket(bank.server.url, bank.token) as opened,
        streamed(bank.server.url, "POST", "/graphql", sse, query=NAMES) as stream,
        streamed(bank.server.url, "GET", "/events", bank.headers) as events,
    ):
        await opened.subscribe("a", NAMES)
        await opened.until_live()
        await stream.read(b":\n\n")
        await events.read(b"\n\n")
        async with bank.without("party", "name"), asyncio.timeout(PATIENCE):
            await bank.happen("IN_PROGRESS")
            message = await opened.hear_of("a")
            over_http = (await stream.rest()).decode()
            # Its statement names no party, so that it goes on.
            await events.read(b"\n\n")
        async with bank.without("party", "reference"), asyncio.timeout(PATIENCE):
            await bank.happen("OPEN")
            event = (await events.rest()).decode()

    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "INTERNAL"
    await is_masked(bank, json.dumps(message["payload"]))
    assert '"code":"INTERNAL"' in over_http
    await is_masked(bank, over_http)
    assert event.startswith("event: error\ndata: ")
    await is_masked(bank, event)


async def test_before_an_export_and_in_the_middle_of_one(bank: Home) -> None:
    async with bank.without("activity", "kind"):
        before = await bank.get("/export/products.csv")
    async with bank.without("product", "number"):
        # Its file has begun; it is cut off, so that it passes for none.
        with pytest.raises(httpx2.RemoteProtocolError):
            await bank.get("/export/products.csv")
    (cut,) = await lines(
        bank.server,
        lambda line: (
            line["level"] == "error" and "number does not exist" in str(line.get("exception"))
        ),
    )

    assert (before.status_code, before.json()["errors"][0]["extensions"]["code"]) == (
        500,
        "INTERNAL",
    )
    await is_masked(bank, before.text)
    assert re.fullmatch(r"fault [0-9a-f]{32}", cut["event"])


async def test_on_a_page(bank: Home) -> None:
    token = unsubscribe_token(bank.user)
    async with bank.without("app_user", "daily_digest"):
        page = await bank.server.http.get(f"/unsubscribe/{token}")
    mended = await bank.server.http.get(f"/unsubscribe/{token}")

    assert page.status_code == 500
    assert page.text.startswith("Something went wrong on our side; tell support the id ")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    await is_masked(bank, page.text)
    assert mended.status_code == 200


async def test_tells_who_looks_after_it_no_more_than_that_it_is_not_ready(bank: Home) -> None:
    async with bank.without("tortoise_migrations", "name"):
        ready = await bank.server.http.get("/health/ready")

    assert ready.status_code == 503
    assert [secret for secret in SECRETS if secret in ready.text.lower()] == []


ASSIGN: Final = """mutation ($id: ID!, $to: ID!) {
  assignOffboarding(input: { offboardingId: $id, assigneeId: $to }) { __typename }
}"""
SHOWN: Final = """{
  webhookDeliveries { nodes { lastError } } mails { nodes { lastError } }
}"""


async def test_in_letters_and_webhooks_and_goes_on_once_it_is_mended(database_url: str) -> None:
    async with mail_server() as mail:
        settings = {"SMTP_HOST": mail.smtp.host, "SMTP_PORT": str(mail.smtp.port)}
        async with home(database_url, **settings, WEBHOOK_ALLOW_PRIVATE="true") as bank:
            async with connected(database_url):
                await Webhook.create(
                    organisation_id=bank.user.organisation_id,
                    url="http://127.0.0.1:9/",
                    secret=new_secret(),
                    place=0,
                    created_by_id=bank.user.id,
                )
                colleague = await make_user()
            await bank.database.execute(REFUSING.format("outgoing_mail"))
            async with bank.without("webhook_delivery", "last_error"):
                await bank.ask(ASSIGN, id=bank.id, to=f"user_{colleague.id}")
                letter = await faults(bank.server, "The outbox cannot be worked on")
                post = await faults(bank.server, "Webhooks cannot be worked on")
            shown = await bank.ask(SHOWN)
            await bank.database.execute(MENDED.format("outgoing_mail"))
            await until(lambda: bool(mail.taken))

    for line in (letter, post):
        assert (line["level"], "Traceback" in line["exception"]) == ("error", True)
    assert "errors" not in shown.json()
    assert [secret for secret in SECRETS if secret in shown.text.lower()] == []


async def faults(server: Served, at: str) -> dict[str, Any]:
    """Return the first fault of some work, once there is one."""
    pattern = re.compile(rf"fault [0-9a-f]{{32}} at {at}")
    found = await lines(server, lambda line: pattern.fullmatch(str(line["event"])) is not None)
    return found[0]


# What nobody can provoke from outside: a program that is broken itself, at a place.
BROKEN: Final = """
import importlib, runpy, sys
root, place, *sys.argv = sys.argv[1:]
sys.path.insert(0, root)
module, name = place.split(":")
def broken(*_, **__):
    raise RuntimeError("a hidden reason")
setattr(importlib.import_module(module), name, broken)
runpy.run_path(root + "/server.py", run_name="__main__")
"""


@pytest.mark.parametrize(
    ("place", "query"),
    [
        ("schema.bodies:operation_of", "{ __typename }"),
        ("schema.preparing:evaluate", "{ offboardings { totalCount } }"),
        ("schema.answer:fields", "{ offboardings { totalCount } }"),
        ("schema.endpoint:result_response", "{ __typename }"),
    ],
)
async def test_in_the_program_itself(
    shared_database_url: str, tmp_path: Path, place: str, query: str
) -> None:
    program = tmp_path / "broken.py"
    program.write_text(BROKEN, encoding="utf-8")
    root = str(Path(__file__).parents[1])

    async with home(shared_database_url, str(program), root, place, "server.py") as bank:
        answer = await bank.ask(query)

        assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
        await is_masked(bank, answer.text)


MISTAKES: Final = (
    "{",
    "{ nope }",
    "query ($a: Nope) { __typename }",
    '{ offboarding(id: "nonsense") { id } }',
    '{ offboardings(filter: {search: "\\u0000"}) { totalCount } }',
    '{ offboardings(after: "nonsense") { totalCount } }',
    '{ offboardings(filter: {dueOn: {lte: "9999-99-99"}}) { totalCount } }',
    "{ offboardings(first: 99999999999999999999) { totalCount } }",
    'mutation { setOffboardingStatus(input: {offboardingId: "offboarding_", status: X}) { id } }',
)


async def test_takes_no_mistake_of_a_client_for_a_fault(bank: Home) -> None:
    def errors() -> int:
        return bank.server.log.count('"level":"error"')

    before = errors()
    answers = [await bank.ask(query) for query in MISTAKES]
    http, headers = bank.server.http, bank.headers
    answers += [
        await http.post("/graphql", content=b"\xff", headers={**headers, "content-type": JSON}),
        await http.post("/graphql", content=b"[]", headers={**headers, "content-type": JSON}),
        await http.post("/graphql", json={"query": "{ __typename }"}),
        await http.put("/graphql", headers=headers),
        *[await bank.get(path) for path in BAD_PATHS],
        await http.get("/events"),
    ]
    async with socket(bank.server.url, bank.token) as opened:
        await opened.say(type="nonsense")
        closed = await opened.closed()
    async with streamed(bank.server.url, "GET", "/events", bank.headers) as stream:
        await stream.read(b"\n\n")
    after = await bank.ask("{ __typename }")

    assert {answer.status_code for answer in answers} <= {200, 400, 401, 404, 405, 422}
    assert all(answer.json()["errors"] for answer in answers[: len(MISTAKES)])
    assert closed[0] == 4400
    assert after.status_code == 200
    assert errors() == before


JSON: Final = "application/json"
BAD_PATHS: Final = (
    *("/nowhere", "/export/nothing.csv", "/export/products.exe", "/export/products.csv?nope=1"),
    *("/events?kind=NOPE", "/events?after=nonsense", "/unsubscribe/nonsense", "/tasks/nonsense"),
)
