"""`GET /events`: the log as server-sent events that hold CloudEvents."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import httpx2
import orjson
import pytest

from database import connected
from tests.bank import Bank, make_bank
from tests.factories import make_token, make_user
from tests.served import PATIENCE, served
from tests.streaming import Stream, streamed


@pytest.fixture(scope="module")
async def bank(shared_database_url: str) -> AsyncIterator[Bank]:
    async with served(DATABASE_URL=shared_database_url) as server:
        yield await make_bank(shared_database_url, server)
        assert "Traceback" not in server.log
        assert server.stop() == 0


def feed(bank: Bank, query: str = "", **headers: str) -> AbstractAsyncContextManager[Stream]:
    shown = {"authorization": f"Bearer {bank.token}", **headers}
    return streamed(bank.url, "GET", f"/events{query}", shown)


async def event(stream: Stream) -> tuple[str, dict[str, object]]:
    """Return the id and the content of the next event."""
    id_, data, *_ = (await stream.read(b"\n\n")).decode().split("\n")
    return id_.removeprefix("id: "), orjson.loads(data.removeprefix("data: "))


async def test_sends_cloud_events_and_goes_on_after_the_last_that_was_seen(bank: Bank) -> None:
    async with feed(bank) as stream:
        opening = await stream.read(b"\n\n")
        await bank.happen()
        first, told = await event(stream)
    await bank.happen()
    again = {"last-event-id": first}
    async with feed(bank, "?after=something%20older", **again) as stream:
        await stream.read(b"\n\n")
        second, _ = await event(stream)
    async with feed(bank, f"?after={first}") as stream:
        await stream.read(b"\n\n")
        same, _ = await event(stream)

    data = told.pop("data")
    assert opening == b"retry: 1000\n\n"
    assert isinstance(data, dict)
    assert data["cursor"] == first
    assert data["kind"] == "STATUS_CHANGED"
    assert set(told) == {
        "specversion",
        "id",
        "source",
        "type",
        "subject",
        "time",
        "datacontenttype",
    }
    assert (told["specversion"], told["type"]) == ("1.0", "offboarding.status_changed.v1")
    assert (told["id"], told["subject"]) == (data["id"], bank.offboarding)
    assert first != second == same


async def test_filters_as_the_subscription_does(bank: Bank) -> None:
    start = b64encode(b'["ID ASC", 0]').decode()
    async with feed(bank, f"?kind=ASSIGNED&kind=STATUS_CHANGED&after={start}") as stream:
        await stream.read(b"\n\n")
        await bank.happen()
        _, told = await event(stream)
    async with feed(bank, f"?kind=ASSIGNED&offboardingId={bank.offboarding}") as stream:
        await stream.read(b"\n\n")
        await bank.happen()
        async with feed(bank, f"?kind=STATUS_CHANGED&after={start}") as other:
            await other.read(b"\n\n")
            await event(other)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await event(stream)

    assert told["type"] == "offboarding.status_changed.v1"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?after=x", "after is not a cursor of this list."),
        ("?after=x&after=y", "Give after once."),
        ("?partyId=x", "This is not an id of anything here."),
        (
            "?kinds=ASSIGNED",
            (
                "There is no parameter kinds here, but kind, offboardingId, partyId, productId,"
                " userId, actorId."
            ),
        ),
    ],
)
async def test_refuses_what_makes_no_sense(bank: Bank, query: str, message: str) -> None:
    async with feed(bank, query) as stream:
        told = orjson.loads(await stream.rest())

    error = {"message": message, "extensions": {"code": "BAD_REQUEST"}}
    assert stream.response.status_code == 400
    assert told == {"errors": [error]}


async def test_turns_away_who_may_not_read(bank: Bank, shared_database_url: str) -> None:
    async with connected(shared_database_url):
        token = await make_token(await make_user(groups=["Administrator"]))
    async with httpx2.AsyncClient(base_url=bank.url, timeout=PATIENCE, trust_env=False) as http:
        stranger = await http.get("/events")
        forbidden = await http.get("/events", headers={"authorization": f"Bearer {token}"})

    assert (stranger.status_code, forbidden.status_code) == (401, 403)
