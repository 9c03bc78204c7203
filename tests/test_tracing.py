"""Traces of a started server, as a collector gets them over OTLP."""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from typing_extensions import override

from database import connected, fetch_text
from models import Webhook
from models.webhook import new_secret
from tests.bank import SET_STATUS, Bank, make_bank
from tests.factories import make_user
from tests.mail.mail_server import mail_server
from tests.served import served, served_anew, until
from tests.sockets import socket

TRACE: Final = "0af7651916cd43dd8448eb211c80319c"
CALLER: Final = "b7ad6b7169203331"
NAME: Final = "Quirina Zwart"
SEARCH: Final = "query Tasks ($s: String) { offboardings(filter: {search: $s}) { totalCount } }"


@dataclass(frozen=True)
class Span:
    """A span as the collector got it."""

    name: str
    kind: str
    trace: str
    id: str
    parent: str
    about: dict[str, Any]
    failed: bool


@dataclass
class Collector:
    """Keeps the spans it is sent, and who sent them."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    services: set[str] = field(default_factory=set)
    received: bytes = b""

    def take(self, body: bytes) -> None:
        self.received += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            named = {a.key: a.value.string_value for a in resource.resource.attributes}
            self.services.add(named["service.name"])
            for scope in resource.scope_spans:
                self.spans += map(_span_of, scope.spans)

    def of(self, trace: str) -> list[Span]:
        return [span for span in self.spans if span.trace == trace]

    async def named(self, name: str) -> Span:
        """Return the span of a name, once it is here."""
        await until(lambda: name in {span.name for span in self.spans})
        return next(span for span in self.spans if span.name == name)


def _span_of(span: Any) -> Span:
    return Span(
        span.name,
        {2: "server", 3: "client"}.get(span.kind, "other"),
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        {a.key: a.value.string_value or a.value.int_value for a in span.attributes},
        span.status.code == 2,
    )


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/v1/traces":
                collector.take(body)
            else:  # a receiver of webhooks
                collector.services.add(f"webhook {self.headers.get('traceparent')}")
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        @override
        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        collector.url = f"http://127.0.0.1:{http.server_address[1]}"
        Thread(target=http.serve_forever, daemon=True).start()
        yield collector
        http.shutdown()


@asynccontextmanager
async def traced(url: str, **settings: str) -> AsyncIterator[tuple[Bank, Collector]]:
    """Start a server that is traced, in which there is something to do."""
    with collecting() as collector:
        settings |= {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        async with served(DATABASE_URL=url, **settings) as server:
            yield await make_bank(url, server), collector


async def ask(bank: Bank, query: str, variables: Any = None, **headers: str) -> Any:
    sent = {"authorization": f"Bearer {bank.token}", **headers}
    body = {"query": query, "variables": variables}
    return await bank.server.http.post("/graphql", json=body, headers=sent)


@pytest.fixture(scope="module")
async def place(shared_database_url: str) -> AsyncIterator[tuple[Bank, Collector]]:
    """Yield a server that is traced and its collector, for tests that tell their spans apart."""
    async with traced(shared_database_url) as bank_and_collector:
        yield bank_and_collector


async def test_goes_on_with_the_trace_that_came_along(place: tuple[Bank, Collector]) -> None:
    bank, collector = place
    answer = await ask(bank, SEARCH, {"s": NAME}, traceparent=f"00-{TRACE}-{CALLER}-01")
    operation = await collector.named("query Tasks")
    await until(lambda: len(collector.of(TRACE)) >= 2)
    # The log is written a little later.
    await until(lambda: TRACE in bank.server.log)
    log = bank.server.log

    (statement,) = [span for span in collector.of(TRACE) if span is not operation]
    assert answer.status_code == 200
    assert collector.services == {"offboarding"}
    assert (operation.trace, operation.parent, operation.kind) == (TRACE, CALLER, "server")
    assert operation.about == {
        "graphql.operation.name": "Tasks",
        "graphql.operation.type": "query",
        "http.request.method": "POST",
        "http.route": "/graphql",
        "http.response.status_code": 200,
    }
    assert not operation.failed
    assert (statement.name, statement.kind, statement.parent) == ("SELECT", "client", operation.id)
    assert statement.about["db.system.name"] == "postgresql"
    assert "from offboarding" in statement.about["db.query.text"]
    told = [line for line in map(json.loads, log.splitlines()) if line.get("trace_id") == TRACE]
    assert [(line["event"], line["span_id"]) for line in told] == [("request", operation.id)]


async def test_tells_a_collector_nothing_that_is_in_a_request(
    place: tuple[Bank, Collector],
) -> None:
    bank, collector = place
    await ask(bank, SEARCH.replace("Tasks", "Searched"), {"s": NAME})
    await ask(bank, f'{{ offboardings(filter: {{search: "{NAME}"}}) {{ totalCount }} }}')
    await collector.named("query Searched")
    await collector.named("query")

    for secret in ("Quirina", "Zwart", "($s: String)", bank.token, ".example"):
        assert secret.encode() not in collector.received


async def test_tells_of_mistakes_and_faults(
    place: tuple[Bank, Collector], shared_database_url: str
) -> None:
    bank, collector = place
    await ask(bank, "{ nope }")
    mistake = await collector.named("POST /graphql")
    async with connected(shared_database_url):
        await fetch_text("alter table offboarding rename column comment to remark", [])
        await ask(bank, "query Broken { offboardings { nodes { comment } } }")
        await fetch_text("alter table offboarding rename column remark to comment", [])
    fault = await collector.named("query Broken")
    statements = [s for s in collector.of(fault.trace) if s.parent == fault.id and s.failed]

    assert (mistake.about["error.type"], mistake.failed) == ("BAD_REQUEST", False)
    assert (fault.about["error.type"], fault.failed) == ("INTERNAL", True)
    assert [s.about["error.type"] for s in statements] == ["42703"]
    assert b"does not exist" not in collector.received


async def test_traces_each_operation_on_a_websocket(place: tuple[Bank, Collector]) -> None:
    bank, collector = place
    trace = TRACE[::-1]
    async with socket(bank.url, bank.token, traceparent=f"00-{trace}-{CALLER}-01") as opened:
        await opened.subscribe("1", "query One { viewer { openTaskCount } }")
        await opened.subscribe("2", SET_STATUS.replace("mutation", "mutation Two"), **moved(bank))
        one = await collector.named("query One")
        two = await collector.named("mutation Two")
        await until(lambda: "WITH" in {s.name for s in collector.of(trace)})

    assert {(s.trace, s.parent, s.kind) for s in (one, two)} == {(trace, CALLER, "server")}
    of_each = [{s.name for s in collector.of(trace) if s.parent == o.id} for o in (one, two)]
    assert of_each == [{"SELECT"}, {"SELECT", "WITH"}]


def moved(bank: Bank) -> dict[str, str]:
    return {"id": bank.offboarding, "status": "IN_PROGRESS"}


async def test_traces_each_letter_and_each_webhook(database_url: str) -> None:
    async with mail_server() as mail:
        settings = {"SMTP_HOST": mail.smtp.host, "SMTP_PORT": str(mail.smtp.port)}
        async with traced(database_url, **settings, WEBHOOK_ALLOW_PRIVATE="true") as (
            bank,
            collector,
        ):
            async with connected(database_url):
                administrator = await make_user(groups=["Administrator"])
                colleague = await make_user()
                await Webhook.create(
                    organisation_id=administrator.organisation_id,
                    url=f"{collector.url}/events",
                    secret=new_secret(),
                    place=0,
                    created_by_id=administrator.id,
                )
            assign = """mutation Assign ($id: ID!, $to: ID!) {
              assignOffboarding(input: {offboardingId: $id, assigneeId: $to}) { __typename } }"""
            variables = {"id": bank.offboarding, "to": f"user_{colleague.id}"}
            answer = await ask(bank, assign, variables)
            told = answer.json()["data"]["assignOffboarding"]
            assert told == {"__typename": "AssignOffboardingSuccess"}
            letter = await collector.named("send letter")
            post = await collector.named("POST webhook")
            await until(
                lambda: any(service.startswith("webhook") for service in collector.services)
            )

    assert letter.about["offboarding.letter.kind"] == "TASK_ASSIGNED"
    assert (letter.kind, letter.parent, post.kind, post.parent) == ("client", "", "client", "")
    sent = f"webhook 00-{post.trace}-{post.id}-"
    assert [service for service in collector.services if service.startswith(sent)] != []
    assert colleague.email.encode() not in collector.received


async def test_ends_in_time_while_the_collector_is_away(database_url: str) -> None:
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    async with served(DATABASE_URL=database_url, **settings) as server:
        bank = await make_bank(database_url, server)
        answer = await ask(bank, "{ __typename }")
        code = await asyncio.to_thread(server.stop)

    assert answer.status_code == 200
    assert code == 0


WITHOUT: Final = """
import runpy, sys
sys.path.insert(0, sys.argv[1])
sys.modules["opentelemetry"] = None
sys.argv = ["server.py"]
runpy.run_path(sys.path[0] + "/server.py", run_name="__main__")
"""


async def test_says_so_where_opentelemetry_is_not_installed(database_url: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        program = Path(name) / "without.py"
        program.write_text(WITHOUT, encoding="utf-8")
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
        root = str(Path(__file__).parents[1])
        async with served_anew(str(program), root, DATABASE_URL=database_url, **settings) as server:
            bank = await make_bank(database_url, server)
            answer = await ask(bank, "{ __typename }")
            said = [json.loads(line)["event"] for line in server.log.splitlines()]

    assert answer.status_code == 200
    assert (
        "No trace leaves: OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed."
        " Install what requirements-tracing.lock lists."
    ) in said


@pytest.mark.parametrize("name", ["server", "worker"])
def test_imports_nothing_of_opentelemetry_where_it_is_not_wanted(name: str) -> None:
    code = f"import sys, {name}; print([m for m in sys.modules if 'opentelemetry' in m])"
    root = Path(__file__).parents[1]

    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
