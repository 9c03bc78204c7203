"""Websockets at `/graphql`: graphql-transport-ws, and what becomes of all that is not."""

import asyncio
import os
import signal
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
from websockets import ConnectionClosed

from database import connected, fetch_rows
from models import ApiToken
from tests.bank import KINDS, KINDS_AFTER, NEXT, SET_STATUS, Bank, make_bank
from tests.factories import make_token, make_user
from tests.served import PATIENCE, Served, served
from tests.sockets import Socket, socket

VIEWED: Final = {"data": {"viewer": {"clientAccess": "OPEN"}}, "extensions": {"cost": 2}}
ACCESS: Final = "query ($yes: Boolean!) { viewer @include(if: $yes) { clientAccess } }"


@pytest.fixture(scope="module")
async def bank(shared_database_url: str) -> AsyncIterator[Bank]:
    """Yield a bank whose server soon looks whether who opened a websocket still may use it."""
    async with served(DATABASE_URL=shared_database_url, CONNECTION_INIT_SECONDS="3") as server:
        yield await make_bank(shared_database_url, server)
        assert "Traceback" not in server.log
        assert server.stop() == 0


async def test_carries_queries_mutations_and_subscriptions(bank: Bank) -> None:
    async with socket(bank.url, bank.token) as opened:
        await opened.subscribe("s", KINDS)
        await opened.until_live()
        await opened.subscribe(
            "q", "query ($yes: Boolean!) { viewer @include(if: $yes) { clientAccess } }", yes=True
        )
        asked = [await opened.hear_of("q"), await opened.hear_of("q")]
        await opened.subscribe("m", SET_STATUS, id=bank.offboarding, status="REVIEW")
        said = {message["id"]: message for message in [await opened.hear() for _ in range(3)]}

    assert asked == [
        {"id": "q", "type": "next", "payload": VIEWED},
        {"id": "q", "type": "complete"},
    ]
    assert said == {
        "m": {"id": "m", "type": "complete"},
        "s": {"id": "s", "type": "next", "payload": NEXT},
    }


async def test_follows_the_log_before_it_begins_what_is_asked_next(
    bank: Bank, shared_database_url: str
) -> None:
    locker = await asyncpg.connect(shared_database_url)
    try:
        async with socket(bank.url, bank.token) as opened:
            async with locker.transaction():
                await locker.execute("lock table activity in access exclusive mode")
                await opened.subscribe("s", KINDS)
                await opened.subscribe("q", "{ __typename }")
                await opened.say(type="ping")
                meanwhile = await opened.hear()
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(opened.connection.recv(), 0.3)

            answered = await opened.hear()
    finally:
        await locker.close()

    assert meanwhile == {"type": "pong"}
    assert (answered["id"], answered["payload"]["data"]) == ("q", {"__typename": "Query"})


async def test_does_not_wait_for_a_subscription_that_was_ended_before_it_began(
    bank: Bank, shared_database_url: str
) -> None:
    locker = await asyncpg.connect(shared_database_url)
    try:
        async with socket(bank.url, bank.token) as opened, locker.transaction():
            await locker.execute("lock table activity in access exclusive mode")
            await opened.subscribe("s", KINDS)
            await opened.subscribe("never", KINDS)
            await opened.subscribe("q", "{ __typename }")
            await opened.say(type="complete", id="never")
            await opened.say(type="complete", id="s")

            answered = await opened.hear()
    finally:
        await locker.close()

    assert (answered["id"], answered["payload"]["data"]) == ("q", {"__typename": "Query"})


@pytest.mark.parametrize("shown", ["header", "Authorization", "authorization", "authToken"])
async def test_takes_a_token_as_a_header_or_in_the_first_message(bank: Bank, shown: str) -> None:
    bearer = f"Bearer {bank.token}"
    headers = {"authorization": bearer} if shown == "header" else {}
    payload = {} if shown == "header" else {shown: bearer}

    async with socket(bank.url, **headers) as opened:
        await opened.begin(**payload)
        await opened.subscribe("q", "{ __typename }")

        assert (await opened.hear())["payload"]["data"] == {"__typename": "Query"}


async def test_is_for_no_page_of_another_site_even_with_a_token(bank: Bank) -> None:
    async with socket(bank.url, bank.token, Origin=bank.url) as opened:
        await opened.until_live()
    for origin in ("https://evil.example", "null"):
        async with socket(bank.url, Origin=origin) as opened:
            await opened.say(type="connection_init", payload={"authToken": bank.token})

            assert await opened.closed() == (4403, "ORIGIN_NOT_ALLOWED: show a good credential.")


