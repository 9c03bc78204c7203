"""What operators see of a started server: its log and its figures."""

import asyncio
import json
import os
import re
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from database import connected
from models import Webhook
from models.webhook import new_secret
from tests.bank import KINDS, Bank, make_bank
from tests.factories import make_user
from tests.served import PATIENCE, Served, free_port, served, start, start_anew, until
from tests.sockets import socket as open_socket
from tests.streaming import streamed

TOKEN: Final = "a-token-of-24-characters"  # noqa: S105 - of this test alone
LINUX: Final = Path("/proc/self").exists()
NAME: Final = "Quirina Zwart"
SEARCH: Final = "query Tasks ($s: String) { offboardings(filter: {search: $s}) { totalCount } }"


@pytest.fixture(scope="module")
async def bank(shared_database_url: str) -> AsyncIterator[Bank]:
    async with served(DATABASE_URL=shared_database_url, METRICS_TOKEN=TOKEN) as server:
        yield await make_bank(shared_database_url, server)


async def ask(bank: Bank, query: str, variables: Any = None, **headers: str) -> Any:
    sent = {"authorization": f"Bearer {bank.token}", **headers}
    body = {"query": query, "variables": variables}
    return await bank.server.http.post("/graphql", json=body, headers=sent)


def lines(bank: Bank) -> list[dict[str, Any]]:
    """Return the log, each line of which is JSON."""
    return [json.loads(line) for line in bank.server.log.splitlines()]


async def line_of(bank: Bank, id: str) -> dict[str, Any]:
    """Return the line of a request, which is written once the answer has left."""
    await until(lambda: f'"request_id":"{id}"' in bank.server.log)
    (found,) = [line for line in lines(bank) if line.get("request_id") == id]
    return found


async def test_tells_of_each_request_under_the_id_that_came_along(bank: Bank) -> None:
    answer = await ask(bank, SEARCH, {"s": NAME}, **{"x-request-id": "from-the-proxy-1"})

    line = await line_of(bank, "from-the-proxy-1")
    assert answer.headers["x-request-id"] == "from-the-proxy-1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", line.pop("timestamp"))
    assert isinstance(line.pop("ms"), float)
    assert re.fullmatch(r"[0-9a-f-]{36}", line.pop("viewer"))
    assert line == {
        "event": "request",
        "level": "info",
        "request_id": "from-the-proxy-1",
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "operation": "Tasks",
    }


async def test_makes_an_id_where_none_came_along_or_an_odd_one(bank: Bank) -> None:
    ids = [
        (await ask(bank, "{ __typename }", **headers)).headers["x-request-id"]
        for headers in ({}, {"x-request-id": 'a"b'}, {"x-request-id": "x" * 65})
    ]

    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]+", id) for id in ids)
    assert [(await line_of(bank, id))["status"] for id in ids] == [200] * 3


async def test_tells_of_a_mistake_by_its_code_and_not_as_a_fault(bank: Bank) -> None:
    answers = [
        await ask(bank, "{ nope }"),
        await ask(bank, SEARCH, {"s": 5}),
        await ask(bank, "{ __typename }", authorization="Bearer nobody"),
        await ask(bank, 'query Named { offboarding(id: "nonsense") { id } }'),
    ]

    told = [await line_of(bank, answer.headers["x-request-id"]) for answer in answers]
    codes = [(line["status"], line["code"], line["level"]) for line in told]
    assert codes == [
        (400, "BAD_REQUEST", "info"),
        (400, "BAD_REQUEST", "info"),
        (401, "UNAUTHENTICATED", "info"),
        (400, "BAD_REQUEST", "info"),
    ]
    assert "error" not in {line["level"] for line in lines(bank)}


