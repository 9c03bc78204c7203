"""A receiver of webhooks, that answers what a test tells it to, and a webhook that posts to it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from models import Webhook
from models.webhook import new_secret
from tests.factories import make_user
from webhooks import Poster, posting


@dataclass
class Posted:
    """A request as it came in."""

    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """Keeps what is posted; `answers` are the statuses it gives first, then it gives 200."""

    url: str = ""
    posted: list[Posted] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.posted]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        # Signatures know upper from lower case.
        headers |= {
            name: line.split(": ", 1)[1]
            for line in head[1:]
            if line and (name := line.split(": ", 1)[0].lower()).startswith("webhook-")
        }
        body = await reader.readexactly(int(headers["content-length"]))
        self.posted.append(Posted(headers, body))
        status = self.answers.pop(0) if self.answers else "200 OK"
        more = f"location: {self.url}/moved\r\n" if status.startswith("3") else ""
        writer.write(f"HTTP/1.1 {status}\r\n{more}content-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiving = Receiver()
    server = await asyncio.start_server(receiving.answer, "127.0.0.1", 0)
    receiving.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/events"
    async with server:
        yield receiving


@pytest.fixture
async def poster() -> AsyncIterator[Poster]:
    async with posting(private=True) as posts:
        yield posts


async def make_webhook(url: str, **more: Any) -> Webhook:
    """Make a webhook of an administrator that is told of all entries."""
    administrator = await make_user(groups=["Administrator"])
    return await Webhook.create(
        organisation_id=administrator.organisation_id,
        url=url,
        secret=new_secret(),
        place=0,
        created_by_id=administrator.id,
        **more,
    )
