"""Whatever is sent to a started server, none of it is a fault of the server's."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg
import orjson
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from websockets import ConnectionClosed

from tests.hostile.operations import operations
from tests.hostile.requests import Sent, messages, requests
from tests.served import PATIENCE, Served, served
from tests.sockets import socket

SETTINGS: Final = settings(
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
LAST: Final[Any] = {"type": "pong", "payload": {"last": "one"}}
# Whom the others' access is taken from, but never theirs: else soon nobody could ask for anything.
ASKERS: Final = ("administrator", "analyst", "approver", "officer", "reader")
IDS: Final = """
select kind || '_' || id from (
  select 'party' as kind, id::text from (select id from party limit 40) p
  union all select 'product', id::text from (select id from product limit 40) p
  union all select 'offboarding', id::text from (select id from offboarding limit 80) o
  union all select 'outgoing_mail', id::text from (select id from outgoing_mail limit 20) m
  union all select 'user_group', id::text from user_group
  union all select 'organisation', id::text from organisation
  union all select 'activity', id::text from (select id from activity limit 20) a
  union all select 'user', id::text from app_user where email <> all($1)
  union all select 'api_token', t.id::text from api_token t
    join app_user u on u.id = t.user_id where u.email <> all($1)) known
"""


@dataclass
class Target:
    """A served demo, the tokens of some of its people, and what can be drawn to be sent to it."""

    server: Served
    tokens: list[str]
    requests: st.SearchStrategy[Sent]
    messages: st.SearchStrategy[str | bytes]

    def check(self) -> None:
        """Fail if the server has ended or has told of a fault."""
        assert self.server.process.poll() is None
        told = re.search(r"Traceback|\bfault\b", log := self.server.log)
        assert told is None, log[max(0, told.start() - 1_000) :][:5_000]


@pytest.fixture(scope="module")
async def target(shared_database_url: str) -> AsyncIterator[Target]:
    bounds = {"FAILURES_PER_MINUTE": "1000000", "CONNECTIONS_PER_VIEWER": "1000"}
    async with served(
        DATABASE_URL=shared_database_url, DEMO="true", RUN_WORKER="false", **bounds
    ) as server:
        emails = [e for e in server.tokens if e.partition("@")[0] in ASKERS]
        connection = await asyncpg.connect(shared_database_url)
        ids: dict[str, list[str]] = {}
        for row in await connection.fetch(IDS, emails):
            ids.setdefault(row[0].rpartition("_")[0], []).append(row[0])
        await connection.close()
        tokens = [server.tokens[email] for email in emails]
        documents = operations(ids)
        sent = requests(documents, tokens, server.url, ids["user"])
        yield Target(server, tokens, sent, messages(documents))


async def answer(server: Served, sent: Sent) -> tuple[bytes, bytes]:
    """Return the head and the body of an answer; of a stream the head alone."""
    address = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        async with asyncio.timeout(PATIENCE):
            writer.write(sent.wire)
            head = await reader.readuntil(b"\r\n\r\n")
            stream = b"event-stream" in head or b"multipart/mixed" in head
            return head, b"" if stream else await reader.read()
    finally:
        writer.close()


async def check_request(target: Target, sent: Sent) -> None:
    note(repr(sent.wire))

    head, body = await answer(target.server, sent)

    status = int(head.split()[1])
    assert status < 500, (head, body)
    assert b"INTERNAL" not in body
    if urlsplit(sent.target).path == "/graphql" and sent.method != "HEAD" and b"json" in head:
        told = orjson.loads(body)
        assert "data" in told or told["errors"], told
    target.check()


async def check_frames(target: Target, frames: list[str | bytes]) -> None:
    note(repr(frames))
    heard: list[Any] = []
    async with socket(target.server.url, target.tokens[0]) as one:
        try:
            for frame in frames:
                await one.connection.send(frame)
            await one.say(type="ping", payload=LAST["payload"])
            while heard[-1:] != [LAST]:
                heard.append(await one.hear())
        except ConnectionClosed as closed:
            heard.append(closed.rcvd and (closed.rcvd.code, closed.rcvd.reason))

    # Either all was heard, or the server closed with a code of the protocol.
    last = heard[-1]
    assert last == LAST or (isinstance(last, tuple) and 4400 <= last[0] < 4500), last
    assert "INTERNAL" not in str(heard)
    target.check()


@given(data=st.data())
@settings(SETTINGS, max_examples=100, derandomize=True)
async def test_no_request_is_a_fault_of_the_server(target: Target, data: st.DataObject) -> None:
    await check_request(target, data.draw(target.requests))


@given(data=st.data())
@settings(SETTINGS, max_examples=20, derandomize=True)
async def test_no_frame_is_a_fault_of_the_server(target: Target, data: st.DataObject) -> None:
    await check_frames(target, data.draw(st.lists(target.messages, min_size=1, max_size=4)))


@pytest.mark.long
@given(data=st.data())
@settings(SETTINGS, max_examples=2_000)
async def test_no_request_is_a_fault_of_the_server_at_length(
    target: Target, data: st.DataObject
) -> None:
    await check_request(target, data.draw(target.requests))


@pytest.mark.long
@given(data=st.data())
@settings(SETTINGS, max_examples=500)
async def test_no_frame_is_a_fault_of_the_server_at_length(
    target: Target, data: st.DataObject
) -> None:
    await check_frames(target, data.draw(st.lists(target.messages, min_size=1, max_size=4)))