async def test_logs_no_variable_no_token_and_no_name(bank: Bank) -> None:
    await ask(bank, SEARCH, {"s": NAME})
    await ask(bank, f'{{ offboardings(filter: {{search: "{NAME}"}}) {{ totalCount }} }}')
    await bank.server.http.get(f"/graphql?query={NAME}")

    for secret in (NAME, "Quirina", bank.token, TOKEN):
        assert secret not in bank.server.log


async def test_logs_no_path_that_holds_what_only_its_sender_knows(bank: Bank) -> None:
    for path in ("/unsubscribe/Quirina-token", "/Quirina", "/export/Quirina.csv", "/mail/Quirina"):
        await bank.server.http.get(path)
    last = await bank.server.http.get("/schema.graphql")
    await line_of(bank, last.headers["x-request-id"])
    paths = {line.get("path") for line in lines(bank)}

    assert {"/unsubscribe", "(other)", "/export", "/mail", "/schema.graphql"} <= paths
    assert "Quirina" not in bank.server.log


async def test_tells_no_more_of_a_name_than_a_hundred_letters(bank: Bank) -> None:
    answer = await ask(bank, f"query {'Long' * 100} {{ __typename }}")

    shown = {"authorization": f"Bearer {TOKEN}"}
    figures = await bank.server.http.get("/metrics", headers=shown)
    line = await line_of(bank, answer.headers["x-request-id"])

    assert line["operation"] == "Long" * 25
    assert "Long" * 26 not in bank.server.log + figures.text


async def test_says_nothing_of_those_who_only_look_whether_it_lives(bank: Bank) -> None:
    for path in ("/health/live", "/health/ready"):
        await bank.server.http.get(path)

    assert [line for line in lines(bank) if str(line.get("path")).startswith("/health")] == []


async def test_shows_its_figures_to_who_has_the_token(bank: Bank) -> None:
    for _ in range(3):
        await ask(bank, "query Counted { __typename }")
    await ask(bank, "{ nope }")

    figures = await bank.server.http.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    refused = [
        await bank.server.http.get("/metrics", headers=headers)
        for headers in ({}, {"authorization": f"Bearer {bank.token}"})
    ]

    assert [answer.status_code for answer in refused] == [401, 401]
    assert figures.status_code == 200
    for line in (
        'offboarding_operation_seconds_count{operation="Counted"} 3.0',
        'offboarding_operation_errors_total{code="BAD_REQUEST",operation="(unnamed)"}',
        'offboarding_pool_connections{state="idle"}',
        "offboarding_streams 0.0",
        "offboarding_outbox_due 0.0",
        "offboarding_outbox_oldest_seconds 0.0",
    ):
        assert line in figures.text


async def test_counts_what_is_asked_over_each_transport_but_takes_no_stream_for_slow(
    bank: Bank,
) -> None:
    sse = {"authorization": f"Bearer {bank.token}", "accept": "text/event-stream"}
    async with open_socket(bank.url, bank.token) as opened:
        await opened.subscribe("1", "query Socketed { __typename }")
        await opened.hear_of("1")
    once = "query Once { __typename }"
    async with streamed(bank.url, "POST", "/graphql", sse, query=once) as stream:
        await stream.rest()
    followed = KINDS.replace("on {", "on Followed {")
    async with streamed(bank.url, "POST", "/graphql", sse, query=followed) as stream:
        await stream.read(b":\n\n")
        await asyncio.sleep(0.1)
    line = await line_of(bank, stream.response.headers["x-request-id"])

    shown = {"authorization": f"Bearer {TOKEN}"}
    told = parsed((await bank.server.http.get("/metrics", headers=shown)).text)
    assert (line["operation"], line["stream"], line["status"]) == ("Followed", True, 200)
    assert told["operation_seconds_count operation=Socketed"] == 1
    assert told["operation_seconds_count operation=Once"] == 1
    assert "operation_seconds_count operation=Followed" not in told