async def test_closes_who_does_not_say_who_they_are(bank: Bank) -> None:
    async with socket(bank.url) as hasty:
        await hasty.subscribe("q", "{ __typename }")
        unauthorized = await hasty.closed()
    async with socket(bank.url) as unknown:
        await unknown.say(type="connection_init", payload={"authToken": "offb_x"})
        forbidden = await unknown.closed()
    async with socket(bank.url, protocol="graphql-ws") as old:
        legacy = await old.closed()

    assert unauthorized == (4401, "Unauthorized")
    assert forbidden == (4403, "UNAUTHENTICATED: show a good credential.")
    assert legacy == (4406, "The subprotocol is graphql-transport-ws.")


ODD: Final[dict[str, str | bytes]] = {
    "a list": "[]",
    "a number": "1",
    "a text": '"text"',
    "null": "null",
    "no JSON": "{",
    "an unknown type": '{"type": "start"}',
    "a type of no text": '{"type": 7}',
    "no id": '{"type": "subscribe", "payload": {"query": "{ __typename }"}}',
    "an id of no text": '{"type": "subscribe", "id": [], "payload": {"query": "{ __typename }"}}',
    "a payload of no object": '{"type": "subscribe", "id": "q", "payload": "query"}',
    "a query of no text": '{"type": "subscribe", "id": "q", "payload": {"query": 1}}',
    "variables of no object": (
        '{"type": "subscribe", "id": "q", "payload": {"query": "{ __typename }", "variables": 1}}'
    ),
    "a huge text": '"' + "x" * 200_000 + '"',
    "bytes": b"{}",
}


@pytest.mark.parametrize("frame", ODD.values(), ids=ODD.keys())
async def test_closes_a_socket_on_which_nothing_runs_for_an_odd_frame(
    bank: Bank, frame: str | bytes
) -> None:
    async with socket(bank.url, bank.token) as opened:
        await opened.connection.send(frame)

        assert (await opened.closed())[0] == 4400


async def test_answers_odd_frames_beside_a_healthy_operation_which_goes_on(bank: Bank) -> None:
    again = '{"type": "connection_init"}'
    async with socket(bank.url, bank.token) as opened:
        await opened.subscribe("healthy", KINDS)
        await opened.subscribe("twice", KINDS)
        await opened.until_live()
        for frame in (*ODD.values(), again):
            await opened.connection.send(frame)
        refused: list[Any] = [await opened.hear() for _ in range(len(ODD) + 1)]
        await opened.subscribe("twice", KINDS)
        twice = await opened.hear()
        await opened.subscribe("broken", "subscription {")
        broken = await opened.hear()
        await bank.happen()
        after = await opened.hear_of("healthy")

    assert {message["type"] for message in refused} == {"error"}
    assert {message["id"] for message in refused} <= {"", "q"}
    assert (twice["id"], twice["type"]) == ("twice", "error")
    assert broken == {
        "id": "broken",
        "type": "error",
        "payload": [
            {
                "message": "Syntax Error: Expected Name, found <EOF>.",
                "locations": [{"line": 1, "column": 15}],
                "extensions": {"code": "BAD_REQUEST"},
            }
        ],
    }
    assert after == {"id": "healthy", "type": "next", "payload": NEXT}


async def test_closes_as_the_protocol_says(bank: Bank) -> None:
    async with socket(bank.url, bank.token) as same:
        await same.subscribe("twice", KINDS)
        await same.subscribe("twice", KINDS)
        duplicate = await same.closed()
    async with socket(bank.url, bank.token) as long:
        await long.subscribe("é" * 200, KINDS)
        await long.subscribe("é" * 200, KINDS)
        cut = await long.closed()
    async with socket(bank.url, bank.token) as again:
        await again.say(type="connection_init")
        twice = await again.closed()
    async with socket(bank.url, bank.token) as large:
        await large.connection.send("x" * 1_000_001)
        huge = (await large.closed())[0]

    assert duplicate == (4409, "Subscriber for twice already exists")
    assert cut == (4409, "Subscriber for " + "é" * 54)
    assert twice == (4429, "Too many initialisation requests")
    assert huge == 1009


async def test_answers_ping_and_forgets_what_is_complete(bank: Bank) -> None:
    async with socket(bank.url, bank.token) as opened:
        await opened.say(type="ping", payload={"at": 1})
        pong = await opened.hear()
        await opened.subscribe("s", KINDS)
        await opened.say(id="s", type="complete")
        await opened.subscribe("s", KINDS)
        await opened.until_live()
        await bank.happen()
        told = await opened.hear()
        await opened.until_live()

    assert pong == {"type": "pong", "payload": {"at": 1}}
    assert told == {"id": "s", "type": "next", "payload": NEXT}


