"""Clients that take their time, and what becomes of them and of all others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Final

import pytest

from database import connected
from tests.factories import make_token, make_user
from tests.served import PATIENCE, Served, served
from tests.sockets import socket

COUNT: Final = 25
IDLE: Final = 200
QUERY: Final = "{ viewer { openTaskCount } }"
HEAD: Final = "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
UPGRADE: Final = """GET /graphql HTTP/1.1\r
Host: localhost\r
Connection: Upgrade\r
Upgrade: websocket\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r
Sec-WebSocket-Protocol: graphql-transport-ws\r
\r
"""


@pytest.fixture(scope="module")
async def token(shared_database_url: str) -> str:
    async with connected(shared_database_url):
        return await make_token(await make_user())


@pytest.fixture(scope="module")
async def hasty(shared_database_url: str) -> AsyncIterator[Served]:
    """Yield a server that waits for nobody for longer than a moment."""
    waits = {"HEADER_SECONDS": "3", "BODY_SECONDS": "3", "CONNECTION_INIT_SECONDS": "3"}
    most = {"CONNECTIONS_PER_VIEWER": "250", "KEEP_ALIVE_SECONDS": "0.5"}
    async with served(DATABASE_URL=shared_database_url, **waits, **most) as server:
        yield server
        assert "Traceback" not in server.log


async def drip(server: Served, first: str, rest: str, until: bytes | None = None) -> bytes:
    """Say something at once and the rest drop by drop; return all that is answered to that."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))

    async def dripping() -> None:
        with suppress(OSError):
            writer.write(first.encode())
            while rest:
                await asyncio.sleep(0.1)
                writer.write(rest.encode())
                await writer.drain()

    task = asyncio.create_task(dripping())
    answer = b""
    with suppress(ConnectionResetError):
        async with asyncio.timeout(PATIENCE):
            while (until is None or until not in answer) and (more := await reader.read(1_000)):
                answer += more
    task.cancel()
    writer.close()
    return answer


async def test_gives_up_who_drips_and_serves_others_meanwhile(hasty: Served, token: str) -> None:
    known = f"{HEAD}Authorization: Bearer {token}\r\n"
    whole = f"{known}Content-Length: 2\r\n\r\n{{}}"
    ways = {
        "nothing": ("", ""),
        "blank lines": ("", "\r\n"),
        "a header": (f"{known}X: ", "x"),
        "a body": (f"{known}Content-Length: 1000\r\n\r\n", " "),
        "another header": (f"{whole}{HEAD}", "X"),
        "blank lines after an answer": (whole, "\r\n"),
    }

    slow = {
        name: [asyncio.create_task(drip(hasty, *way)) for _ in range(COUNT)]
        for name, way in ways.items()
    }
    await asyncio.sleep(0.2)
    quick = [await hasty.client(token).ask(QUERY) for _ in range(20)]
    answers = {name: set(await asyncio.gather(*tasks)) for name, tasks in slow.items()}

    assert len(quick) == 20
    assert answers["nothing"] == answers["blank lines"] == {b""}
    for name in ("a header", "a body"):
        assert {answer[:13] for answer in answers[name]} == {b"HTTP/1.1 408 "}
    for answer in answers["another header"]:
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.count(b"HTTP/1.1 408 ") == 1
    for answer in answers["blank lines after an answer"]:
        assert answer.count(b"HTTP/1.1") == 1


async def flood(server: Served, first: str, more: str) -> tuple[bytes, int]:
    """Say something, then more without end; return the answer and how much was taken before it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    said = 0
    with suppress(ConnectionError):
        writer.write(first.encode())
        while said < 20_000_000 and not reader.at_eof():
            writer.write(more.encode())
            await writer.drain()
            said += len(more)
    answer = b""
    with suppress(ConnectionError):
        answer = await reader.read()
    writer.close()
    return answer, said


@pytest.mark.parametrize(
    ("first", "more"),
    [
        ("GET /", "x" * 50_000),
        (f"{HEAD}X: ", "x" * 50_000),
        (HEAD, "".join(f"X-{number}: {'x' * 500}\r\n" for number in range(100))),
    ],
    ids=["an address", "a header", "headers"],
)
async def test_cuts_off_who_says_more_before_the_body_than_anybody_needs(
    hasty: Served, first: str, more: str
) -> None:
    answer, said = await flood(hasty, first, more)

    assert said < 10_000_000  # what the buffers of two sockets hold, and no more
    # The rest of the flood may reset the connection before the answer is read.
    assert answer[:13] in {b"HTTP/1.1 431 ", b""}


async def test_cuts_off_trailers_that_do_not_end(hasty: Served, token: str) -> None:
    head = f"{HEAD}Authorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n"

    answer, said = await flood(hasty, f"{head}2\r\n{{}}\r\n0\r\nX: ", "x" * 50_000)

    assert said < 10_000_000
    assert answer == b""


async def test_tells_how_large_headers_may_be(hasty: Served) -> None:
    statuses = [
        (await hasty.http.get("/health/live", headers={"x": "x" * size})).status_code
        for size in (31_000, 32_000)
    ]

    assert statuses == [200, 431]


async def test_serves_others_beside_many_websockets_that_say_nothing(
    hasty: Served, token: str
) -> None:
    async with AsyncExitStack() as stack:
        strangers = [await stack.enter_async_context(socket(hasty.url)) for _ in range(IDLE)]
        quick = [await hasty.client(token).ask(QUERY) for _ in range(20)]
        closed = set(await asyncio.gather(*(one.closed() for one in strangers)))
    async with AsyncExitStack() as stack:
        idle = [await stack.enter_async_context(socket(hasty.url, token)) for _ in range(IDLE)]
        await asyncio.sleep(3.2)
        for one in idle:
            await one.say(type="ping")
        pongs = await asyncio.gather(*(one.hear() for one in idle))

    assert len(quick) == 20
    assert closed == {(4408, "Connection initialisation timeout")}
    assert pongs == [{"type": "pong"}] * IDLE


async def test_gives_websockets_signs_of_life(hasty: Served) -> None:
    heard = await drip(hasty, UPGRADE, "", until=b"timeout")

    _, _, frames = heard.partition(b"\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 101 ")
    assert frames[0] == 0x89  # a ping
    assert b"Connection initialisation timeout" in frames