async def test_tells_a_hundred_names_apart_and_no_more(bank: Bank) -> None:
    for number in range(120):
        await ask(bank, f"query N{number} {{ __typename }}")

    figures = await bank.server.http.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})

    names = set(re.findall(r'seconds_count\{operation="(.*?)"\}', figures.text))
    assert len(names) == 101
    assert "(other)" in names


async def test_adds_up_the_figures_of_several_processes(database_url: str) -> None:
    command = ("server.py", "--workers", "2")
    async with served(*command, DATABASE_URL=database_url, METRICS_TOKEN=TOKEN) as server:
        bank = await make_bank(database_url, server)
        for _ in range(20):
            await ask(bank, "query Counted { __typename }")

        async def all_are_counted() -> bool:
            shown = {"authorization": f"Bearer {TOKEN}"}
            told = parsed((await server.http.get("/metrics", headers=shown)).text)
            return told.get("operation_seconds_count operation=Counted") == 20

        await until(all_are_counted)
        code = server.stop()

    assert code == 0


async def test_has_no_figures_without_a_token(database_url: str) -> None:
    async with served(DATABASE_URL=database_url, LOG_JSON="false") as server:
        figures = await server.http.get("/metrics")

        assert not server.log.startswith("{")
    assert figures.status_code == 404


async def figures_at(port: str, **headers: str) -> dict[str, float]:
    """Return what a port of figures tells, each by its name and labels."""
    async with httpx2.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
        answer = await http.get(f"http://127.0.0.1:{port}/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    return parsed(answer.text)


def parsed(text: str) -> dict[str, float]:
    return {
        sample.name.removeprefix("offboarding_")
        + "".join(f" {name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_tells_of_streams_letters_webhooks_and_refusals_on_a_port_of_its_own(
    database_url: str,
) -> None:
    port, nobody = str(free_port()), free_port()
    settings = {
        "METRICS_PORT": port,
        "REQUESTS_PER_MINUTE": "20",
        "WEBHOOK_ALLOW_PRIVATE": "true",
        # Nobody listens there.
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(nobody),
    }
    async with served(DATABASE_URL=database_url, **settings) as server:
        bank = await make_bank(database_url, server)
        async with connected(database_url):
            administrator = await make_user(groups=["Administrator"])
            await Webhook.create(
                organisation_id=administrator.organisation_id,
                url=f"http://127.0.0.1:{nobody}/",
                secret=new_secret(),
                place=0,
                created_by_id=administrator.id,
            )
        async with open_socket(server.url, bank.token) as opened:
            await opened.subscribe("a", KINDS)
            await opened.until_live()
            await bank.happen()
            answers = [await ask(bank, "{ __typename }") for _ in range(60)]
            beside = await server.http.get("/metrics")

            async def refused() -> bool:
                told = await figures_at(port)
                return told["webhook_posts_total outcome=refused"] > 0 and told["subscribers"] == 1

            await until(refused)
            told = await figures_at(port)

    assert beside.status_code == 404
    refusals = sum(answer.status_code == 429 for answer in answers)
    assert refusals >= 20
    assert told["rate_limited_total rate=requests"] == refusals
    assert told["request_errors_total route=/graphql status=429"] == refusals
    assert told["request_errors_total route=/metrics status=404"] == 1
    assert told["operation_errors_total code=TOO_MANY_REQUESTS operation=(unnamed)"] == refusals
    assert (told["streams"], told["subscribers"], told["processes"]) == (1, 1, 1)
    assert 0 <= told["feed_lag_seconds"] < 60
    assert told["memory_bytes"] > 20_000_000 or not LINUX
    # Told before they first happen, so that the first one is seen as a change.
    assert (told["faults_total"], told["letters_total outcome=failed"]) == (0, 0)
    assert told["webhook_posts_total outcome=refused"] >= 1
    assert told["webhook_queue_entries"] == 1
    assert told["webhook_queue_oldest_seconds"] > 0
    assert (told["outbox_queued"], told["outbox_due"], told["database_up"]) == (0, 0, 1)


async def test_asks_for_the_token_at_that_port_too(database_url: str) -> None:
    port = str(free_port())
    settings = {"METRICS_PORT": port, "METRICS_TOKEN": TOKEN}
    async with served(DATABASE_URL=database_url, **settings) as server:
        told = await figures_at(port, authorization=f"Bearer {TOKEN}")
        refused = await server.http.get(f"http://127.0.0.1:{port}/metrics")
        beside = await server.http.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})

    assert told["processes"] == 1
    assert (refused.status_code, beside.status_code) == (401, 404)