async def test_bounds_the_operations_of_a_socket(bank: Bank) -> None:
    await bank.happen()
    place = await bank.place()
    async with socket(bank.url, bank.token) as opened:
        for number in range(1_000):
            # From a place on, so that nobody can come too late for what happens.
            await opened.subscribe(str(number), KINDS_AFTER, after=place)
        refused = [await opened.hear() for _ in range(950)]
        await bank.happen()
        told = [await opened.hear() for _ in range(50)]

    assert {message["type"] for message in refused} == {"error"}
    assert refused[0]["payload"] == [
        {
            "message": "At most 50 operations run at once on one websocket.",
            "extensions": {"code": "TOO_MANY_OPERATIONS"},
        }
    ]
    assert {message["id"] for message in told} == {str(number) for number in range(50)}
    assert all(message["payload"] == NEXT for message in told)


async def test_closes_when_the_token_is_revoked(bank: Bank, shared_database_url: str) -> None:
    async with connected(shared_database_url):
        token = await make_token(await make_user())
    async with socket(bank.url, token) as opened:
        await opened.subscribe("s", KINDS)
        await opened.until_live()
        async with connected(shared_database_url):
            (latest,) = await ApiToken.all().order_by("-created_at").limit(1)
            latest.revoked_at = latest.expires_at
            await latest.save()

        closed = await opened.closed()

    assert closed == (4403, "UNAUTHENTICATED: The credential is no longer good; show another.")


async def test_tells_clients_to_come_back_when_it_ends(database_url: str) -> None:
    async with served(DATABASE_URL=database_url, CONNECTIONS_PER_VIEWER="2") as server:
        bank = await make_bank(database_url, server)
        async with socket(bank.url, bank.token) as idle, socket(bank.url, bank.token) as opened:
            await opened.subscribe("s", KINDS)
            await opened.until_live()
            async with socket(bank.url) as third:
                await third.say(type="connection_init", payload={"authToken": bank.token})
                too_many = await third.closed()
            server.process.send_signal(signal.SIGTERM)
            closed = [await one.closed() for one in (idle, opened)]
        code, log = server.process.wait(PATIENCE), server.log

    assert too_many == (4429, "You have too many streams open; close some first.")
    assert [code for code, _ in closed] == [1012, 1012]
    assert code == 0
    assert "Traceback" not in log


ENTRIES: Final = 20_000
LONG_LOG: Final = f"""
insert into activity (organisation_id, kind, occurred_at, offboarding_id, party_id, changes)
select organisation_id, 'STATUS_CHANGED', now(), id, party_id,
  jsonb_build_array(jsonb_build_object('field', 'x', 'before', null, 'after', repeat('x', 900)))
from offboarding, generate_series(1, {ENTRIES})
"""
WHOLE: Final = """subscription ($after: Cursor) {
  activity(after: $after) { id cursor changes { after } }
}"""


def memory_of(server: Served) -> float:
    """Return the memory of a server's process in MB."""
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Memory is read from /proc.")
async def test_closes_who_does_not_read_and_lets_them_read_on(database_url: str) -> None:
    seen: list[int] = []
    places = [b64encode(b'["ID ASC", 0]').decode()]

    async def read(opened: Socket, most: int) -> None:
        while len(seen) < most:
            entry = (await opened.hear())["payload"]["data"]["activity"]
            seen.append(int(entry["id"].removeprefix("activity_")))
            places.append(entry["cursor"])

    async with served(DATABASE_URL=database_url, SUBSCRIBER_PATIENCE_SECONDS="0.5") as server:
        bank = await make_bank(database_url, server)
        async with connected(database_url, seconds=60):
            await fetch_rows(LONG_LOG, [])
        before = memory_of(server)
        grown, closed = 0.0, None
        # Not read on: the line fills, sooner or later, and then the server's patience ends.
        for pause in (1, 4, 16):
            async with socket(bank.url, bank.token) as slow:
                await slow.subscribe("s", WHOLE, after=places[0])
                await read(slow, 1)
                await asyncio.sleep(pause)
                grown = memory_of(server) - before
                try:
                    await read(slow, ENTRIES)
                except ConnectionClosed as error:
                    closed = error
                    break
            del seen[:], places[1:]
        while len(seen) < ENTRIES:  # who is slow in earnest is closed again
            async with socket(bank.url, bank.token) as again:
                await again.subscribe("s", WHOLE, after=places[-1])
                with suppress(ConnectionClosed):
                    await read(again, ENTRIES)

    assert closed is not None
    assert closed.rcvd is not None
    assert closed.rcvd.code == 1013
    assert grown < 30
    assert len(seen) == ENTRIES
    assert seen == sorted(set(seen))
