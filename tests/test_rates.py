"""How often somebody may ask, and how much may go on at once, over several processes."""

import asyncio
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, Final

import asyncpg
import httpx2
import pytest

from database import connected
from rates import place_of
from tests.database.statements import until_so_many_wait
from tests.factories import make_token, make_user
from tests.served import Served, served, until
from tests.sockets import socket

HELLO: Final = {"query": "{ viewer { openTaskCount } }"}
# Not to be answered by one statement.
DIFFERENT: Final = [f"offboardings(first: {size}) {{ totalCount }}" for size in (1, 2, 3)]


async def ask(
    server: Served, authorization: str, asked: Mapping[str, str] = HELLO
) -> httpx2.Response:
    headers = {"authorization": authorization}
    return await server.http.post("/graphql", json=asked, headers=headers)


# What is asked for within these seconds is asked for in the same minute.
ENOUGH: Final = 5


def check_refused(answer: httpx2.Response) -> None:
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.json()["errors"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS"


async def test_one_person_asks_no_more_than_is_allowed_over_all_processes(
    database_url: str,
) -> None:
    async with connected(database_url):
        token, other = await make_token(await make_user()), await make_token(await make_user())
    async with AsyncExitStack() as stack:
        first, second = [
            await stack.enter_async_context(
                served(DATABASE_URL=database_url, REQUESTS_PER_MINUTE="20")
            )
            for _ in range(2)
        ]

        answers = [await ask(first, f"Bearer {token}") for _ in range(45)]

        elsewhere: list[httpx2.Response] = []

        async def is_known() -> bool:
            elsewhere.append(await ask(second, f"Bearer {token}"))
            return elsewhere[-1].status_code == 429

        await until(is_known)
        others = await ask(second, f"Bearer {other}")

    # A minute may have turned over meanwhile.
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 5
    check_refused(refused[0])
    check_refused(elsewhere[-1])
    assert others.status_code == 200


async def test_bad_credentials_are_refused_by_address_and_good_ones_are_not(
    database_url: str,
) -> None:
    async with connected(database_url):
        token = await make_token(await make_user())
    async with served(DATABASE_URL=database_url, FAILURES_PER_MINUTE="5") as server:
        failed = [await ask(server, "Bearer offb_" + "x" * 43) for _ in range(13)]
        good = await ask(server, f"Bearer {token}")
        nobody = await server.http.post("/graphql", json=HELLO)

    statuses = [answer.status_code for answer in failed]
    assert set(statuses) == {401, 429}
    assert statuses[:5] == [401] * 5
    check_refused(next(answer for answer in failed if answer.status_code == 429))
    assert good.status_code == 200
    assert nobody.status_code == 401


@pytest.mark.parametrize(("trusted", "refused"), [("127.0.0.1", False), ("203.0.113.1", True)])
async def test_knows_callers_by_what_a_trusted_proxy_says_of_them(
    database_url: str, trusted: str, *, refused: bool
) -> None:
    limits = {"FAILURES_PER_MINUTE": "1", "FORWARDED_ALLOW_IPS": trusted}
    bad = {"authorization": "Bearer offb_" + "x" * 43}
    async with served(DATABASE_URL=database_url, **limits) as server:
        failed = [
            await server.http.post(
                "/graphql", json=HELLO, headers={**bad, "x-forwarded-for": f"198.51.100.{number}"}
            )
            for number in range(8)
        ]

    assert (429 in {answer.status_code for answer in failed}) is refused


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", ""),
    ],
)
def test_takes_all_of_a_site_for_one_place(host: str, place: str) -> None:
    assert place_of({"client": (host, 1)}) == place


def left_of(end: Any) -> int:
    """Return how many seconds are left of the minute in which an operation was refused."""
    seconds: int = end["payload"][0]["extensions"]["retryAfter"]
    return seconds


async def test_counts_what_is_asked_over_each_transport_together(database_url: str) -> None:
    async with connected(database_url):
        token = await make_token(await make_user())
    headers = {"authorization": f"Bearer {token}"}
    async with (
        served(DATABASE_URL=database_url, REQUESTS_PER_MINUTE="20") as server,
        socket(server.url, token) as one,
    ):
        ends: list[Any] = []
        # A minute may turn over meanwhile, and what follows must be within one.
        while [end["type"] for end in ends[-15:]] != ["error"] * 15 or left_of(ends[-1]) < ENOUGH:
            await one.subscribe("a", "{ __typename }")
            while (end := await one.hear_of("a"))["type"] == "next":
                pass
            ends.append(end)
        elsewhere = [
            await server.http.get(path, headers=headers)
            for path in ("/events", "/export/parties.csv")
        ]
        elsewhere.append(await ask(server, f"Bearer {token}"))

    assert [end["type"] for end in ends[:20]] == ["complete"] * 20
    (error,) = ends[-1]["payload"]
    assert error["extensions"]["code"] == "TOO_MANY_REQUESTS"
    assert 1 <= error["extensions"]["retryAfter"] <= 60
    for answer in elsewhere:
        check_refused(answer)


