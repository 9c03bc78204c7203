"""Connections of the server: what an application is told of what came over a socket, and when."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from serving.connections import Connections
from serving.sockets import Sockets
from tests.served import PATIENCE, until

REST: Final = 0.3
TOLD: Final = ("method", "path", "raw_path", "query_string", "http_version", "root_path", "scheme")


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what was asked, its body received as any application does."""
    if scope["path"] == "/slow":
        await asyncio.sleep(2 * REST)
    body, more = b"", True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    names = b" ".join(name for name, _ in scope["headers"]).decode()
    told = {name: str(scope[name]) for name in TOLD}
    await tell(send, told | {"body": body.decode(), "headers": names})


async def hoard(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with how much of the body is there after a while, how much in all, and the state."""
    await asyncio.sleep(REST)
    first = message = await receive()
    size = len(message["body"])
    while message["more_body"]:
        message = await receive()
        size += len(message["body"])
    await tell(send, [len(first["body"]), size, sorted(scope["state"])])
    scope["state"]["left by one request"] = True


async def chat(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer over HTTP at once, and over a websocket later."""
    if scope["type"] == "http":
        await tell(send, "asked")
        return
    await receive()
    await send({"type": "websocket.accept"})
    await asyncio.sleep(4 * REST)
    await send({"type": "websocket.send", "text": "still here"})
    await send({"type": "websocket.close"})


async def take(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer with the body if all of it is there."""
    body = scope["whole_body"]()
    await tell(send, None if body is None else body.decode())


async def wait(scope: Scope, receive: Receive, send: Send) -> None:
    """Take the body and answer with what is received after it."""
    taken = scope["whole_body"]() is not None
    message = await receive()
    gone.append((taken, message["type"]))
    await tell(send, message["type"])


gone: Final[list[tuple[bool, str]]] = []


async def tell(send: Send, told: object) -> None:
    body = json.dumps(told).encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Client:
    """Somebody at the other end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def say(self, *parts: bytes) -> None:
        self.writer.write(b"".join(parts))

    async def hear(self) -> Any:
        """Return what the next answer tells."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n"), head
            _, _, length = head.partition(b"content-length: ")
            return json.loads(await self.reader.readexactly(int(length.split(b"\r\n")[0])))

    async def rest(self) -> bytes:
        """Return all that comes until the other end closes."""
        return await asyncio.wait_for(self.reader.read(), PATIENCE)


@asynccontextmanager
async def client_of(app: Callable[..., Any]) -> AsyncIterator[Client]:
    """Yield a client of an application."""
    config = uvicorn.Config(app, log_config=None, ws=Sockets, root_path="/at")
    config.timeout_keep_alive = REST  # type: ignore[assignment] # seconds, which need not be whole
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connections(config, state, {}, header_seconds=PATIENCE, header_bytes=9_000),
        *("127.0.0.1", 0),
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        server.close()


def posted(path: str, body: bytes) -> bytes:
    return b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (
        *(path.encode(), len(body)),
        body,
    )


async def test_tells_of_each_request_what_it_asks_for() -> None:
    asked = ["/one?a=1&b=%20", "/one?a=1&b=%20", "/a%20b%2Fc", "/one", "http://x/whole?b"]
    async with client_of(echo) as client:
        told = []
        for path in asked:
            client.say(posted(path, b"{}"))
            told.append(await client.hear())

    common = {"method": "POST", "http_version": "1.1", "root_path": "/at", "scheme": "http"}
    common["headers"] = "host content-length"
    assert told == [
        common | {"path": path, "raw_path": raw, "query_string": query, "body": "{}"}
        for path, raw, query in (
            ("/at/one", "b'/at/one'", "b'a=1&b=%20'"),
            ("/at/one", "b'/at/one'", "b'a=1&b=%20'"),
            ("/at/a b/c", "b'/at/a%20b%2Fc'", "b''"),
            ("/at/one", "b'/at/one'", "b''"),
            ("/at/whole", "b'/at/whole'", "b'b'"),
        )
    ]


async def test_answers_in_the_order_in_which_was_asked() -> None:
    async with client_of(echo) as client:
        client.say(posted("/slow", b"1"), posted("/2", b"2"), posted("/3", b"3"))
        told = [await client.hear() for _ in range(3)]

    assert [(one["path"], one["body"]) for one in told] == [
        *(("/at/slow", "1"), ("/at/2", "2"), ("/at/3", "3"))
    ]


async def test_gives_an_application_the_body_in_the_parts_in_which_it_comes() -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    async with client_of(echo) as client:
        for part in (head, b"3\r\none\r\n", b"3\r\ntw", b"o\r\n", b"0\r\n\r\n", posted("/", b"2")):
            client.say(part)
            await asyncio.sleep(0.02)
        told = [await client.hear() for _ in range(2)]

    assert [one["body"] for one in told] == ["onetwo", "2"]


async def test_reads_no_more_of_a_body_than_is_asked_for() -> None:
    size = 5_000_000
    async with client_of(hoard) as client:
        client.say(posted("/", b"x" * size))
        first, whole, _ = await client.hear()

    assert first < size / 5
    assert whole == size


async def test_leaves_nothing_of_a_request_for_the_next() -> None:
    async with client_of(hoard) as client:
        client.say(posted("/", b""), posted("/", b""))
        told = [await client.hear() for _ in range(2)]

    assert told == [[0, 0, []]] * 2


async def test_takes_no_trailer_for_a_header() -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    async with client_of(echo) as client:
        client.say(head, b"2\r\n{}\r\n0\r\nExpect: 100-continue\r\nx-late: 1\r\n\r\n")
        told = await client.hear()
        client.say(posted("/", b""))
        await client.hear()

    assert told["body"] == "{}"
    assert told["headers"] == "host transfer-encoding"


async def test_lets_a_connection_become_a_websocket_that_stays() -> None:
    upgrade = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    upgrade += b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    async with client_of(chat) as client:
        client.say(posted("/", b""))
        asked = await client.hear()
        client.say(upgrade)
        answer = await asyncio.wait_for(client.reader.readuntil(b"still here"), PATIENCE)

    assert asked == "asked"
    assert answer.startswith(b"HTTP/1.1 101 ")


async def test_lets_a_body_be_taken_only_if_all_of_it_is_there() -> None:
    async with client_of(take) as client:
        client.say(posted("/", b"whole"))
        first = await client.hear()
        client.say(posted("/", b"in parts")[:-2])
        second = await client.hear()
        client.say(b"ts", posted("/", b""))
        third = await client.hear()

    assert (first, second, third) == ("whole", None, "")


async def test_tells_who_waits_after_the_body_that_the_client_has_gone() -> None:
    gone.clear()
    async with client_of(wait) as client:
        client.say(posted("/", b"{}"))
        await asyncio.sleep(0.05)
        assert gone == []

    await until(lambda: bool(gone))
    assert gone == [(True, "http.disconnect")]


async def test_tells_a_client_to_continue_that_waits_for_it() -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-Continue\r\n\r\n"
    async with client_of(echo) as client:
        client.say(head)
        heard = await asyncio.wait_for(client.reader.readuntil(b"\r\n\r\n"), PATIENCE)
        client.say(b"{}")
        told = await client.hear()

    assert heard == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert told["body"] == "{}"


@pytest.mark.parametrize(
    "head", [b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"]
)
async def test_closes_where_the_client_does_not_want_to_stay(head: bytes) -> None:
    async with client_of(echo) as client:
        client.say(head)
        answer = await client.rest()

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close\r\n" in answer


async def test_answers_over_http_who_asks_for_another_protocol() -> None:
    head = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"
    async with client_of(echo) as client:
        client.say(head)
        told = await client.hear()

    assert told["method"] == "GET"


async def test_closes_what_rests_for_long_and_nothing_that_is_in_use() -> None:
    async with client_of(echo) as client:
        for path in ("/", "/slow", "/", "/"):
            client.say(posted(path, b""))
            assert (await client.hear())["path"] == f"/at{path}"
            await asyncio.sleep(REST / 2)
        client.say(posted("/", b"{}")[:-20])
        await asyncio.sleep(2 * REST)
        client.say(posted("/", b"{}")[-20:])
        assert (await client.hear())["body"] == "{}"
        closed = await client.rest()

    assert closed == b""