@pytest.mark.skipif(not LINUX, reason="finds processes in /proc")
async def test_answers_there_for_all_processes_also_when_one_has_died(database_url: str) -> None:
    port, counted = str(free_port()), "operation_seconds_count operation=Counted"
    command = ("server.py", "--workers", "2")
    async with served(*command, DATABASE_URL=database_url, METRICS_PORT=port) as server:
        bank = await make_bank(database_url, server)

        async def processes() -> float:
            return (await figures_at(port)).get("processes", 0)

        async def both() -> bool:
            return await processes() == 2

        await until(both)
        for _ in range(20):
            await ask(bank, "query Counted { __typename }")

        async def all_are_counted() -> bool:
            return (await figures_at(port)).get(counted) == 20

        await until(all_are_counted)
        os.kill(served_processes(server)[0], signal.SIGKILL)
        # Another takes its place, and what it had counted is not forgotten.
        await until(lambda: server.log.count("Started server process") == 3)
        await until(both)
        after = await figures_at(port)
        code = server.stop()

    assert after[counted] == 20
    assert code == 0


def served_processes(server: Served) -> list[int]:
    """Return the ids of the processes that a server has started to answer."""
    parent = server.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
    return [int(id) for id in children if b"spawn_main" in Path(f"/proc/{id}/cmdline").read_bytes()]


async def test_does_not_start_where_that_port_is_taken(database_url: str) -> None:
    with socket.socket() as taken, tempfile.TemporaryDirectory() as name:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        environment = {"DATABASE_URL": database_url, "METRICS_PORT": port}
        programs = (("server.py",), ("cli.py", "worker"))
        for program in programs:
            process = start(Path(name), *program, PORT=str(free_port()), **environment)
            code = await asyncio.to_thread(process.wait, PATIENCE)
            said = (Path(name) / "err").read_text(encoding="utf-8").strip().splitlines()[-1]

            assert code == 1
            assert said.startswith(f"The server cannot listen on 127.0.0.1 port {port}: ")


async def test_a_worker_alone_has_figures_and_says_that_no_letter_leaves(database_url: str) -> None:
    port = str(free_port())
    with tempfile.TemporaryDirectory() as name:
        environment = {"DATABASE_URL": database_url, "METRICS_PORT": port}
        process = start_anew(Path(name), "cli.py", "worker", **environment)

        async def works() -> bool:
            try:
                return (await figures_at(port)).get("processes") == 1
            except httpx2.TransportError:
                return False

        await until(works)
        told = await figures_at(port)
        process.terminate()
        code = await asyncio.to_thread(process.wait, PATIENCE)
        log = (Path(name) / "err").read_text(encoding="utf-8")

    assert "pool_connections state=idle" in told
    assert "No letter leaves: SMTP_HOST is not set." in log
    assert code == 0


async def test_tells_of_itself_while_the_database_is_away(
    database_url: str, administrator: asyncpg.Connection
) -> None:
    port = str(free_port())
    name = database_url.partition("?")[0].rpartition("/")[2]
    async with served(DATABASE_URL=database_url, METRICS_PORT=port):
        await administrator.execute(f"alter database {name} allow_connections false")
        told = await figures_at(port)
        await administrator.execute(f"alter database {name} allow_connections true")

    assert told["database_up"] == 0
    assert "outbox_due" not in told
    assert told["processes"] == 1
