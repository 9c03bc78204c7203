"""Answers that are whole, as they reach a socket: in one write where nothing stands against it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from typing_extensions import override
from uvicorn.server import ServerState

from schema.responses import WHOLE_ANSWER
from serving.connections import Connections
from serving.exchange import Exchange
from tests.served import PATIENCE, Served, served

OK: Final = b"HTTP/1.1 200 OK\r\n"


async def nobody(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """Answer nothing."""


class Recording(asyncio.Transport):
    """A transport that keeps what each write was."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.is_closed = False

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))

    @override
    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.writes.append(b"".join(list_of_data))

    @override
    def is_closing(self) -> bool:
        return self.is_closed

    @override
    def close(self) -> None:
        self.is_closed = True


class Request:
    """A request under way, whose answer is recorded."""

    def __init__(self, method: str = "GET", *, keep_alive: bool = True) -> None:
        self.transport = Recording()
        self.state = ServerState()
        self.state.default_headers = [(b"date", b"today")]
        config = uvicorn.Config(nobody, log_config=None)
        connection = Connections(config, self.state, {}, header_seconds=9, header_bytes=9)
        connection.connection_made(self.transport)
        scope = {"type": "http", "method": method, "headers": []}
        self.exchange = Exchange(connection, scope, keep_alive=keep_alive)

    @property
    def completed(self) -> int:
        return self.state.total_requests

    async def answer(self, body: bytes, *headers: tuple[bytes, bytes]) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": list(headers)}
        await self.exchange.send({**start, WHOLE_ANSWER: body})


async def test_writes_head_and_body_together() -> None:
    request = Request()
    waiting = asyncio.create_task(request.exchange.receive())
    await asyncio.sleep(0)

    await request.answer(b"{}", (b"vary", b"Accept"))

    assert request.transport.writes == [
        OK + b"date: today\r\nvary: Accept\r\ncontent-length: 2\r\n\r\n{}"
    ]
    assert request.completed == 1
    assert request.exchange.response_complete
    assert await asyncio.wait_for(waiting, PATIENCE) == {"type": "http.disconnect"}
    assert not request.transport.is_closed


async def test_lets_uvicorn_send_what_comes_in_parts() -> None:
    request = Request()

    await request.exchange.send({"type": "http.response.start", "status": 200, "headers": []})
    for part in (b"one", b"two", b""):
        await request.exchange.send(
            {"type": "http.response.body", "body": part, "more_body": part != b""}
        )

    assert request.transport.writes == [
        OK + b"date: today\r\ntransfer-encoding: chunked\r\n\r\n",
        *(b"3\r\none\r\n", b"3\r\ntwo\r\n", b"0\r\n\r\n"),
    ]
    assert request.completed == 1


async def test_lets_uvicorn_leave_the_body_out_where_only_the_head_was_asked_for() -> None:
    request = Request("HEAD")

    await request.answer(b"{}")

    written = b"".join(request.transport.writes)
    assert written == OK + b"date: today\r\ncontent-length: 2\r\n\r\n"
    assert request.completed == 1


@pytest.mark.parametrize(
    ("keep_alive", "headers"),
    [
        pytest.param(False, [], id="the client"),
        pytest.param(True, [(b"connection", b"close")], id="the application"),
    ],
)
async def test_lets_uvicorn_close_a_connection_that_is_not_to_stay(
    headers: list[tuple[bytes, bytes]], *, keep_alive: bool
) -> None:
    request = Request(keep_alive=keep_alive)

    await request.answer(b"{}", *headers)

    assert b"".join(request.transport.writes).endswith(b"\r\n\r\n{}")
    assert b"connection: close\r\n" in b"".join(request.transport.writes)
    assert request.transport.is_closed


@pytest.mark.parametrize(
    ("name", "value", "refusal"),
    [
        (b"vary", b"a\r\nset-cookie: b", "Invalid HTTP header value"),
        (b"vary", b"a\rb", "Invalid HTTP header value"),
        (b"vary\n", b"a", "Invalid HTTP header name"),
    ],
)
async def test_lets_uvicorn_refuse_a_header_that_would_begin_another(
    name: bytes, value: bytes, refusal: str
) -> None:
    request = Request()

    with pytest.raises(RuntimeError, match=refusal):
        await request.answer(b"{}", (name, value))

    assert request.transport.writes == []


async def test_writes_nothing_for_who_has_gone() -> None:
    request = Request()
    request.exchange.disconnected = True

    await request.answer(b"{}")

    assert request.transport.writes == []


async def test_lets_uvicorn_wait_for_a_client_that_does_not_read() -> None:
    request = Request()
    request.exchange.flow.pause_writing()

    answering = asyncio.create_task(request.answer(b"{}"))
    await asyncio.sleep(0.01)
    assert request.transport.writes == []
    request.exchange.flow.resume_writing()
    await asyncio.wait_for(answering, PATIENCE)

    assert b"".join(request.transport.writes).endswith(b"content-length: 2\r\n\r\n{}")


@pytest.fixture(scope="module")
async def started(shared_database_url: str) -> AsyncIterator[Served]:
    """Yield a started server."""
    async with served(DATABASE_URL=shared_database_url) as server:
        yield server


async def test_answers_one_request_after_the_other_over_a_connection(started: Served) -> None:
    url = started.http.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    asked = [b"HEAD /health/live", b"GET /health/live", b"GET /nowhere", b"GET /health/live"]
    for line in asked[:-1]:
        writer.write(line + b" HTTP/1.1\r\nhost: x\r\n\r\n")
    writer.write(asked[-1] + b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")

    answered = await asyncio.wait_for(reader.read(), PATIENCE)
    writer.close()

    heads = [part.split(b"\r\n")[0] for part in answered.split(b"HTTP/1.1 ")[1:]]
    assert heads == [b"200 OK", b"200 OK", b"404 Not Found", b"200 OK"]
