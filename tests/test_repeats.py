"""A mutation that is sent again under its key, to whichever process, while or after it runs."""

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import httpx2
import pytest

from database import connected
from models import Activity, Offboarding
from settings import Settings
from tests.factories import make_offboarding, make_party, make_token, make_user
from tests.served import Served, served, until
from worker import working

SET: Final = """mutation Set ($id: ID!, $status: OffboardingStatus!) {
  setOffboardingStatus(input: {offboardingId: $id, status: $status}) {
    __typename
    ... on SetOffboardingStatusSuccess { offboarding { status version } }
  }
}"""


START: Final = """mutation Start ($ada: ID!, $grace: ID!) {
  ada: startPartyOffboarding(input: {partyId: $ada}) { ...Started }
  grace: startPartyOffboarding(input: {partyId: $grace}) { ...Started }
}
fragment Started on StartPartyOffboardingResult {
  __typename
  ... on StartPartyOffboardingSuccess {
    offboarding { id }
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

    async def has_changed(self) -> bool:
        """Return whether the status was changed."""
        return await self.changes() > 0

    async def changes(self) -> int:
        """Return how often the status was changed."""
        async with connected(self.url, 1):
            return await Activity.filter(
                offboarding_id=self.offboarding.id, kind="STATUS_CHANGED"
            ).count()


@pytest.fixture(scope="module")
async def pair(shared_database_url: str) -> AsyncIterator[tuple[Served, Served]]:
    """Yield two processes over one database."""
    started = [served(DATABASE_URL=shared_database_url) for _ in range(2)]
    async with started[0] as first, started[1] as second:
        yield first, second


@pytest.fixture
async def servers(pair: tuple[Served, Served], shared_database_url: str) -> Servers:
    async with connected(shared_database_url):
        token = await make_token(await make_user())
        offboarding = await make_offboarding()
    return Servers(shared_database_url, *pair, token, offboarding)


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


async def test_gives_the_first_answer_again_as_a_stream(servers: Servers) -> None:
    first = await servers.set(servers.first, "key-1", accept="text/event-stream")
    again = await servers.set(servers.second, "key-1", accept="text/event-stream")
    plain = await servers.set(servers.second, "key-1")

    opened, event, data = first.text.partition("event: next\ndata: ")
    assert first.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (opened, data) == (":\n\n", f"{plain.text}\n\nevent: complete\ndata:\n\n")
    assert event
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert await servers.changes() == 1


async def test_refuses_two_keys(servers: Servers) -> None:
    variables = {"id": f"offboarding_{servers.offboarding.id}", "status": "REVIEW"}
    headers = [("authorization", f"Bearer {servers.token}"), ("idempotency-key", "key-1")]

    refused = await servers.first.http.post(
        "/graphql",
        json={"query": SET, "variables": variables},
        headers=[*headers, ("idempotency-key", "key-2")],
    )

    assert refused.status_code == 400
    assert await servers.changes() == 0


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


@pytest.fixture
async def blocker(shared_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection whose locks end with the test at the latest."""
    connection = await asyncpg.connect(shared_database_url)
    yield connection
    await connection.close()


