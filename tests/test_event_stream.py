"""Streams over HTTP at `/graphql`: server-sent events, and Apollo's multipart subscriptions."""

import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import orjson
import pytest

from database import connected
from models import ApiToken
from tests.bank import KINDS, SET_STATUS, Bank, make_bank
from tests.factories import make_token, make_user
from tests.served import PATIENCE, served
from tests.streaming import Stream, streamed

EVENTS: Final = "text/event-stream"
PARTS: Final = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json"
EMPTY: Final = b"\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql"
COMPLETE: Final = b"event: complete\ndata:"
NEXT: Final = b'event: next\ndata: {"data":{"activity":{"kind":"STATUS_CHANGED"}}}\n\n'


@pytest.fixture(scope="module")
async def bank(shared_database_url: str) -> AsyncIterator[Bank]:
    """Yield a bank whose server gives a sign of life every second."""
    async with served(DATABASE_URL=shared_database_url, KEEP_ALIVE_SECONDS="1") as server:
        yield await make_bank(shared_database_url, server)
        assert "Traceback" not in server.log
        assert server.stop() == 0


def stream(
    bank: Bank, query: str, accept: str = EVENTS, token: str | None = None, **variables: Any
) -> AbstractAsyncContextManager[Stream]:
    """Ask for a stream."""
    headers = {"authorization": f"Bearer {token or bank.token}", "accept": accept}
    return streamed(bank.url, "POST", "/graphql", headers, query=query, variables=variables)


def without_signs_of_life(told: bytes) -> list[bytes]:
    """Return the events of a stream that has ended: between them there may be signs of life."""
    *events, rest = told.split(b"\n\n")
    assert rest == b""
    return [event for event in events if event != b":"]


async def after_all(opened: Stream, alive: bytes, until: bytes) -> bytes:
    """Return what comes next, but for the signs of life that may come before."""
    while (found := await opened.read(until)) == alive:
        pass
    return found


async def test_sends_events_as_they_happen_and_signs_of_life(bank: Bank) -> None:
    async with stream(bank, KINDS) as events:
        opening = await events.read(b"\n\n")
        await bank.happen()
        first = await after_all(events, b":\n\n", b"\n\n")
        await bank.happen()
        second = await after_all(events, b":\n\n", b"\n\n")
        alive = await events.read(b"\n\n")

    assert events.response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert events.response.headers["cache-control"] == "no-store"
    assert events.response.headers["vary"] == "Accept"
    assert (opening, first, second, alive) == (b":\n\n", NEXT, NEXT, b":\n\n")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("{ __typename }", b'{"data":{"__typename":"Query"},"extensions":{"cost":1}}'),
        (
            "{ nothing }",
            (
                b'{"errors":[{"message":"Cannot query field \'nothing\' on type \'Query\'.",'
                b'"locations":[{"line":1,"column":3}],"extensions":{"code":"BAD_REQUEST"}}]}'
            ),
        ),
    ],
)
async def test_ends_with_complete_what_has_one_answer(bank: Bank, query: str, told: bytes) -> None:
    async with stream(bank, query) as events:
        whole = await events.rest()

    assert whole.startswith(b":\n\n")
    assert without_signs_of_life(whole) == [b"event: next\ndata: " + told, COMPLETE]


async def test_executes_a_mutation_once(bank: Bank) -> None:
    async with stream(bank, SET_STATUS, id=bank.offboarding, status="REVIEW") as events:
        whole = await events.rest()

    assert whole.count(b"SetOffboardingStatusSuccess") == 1
    assert whole.endswith(b"event: complete\ndata:\n\n")


@pytest.mark.parametrize(
    "accept",
    [
        "application/graphql-response+json, application/json, text/event-stream, multipart/mixed",
        "*/*",
    ],
)
async def test_answers_in_json_who_takes_it(bank: Bank, accept: str) -> None:
    async with stream(bank, "{ __typename }", accept) as answer:
        whole = await answer.rest()
    async with stream(bank, KINDS, accept.replace("text/event-stream", "text/html")) as refused:
        how = orjson.loads(await refused.rest())

    assert orjson.loads(whole)["data"] == {"__typename": "Query"}
    assert refused.response.status_code == 400
    assert "text/event-stream" in how["errors"][0]["message"]


async def test_sends_parts_that_each_end_with_a_boundary(bank: Bank) -> None:
    async with stream(bank, KINDS, PARTS) as parts:
        opening = await parts.read(b"--graphql")
        await bank.happen()
        first = await after_all(parts, EMPTY, b"--graphql")
        alive = await parts.read(b"--graphql")
    async with stream(bank, "subscription { nothing }", PARTS) as refused:
        told_of = orjson.loads(await refused.rest())

    head = b"\r\ncontent-type: application/json\r\n\r\n"
    told = b'{"payload":{"data":{"activity":{"kind":"STATUS_CHANGED"}}}}'
    assert parts.response.headers["content-type"] == (
        'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"'
    )
    assert opening == b"\r\n--graphql"
    assert first == head + told + b"\r\n--graphql"
    assert alive == head + b"{}\r\n--graphql"
    assert [error["extensions"]["code"] for error in told_of["errors"]] == ["BAD_REQUEST"]


async def test_ends_a_stream_whose_token_was_revoked(bank: Bank, shared_database_url: str) -> None:
    async with connected(shared_database_url):
        token = await make_token(await make_user())
    async with stream(bank, KINDS, token=token) as events:
        await events.read(b"\n\n")
        async with connected(shared_database_url):
            (latest,) = await ApiToken.all().order_by("-created_at").limit(1)
            latest.revoked_at = latest.expires_at
            await latest.save()

        last = await events.rest()

    message = "The credential is no longer good; show another."
    told = {"errors": [{"message": message, "extensions": {"code": "UNAUTHENTICATED"}}]}
    assert without_signs_of_life(last) == [b"event: next\ndata: " + orjson.dumps(told), COMPLETE]


async def test_cuts_streams_off_without_complete_when_it_ends(database_url: str) -> None:
    async with served(DATABASE_URL=database_url, CONNECTIONS_PER_VIEWER="2") as server:
        bank = await make_bank(database_url, server)
        async with stream(bank, KINDS) as events, stream(bank, KINDS, PARTS) as parts:
            async with stream(bank, KINDS) as third:
                too_many = third.response.status_code
            server.process.send_signal(signal.SIGTERM)
            last = [await events.rest(), await parts.rest()]
        code, log = server.process.wait(PATIENCE), server.log

    assert too_many == 429
    assert last[0] == b":\n\n"
    assert b'"code":"RESTARTING"' in last[1]
    assert code == 0
    assert "Traceback" not in log
