"""The feed: followers see each committed entry once, in order, whatever becomes of the line."""

import asyncio
import random
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

import asyncpg
import orjson
import pytest

import events
from events import Feed, StoppedError, feeding
from models import Offboarding, User
from schema import schema
from schema.context import Context
from schema.execution import OperationRefusedError
from tests.factories import make_offboarding, make_organisation, make_party, make_user, viewer_for
from tests.served import PATIENCE, until

WRITERS: Final = 8
ROUNDS: Final = 25
ADD: Final = """
insert into activity (organisation_id, kind, occurred_at, party_id, offboarding_id, changes)
select organisation_id, 'STATUS_CHANGED', now(), party_id, id, '[]' from offboarding where id = $1
returning id
"""
ACTIVITY: Final = "subscription ($after: Cursor) { activity(after: $after) { id cursor } }"
END: Final = """
select pid, pg_terminate_backend(pid) from pg_stat_activity
where application_name = $1 and datname = current_database()
"""

START: Final = b64encode(b'["ID ASC", 0]').decode()  # before all entries


async def context_of(user: User) -> Context:
    return Context(await viewer_for(user))


async def subscribe(user: User, **variables: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Return the entries that a person is shown, one by one."""
    answers = await schema.answers(schema.prepare(ACTIVITY, variables), await context_of(user))

    async def each() -> AsyncGenerator[dict[str, Any], None]:
        async for batch in answers:
            for answer in batch:
                yield orjson.loads(answer)["data"]["activity"]

    return each()


def number_of(entry: dict[str, Any]) -> int:
    return int(entry["id"].removeprefix("activity_"))


async def write(url: str, offboarding: Offboarding, seed: int) -> list[int]:
    """Add entries in transactions of many lengths, a tenth undone; return what was committed."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    committed: list[int] = []
    connection = await asyncpg.connect(url)
    for _ in range(ROUNDS):
        transaction = connection.transaction()
        await transaction.start()
        await asyncio.sleep(chance.random() * 0.004)
        ids = [await connection.fetchval(ADD, offboarding.id) for _ in range(chance.randint(1, 3))]
        await asyncio.sleep(chance.random() * 0.004)
        if chance.random() < 0.1:
            await transaction.rollback()
            continue
        await transaction.commit()
        committed += ids
        events.tell()
    await connection.close()
    return committed


async def tail(user: User, last: asyncio.Future[int]) -> list[int]:
    """Follow the log, going away and coming back at random, until its last entry was seen.

    Which is the last has to be known before it can be seen.
    """
    chance = random.Random(0)  # noqa: S311 - not for secrets
    seen: list[int] = []
    cursor = START
    while not (last.done() and seen[-1:] == [last.result()]):
        patience = chance.randint(1, 40)
        async with aclosing(await subscribe(user, after=cursor)) as stream:
            async for entry in stream:
                seen.append(number_of(entry))
                cursor = entry["cursor"]
                patience -= 1
                if not patience or (last.done() and seen[-1] == last.result()):
                    break
    return seen


async def test_shows_every_commit_once_and_in_order_though_the_line_breaks(
    fed: Feed,  # noqa: ARG001 - what is tested
    database_url: str,
) -> None:
    user, offboarding = await make_user(), await make_offboarding()
    last: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    reading = asyncio.create_task(tail(user, last))
    killer = await asyncpg.connect(database_url)

    async def kill() -> None:
        killed: set[int] = set()
        while len(killed) < 3:
            await asyncio.sleep(0.1)
            killed |= {row["pid"] for row in await killer.fetch(END, "offboarding-listener")}

    written, _ = await asyncio.gather(
        asyncio.gather(*(write(database_url, offboarding, seed) for seed in range(WRITERS))), kill()
    )
    async with killer.transaction():
        last.set_result(await killer.fetchval(ADD, offboarding.id))
    seen = await asyncio.wait_for(reading, PATIENCE)
    await killer.close()

    committed = [*sorted(id for ids in written for id in ids), last.result()]
    assert len(committed) > WRITERS * ROUNDS
    assert seen == committed


async def test_reads_on_after_the_database_was_away(
    fed: Feed,  # noqa: ARG001 - what is tested
    raw: asyncpg.Connection,
) -> None:
    user, offboarding = await make_user(), await make_offboarding()
    stream = await subscribe(user, after=START)
    before = await raw.fetchval(ADD, offboarding.id)
    first = await asyncio.wait_for(anext(stream), PATIENCE)
    waiting = asyncio.create_task(anext(stream))

    ended = await raw.fetch(END, "offboarding")
    after = await raw.fetchval(ADD, offboarding.id)
    second = await asyncio.wait_for(waiting, PATIENCE)
    await stream.aclose()

    assert ended
    assert (number_of(first), number_of(second)) == (before, after)


@pytest.mark.usefixtures("database")
async def test_finds_by_looking_what_it_was_not_told_of(database_url: str) -> None:
    user, offboarding = await make_user(), await make_offboarding()
    async with feeding("postgresql://127.0.0.1:1/nowhere") as fed:
        stream = await subscribe(user)
        waiting = asyncio.create_task(anext(stream))
        await until(lambda: fed.followers == 1)
        writer = await asyncpg.connect(database_url)
        entry = await writer.fetchval(ADD, offboarding.id)
        await writer.close()

        found = await asyncio.wait_for(waiting, PATIENCE)
        await stream.aclose()

    assert number_of(found) == entry


async def test_reads_and_encodes_once_what_equal_followers_get(
    fed: Feed,
    statements: list[str],
    raw: asyncpg.Connection,
) -> None:
    north, south = await make_organisation(), await make_organisation()
    ours = await make_offboarding(party=await make_party(organisation=north))
    theirs = await make_offboarding(party=await make_party(organisation=south))
    people = [await make_user(organisation=north, groups=["Approver"]) for _ in range(20)]
    everything = schema.prepare(ACTIVITY)
    streams = [await schema.answers(everything, await context_of(user)) for user in people]
    waiting = [asyncio.create_task(anext(stream)) for stream in streams]
    await until(lambda: fed.followers == len(people))

    statements.clear()
    await raw.fetchval(ADD, theirs.id)
    entry = await raw.fetchval(ADD, ours.id)
    events.tell()
    got = await asyncio.wait_for(asyncio.gather(*waiting), PATIENCE)

    for stream in streams:
        await stream.aclose()
    pages = [sql for sql in statements if "from activity" in sql and " as json " in sql]
    assert len(pages) == 1
    assert len({id(answer) for (answer,) in got}) == 1
    assert f'"activity_{entry}"'.encode() in got[0][0]


async def test_ends_all_streams_when_the_process_is_to_end(fed: Feed) -> None:
    user = await make_user()
    waiting = asyncio.create_task(anext(await subscribe(user)))
    await until(lambda: fed.followers == 1)

    fed.stop()

    with pytest.raises(StoppedError):
        await asyncio.wait_for(waiting, PATIENCE)
    with pytest.raises(StoppedError):
        await anext(await subscribe(user))


async def test_refuses_a_place_that_the_log_has_not_reached(fed: Feed) -> None:  # noqa: ARG001
    user = await make_user()
    beyond = b64encode(b'["ID ASC", 1000]').decode()

    with pytest.raises(OperationRefusedError) as refusal:
        await subscribe(user, after=beyond)

    assert refusal.value.errors == [
        {
            "message": "after lies beyond the newest entry of the log.",
            "locations": [{"line": 1, "column": 33}],
            "path": ["activity"],
            "extensions": {"code": "BAD_REQUEST"},
        }
    ]