async def test_does_nothing_twice_when_its_process_is_killed_before_it_answers(
    servers: Servers, blocker: asyncpg.Connection
) -> None:
    async with connected(servers.url, 1):
        parties = [await make_party() for _ in range(2)]
    variables = {
        name: f"party_{party.id}" for name, party in zip(("ada", "grace"), parties, strict=True)
    }
    headers = {"authorization": f"Bearer {servers.token}", "idempotency-key": "key-1"}
    body = {"query": START, "variables": variables}

    async def started() -> list[str]:
        rows = await blocker.fetch(
            "select id from offboarding where party_id = any($1) order by started_at",
            [party.id for party in parties],
        )
        return [f"offboarding_{row['id']}" for row in rows]

    async def first_is_committed() -> bool:
        return len(await started()) == 1

    # The second waits for a row while the first has been committed.
    transaction = blocker.transaction()
    await transaction.start()
    await blocker.execute("select from party where id = $1 for update", parties[1].id)
    async with served(DATABASE_URL=servers.url) as doomed:
        cut_off = asyncio.create_task(doomed.http.post("/graphql", json=body, headers=headers))
        await until(first_is_committed)
        doomed.stop(signal.SIGKILL)
        with pytest.raises(httpx2.TransportError):
            await cut_off
    (before,) = await started()
    await transaction.rollback()
    # As time does: what was killed holds the key for as long as an operation may take.
    await blocker.execute("update kept_answer set held_until = now() where answer is null")
    another = await servers.second.http.post(
        "/graphql", json=body | {"variables": {**variables, "grace": ""}}, headers=headers
    )

    repeated = await servers.first.http.post("/graphql", json=body, headers=headers)
    again = await servers.second.http.post("/graphql", json=body, headers=headers)

    data = repeated.json()["data"]
    assert [data[name]["__typename"] for name in variables] == ["StartPartyOffboardingSuccess"] * 2
    assert data["ada"]["offboarding"]["id"] == before
    assert [data[name]["offboarding"]["id"] for name in variables] == await started()
    assert again.content == repeated.content
    assert again.headers["idempotency-replayed"] == "true"
    assert another.status_code == 422


async def test_does_nothing_twice_that_was_given_up_and_went_through_later(
    servers: Servers, blocker: asyncpg.Connection
) -> None:
    transaction = blocker.transaction()
    await transaction.start()
    await blocker.execute(
        "select from offboarding where id = $1 for update", servers.offboarding.id
    )
    # After ten seconds; it is tried again for sixteen.
    given_up = await servers.set(servers.first, "key-1")
    await transaction.rollback()
    await until(servers.has_changed)

    repeated = await servers.set(servers.second, "key-1")

    assert given_up.json()["errors"][0]["extensions"]["code"] == "TIMEOUT"
    assert repeated.json()["data"]["setOffboardingStatus"]["offboarding"] == {
        "status": "REVIEW",
        "version": servers.offboarding.version + 1,
    }
    assert await servers.changes() == 1


async def test_shows_a_secret_again_that_nobody_has_seen(
    servers: Servers, blocker: asyncpg.Connection
) -> None:
    async with connected(servers.url):
        token = await make_token(await make_user(groups=["Administrator"]))
    query = """mutation { createWebhook(input: {url: "https://example.com/hook"}) {
      ... on CreateWebhookSuccess { webhook { id } secret }
    } }"""
    headers = {"authorization": f"Bearer {token}", "idempotency-key": "key-1"}
    first = await servers.first.http.post("/graphql", json={"query": query}, headers=headers)
    # As if its process had been killed before it kept the answer.
    await blocker.execute(
        "update kept_answer set status = null, answer = null, held_until = now() where key = $1"
        " and outcomes::text like $2",
        "key-1",
        "%whsec%",
    )

    repeated = await servers.second.http.post("/graphql", json={"query": query}, headers=headers)

    assert repeated.json() == first.json()
    assert "whsec_" in repeated.json()["data"]["createWebhook"]["secret"]
    assert "idempotency-replayed" not in repeated.headers


async def test_forgets_what_was_answered_a_day_ago(
    servers: Servers, blocker: asyncpg.Connection
) -> None:
    await servers.set(servers.first, "yesterday")
    await servers.set(servers.first, "today", "OPEN")
    await blocker.execute(
        "update kept_answer set started_at = now() - interval '24 hours 1 second'"
        " where key = 'yesterday'"
    )
    kept = "select key from kept_answer where key in ('yesterday', 'today')"

    async def is_forgotten() -> bool:
        return len(await blocker.fetch(kept)) == 1

    async with connected(servers.url), working(Settings(_env_file=None)):
        await until(is_forgotten)

    assert await blocker.fetchval(kept) == "today"
