"""What operators see of a started server: its log and its figures."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from settings import ROOT
from tests.bank import Bank, make_bank
from tests.served import served, until

TOKEN: Final = "a-token-of-24-characters"  # noqa: S105 - of this test alone
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

        figures = await server.http.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        code = server.stop()

    assert 'offboarding_operation_seconds_count{operation="Counted"} 20.0' in figures.text
    assert code == 0


async def test_has_no_figures_without_a_token(database_url: str) -> None:
    async with served(DATABASE_URL=database_url, LOG_JSON="false") as server:
        figures = await server.http.get("/metrics")

        assert not server.log.startswith("{")
    assert figures.status_code == 404


def test_the_dashboard_and_the_alerts_ask_for_figures_that_there_are() -> None:
    folder = ROOT / "docs" / "operating"
    asked = json.dumps(json.loads((folder / "dashboard.json").read_text(encoding="utf-8")))
    asked += (folder / "alerts.yml").read_text(encoding="utf-8")

    names = set(re.findall(r"offboarding_[a-z_]+", asked))

    told = "".join((ROOT / "observing" / "metrics.py").read_text(encoding="utf-8"))
    parts = r"_(bucket|count|total)$"
    assert names
    assert [name for name in names if f'"{re.sub(parts, "", name)}"' not in told] == []
