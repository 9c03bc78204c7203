"""Answers of the server as they reach a socket: whole, in one write, and never kept back."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import pytest
from typing_extensions import override

from serving.connections import Joining
from tests.served import PATIENCE, Served, served

HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


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
    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def recording() -> Recording:
    return Recording()


def test_writes_head_and_body_together(recording: Recording) -> None:
    joining = Joining(recording)

    joining.write(HEAD)
    joining.write(b"{}")
    joining.write(HEAD)
    joining.write(b"[]")

    assert recording.writes == [HEAD + b"{}", HEAD + b"[]"]


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"\x81\x02{}",
    ],
)
def test_keeps_nothing_back_that_no_body_need_follow(recording: Recording, data: bytes) -> None:
    joining = Joining(recording)

    joining.write(data)

    assert recording.writes == [data]


def test_writes_a_head_alone_at_the_end_of_its_answer(recording: Recording) -> None:
    joining = Joining(recording)

    joining.write(HEAD)
    joining.flush()
    joining.flush()

    assert recording.writes == [HEAD]


def test_writes_a_head_before_it_closes(recording: Recording) -> None:
    joining = Joining(recording)

    joining.write(HEAD)
    joining.close()

    assert recording.writes == [HEAD]
    assert recording.is_closed


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
