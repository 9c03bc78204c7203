"""A mutation that is sent again under its key, to whichever process, while or after it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import pytest

from database import connected
from models import Activity, Offboarding
from tests.factories import make_offboarding, make_token, make_user
from tests.served import Served, served

SET: Final = """mutation Set ($id: ID!, $status: OffboardingStatus!) {
  setOffboardingStatus(input: {offboardingId: $id, status: $status}) {
    __typename
    ... on SetOffboardingStatusSuccess { offboarding { status version } }
  }
}"""


@dataclass
class Servers:
    """Two processes over one database, an offboarding, and the token of who may change it."""

    url: str
    first: Served
    second: Served
    token: str
    offboarding: Offboarding

    async def set(self, server: Served, key: str, status: str = "REVIEW", **more: str) -> Any:
        """Send the mutation under a key."""
        variables = {"id": f"offboarding_{self.offboarding.id}", "status": status}
        headers = {"authorization": f"Bearer {self.token}", "idempotency-key": key, **more}
        body = {"query": SET, "variables": variables}
        return await server.http.post("/graphql", json=body, headers=headers)

    async def changes(self) -> int:
        """Return how often the status was changed."""
        async with connected(self.url, 1):
            return await Activity.filter(
                offboarding_id=self.offboarding.id, kind="STATUS_CHANGED"
            ).count()


@pytest.fixture
async def servers(database_url: str) -> AsyncIterator[Servers]:
    async with connected(database_url):
        token = await make_token(await make_user())
        offboarding = await make_offboarding()
    async with AsyncExitStack() as stack:
        first, second = [
            await stack.enter_async_context(served(DATABASE_URL=database_url)) for _ in range(2)
        ]
        yield Servers(database_url, first, second, token, offboarding)


async def test_gets_the_first_answer_again_from_any_process(servers: Servers) -> None:
    first = await servers.set(servers.first, "key-1")
    again = await servers.set(servers.first, "key-1")
    elsewhere = await servers.set(
        servers.second, "key-1", accept="application/graphql-response+json"
    )
    anew = await servers.set(servers.second, "key-2", "OPEN")

    assert first.json()["data"]["setOffboardingStatus"]["offboarding"] == {
        "status": "REVIEW",
        "version": servers.offboarding.version + 1,
    }
    assert again.content == elsewhere.content == first.content
    assert "idempotency-replayed" not in first.headers
    assert {r.headers["idempotency-replayed"] for r in (again, elsewhere)} == {"true"}
    assert elsewhere.headers["content-type"].startswith("application/graphql-response+json")
    assert anew.json()["data"]["setOffboardingStatus"]["offboarding"]["status"] == "OPEN"
    assert await servers.changes() == 2


async def test_waits_for_the_first_while_it_runs(servers: Servers) -> None:
    blocker = await asyncpg.connect(servers.url)
    transaction = blocker.transaction()
    await transaction.start()
    await blocker.execute("select from offboarding for update")

    sent = [
        asyncio.create_task(servers.set(server, "key-1"))
        for server in (servers.first, servers.second, servers.second)
    ]
    await asyncio.sleep(0.5)
    running = [task.done() for task in sent]
    await transaction.rollback()
    await blocker.close()
    answers = [await task for task in sent]

    assert running == [False] * 3
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["data"]["setOffboardingStatus"]["offboarding"]["status"] == "REVIEW"
    assert await servers.changes() == 1


async def test_refuses_another_request_under_a_key(servers: Servers) -> None:
    await servers.set(servers.first, "key-1")

    other = await servers.set(servers.second, "key-1", "OPEN")

    assert other.status_code == 422
    assert other.json()["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert await servers.changes() == 1


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
async def test_refuses_a_key_that_is_none(servers: Servers, key: str) -> None:
    refused = await servers.set(servers.first, key)

    assert refused.status_code == 400
    assert await servers.changes() == 0


async def test_lets_a_mistake_be_mended_under_the_same_key(servers: Servers) -> None:
    mistaken = await servers.set(servers.first, "key-1", "NOPE")

    mended = await servers.set(servers.first, "key-1")

    assert mistaken.status_code == 400
    assert mended.status_code == 200
    assert await servers.changes() == 1


async def test_keeps_each_persons_keys_apart(servers: Servers) -> None:
    async with connected(servers.url):
        other = await make_token(await make_user())
    await servers.set(servers.first, "key-1")

    theirs = await servers.set(servers.first, "key-1", authorization=f"Bearer {other}")

    assert "idempotency-replayed" not in theirs.headers
    assert theirs.status_code == 200