def told_to_wait(closes: list[tuple[int, str]]) -> int:
    """Return for how many seconds somebody was told to wait by the reason of the last close."""
    return int(re.findall(r"\d+", closes[-1][1])[0])


async def test_counts_what_is_no_credential_over_each_transport_together(
    database_url: str,
) -> None:
    async with connected(database_url):
        token = await make_token(await make_user())
    bad = {"authorization": "Bearer offb_" + "x" * 43}
    async with served(DATABASE_URL=database_url, FAILURES_PER_MINUTE="5") as server:
        closes: list[tuple[int, str]] = []
        while [code for code, _ in closes[-3:]] != [4429] * 3 or told_to_wait(closes) < ENOUGH:
            async with socket(server.url) as one:
                await one.say(type="connection_init", payload={"authToken": "offb_" + "x" * 43})
                closes.append(await one.closed())
        elsewhere = [
            await server.http.get(path, headers=bad) for path in ("/events", "/export/parties.csv")
        ]
        elsewhere.append(await ask(server, bad["authorization"]))
        async with socket(server.url, token) as one:
            await one.until_live()
        async with socket(server.url) as nobody:
            await nobody.say(type="connection_init")
            unknown = await nobody.closed()

    assert closes[:5] == [(4403, "UNAUTHENTICATED: show a good credential.")] * 5
    assert closes[-1][1].startswith("This was asked for too often; ask again in ")
    for answer in elsewhere:
        check_refused(answer)
    assert unknown[0] == 4403


async def test_answers_503_to_what_would_only_wait(database_url: str) -> None:
    async with connected(database_url):
        token = await make_token(await make_user())
    blocker = await asyncpg.connect(database_url)
    async with served(DATABASE_URL=database_url, MAX_RUNNING="3", MAX_WAIT_SECONDS="1") as server:
        await ask(server, f"Bearer {token}")
        transaction = blocker.transaction()
        await transaction.start()
        await blocker.execute("lock table offboarding in access exclusive mode")
        waiting: list[asyncio.Task[Any]] = [
            asyncio.create_task(ask(server, f"Bearer {token}", {"query": f"{{ {query} }}"}))
            for query in DIFFERENT
        ]
        await until_so_many_wait(blocker, 3)

        refused = await ask(server, f"Bearer {token}")
        live = await server.http.get("/health/live")
        await transaction.rollback()
        await blocker.close()
        answered = [await task for task in waiting]
        after = await ask(server, f"Bearer {token}")

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["errors"][0]["extensions"]["code"] == "OVERLOADED"
    assert [answer.status_code for answer in (*answered, live, after)] == [200] * 5


async def test_refuses_over_each_transport_what_has_not_had_its_turn(database_url: str) -> None:
    async with connected(database_url):
        token = await make_token(await make_user())
    blocker = await asyncpg.connect(database_url)
    bounds = {"DATABASE_POOL_SIZE": "4", "MAX_WAIT_SECONDS": "0.1"}
    async with (
        served(DATABASE_URL=database_url, **bounds) as server,
        socket(server.url, token) as one,
    ):
        await ask(server, f"Bearer {token}")
        transaction = blocker.transaction()
        await transaction.start()
        await blocker.execute("lock table offboarding in access exclusive mode")
        running = [asyncio.create_task(ask(server, f"Bearer {token}")) for _ in range(4)]
        await until(lambda: sum(task.done() for task in running) == 2)
        await one.subscribe("more", HELLO["query"])
        heard = await one.hear_of("more")
        refused = [task.result() for task in running if task.done()]
        await transaction.rollback()
        await blocker.close()
        answered = [(await task).status_code for task in running]
        after = await ask(server, f"Bearer {token}")
        await one.subscribe("again", HELLO["query"])
        heard_after = await one.hear_of("again")

    for answer in refused:
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json()["errors"][0]["extensions"] == {"code": "OVERLOADED"}
        assert "data" not in answer.json()
    assert heard["type"] == "error"
    assert heard["payload"][0]["extensions"] == {"code": "OVERLOADED"}
    assert sorted(answered) == [200, 200, 503, 503]
    assert (after.status_code, heard_after["type"]) == (200, "next")
