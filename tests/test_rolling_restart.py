"""Two servers on one database are replaced one after the other, while things happen."""

import asyncio
import signal
from base64 import b64encode
from contextlib import AsyncExitStack
from itertools import count
from typing import Any, Final

import asyncpg
import httpx2
from websockets import ConnectionClosed, InvalidHandshake

from tests.bank import Bank, make_bank
from tests.served import PATIENCE, Served, free_port, served, until
from tests.sockets import socket

ACTIVITY: Final = "subscription ($after: Cursor) { activity(after: $after) { id cursor } }"
SAVE: Final = """mutation ($input: SaveOffboardingInput!) { saveOffboarding(input: $input) {
  __typename
} }"""
START: Final = b64encode(b'["ID ASC", 0]').decode()
AWAY: Final = (httpx2.TransportError, OSError)


class Follower:
    """Follows the log at one of two servers, and at the other when it is told to come back."""

    def __init__(self, urls: list[str], token: str) -> None:
        self.urls = urls
        self.token = token
        self.seen: list[str] = []
        self.closed: list[int] = []

    async def follow(self) -> None:
        cursor = START
        for turn in count():
            try:
                async with socket(self.urls[turn % 2], self.token) as opened:
                    await opened.subscribe("s", ACTIVITY, after=cursor)
                    while True:
                        message = await opened.hear()
                        entry = message["payload"]["data"]["activity"]
                        self.seen.append(entry["id"])
                        cursor = entry["cursor"]
            except ConnectionClosed as closed:
                self.closed.append(closed.rcvd.code if closed.rcvd else 0)
            except (InvalidHandshake, OSError):
                await asyncio.sleep(0.05)


async def write(
    bank: Bank, urls: list[str], over: asyncio.Event, name: str, done: list[str]
) -> None:
    """Save again and again, at the other server where one is away; tell what was done."""
    headers = {"authorization": f"Bearer {bank.token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=PATIENCE, trust_env=False) as http:
        for number in count():
            if over.is_set():
                return
            save = {"offboardingId": bank.offboarding, "comment": f"{name} {number}"}
            body: dict[str, Any] = {"query": SAVE, "variables": {"input": save}}
            try:
                answer = await http.post(f"{urls[number % 2]}/graphql", json=body)
            except AWAY:
                await asyncio.sleep(0.02)
                continue
            assert answer.status_code == 200, answer.text
            done.append(save["comment"])
            await asyncio.sleep(0.01)


def end(server: Served) -> int:
    server.process.send_signal(signal.SIGTERM)
    return server.process.wait(PATIENCE)


async def test_loses_and_repeats_nothing_when_servers_are_replaced(database_url: str) -> None:
    ports = [str(free_port()), str(free_port())]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    codes = []
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(served(DATABASE_URL=database_url, PORT=port))
            for port in ports
        ]
        bank = await make_bank(database_url, servers[0])
        followers = [Follower(urls, bank.token), Follower(urls[::-1], bank.token)]
        following = [asyncio.create_task(follower.follow()) for follower in followers]
        over, done = asyncio.Event(), list[str]()
        writing = [
            asyncio.create_task(write(bank, urls, over, name, done))
            for name in ("ada", "grace", "joan")
        ]

        async def go_on() -> None:
            more = len(done) + 20
            await until(lambda: len(done) >= more)

        for place, port in enumerate(ports):
            await go_on()
            codes.append(await asyncio.to_thread(end, servers[place]))
            await stack.enter_async_context(served(DATABASE_URL=database_url, PORT=port))
        await go_on()
        over.set()
        await asyncio.gather(*writing)
        connection = await asyncpg.connect(database_url)
        rows = await connection.fetch("select id from activity order by id")
        await connection.close()
        committed = [f"activity_{row['id']}" for row in rows]
        await until(lambda: all(one.seen[-1:] == committed[-1:] for one in followers))
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)

    assert codes == [0, 0]
    assert len(committed) >= len(done) >= 60
    assert [follower.seen for follower in followers] == [committed, committed]
    assert {code for follower in followers for code in follower.closed} == {1012}
