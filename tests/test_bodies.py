"""Bodies that came lately: what is kept of them, how much of it, and for whom it is good."""

from typing import Final

import orjson
import pytest

from database import connected
from models import ClientAccess, User
from schema.bodies import LONGEST_KEPT, Bodies
from schema.requests import HttpError
from tests.factories import make_organisation, make_party, make_token, make_user
from tests.served import served

PARTIES: Final = b'{"query": "{ clientFile { parties { nodes { name } } } }"}'


def body(size: int, number: int = 0) -> bytes:
    """Return a body of so many bytes, different for each number."""
    start = orjson.dumps({"query": "query ($n: Int) { offboardings(first: $n) { totalCount } }"})
    start = start[:-1] + b', "variables": {"n": %d}' % (number + 1)
    return start.ljust(size - 1) + b"}"


def test_reads_the_same_bytes_once() -> None:
    bodies = Bodies()

    operation = bodies.operation_of(PARTIES)

    assert bodies.operation_of(bytes(bytearray(PARTIES))) is operation
    assert bodies.operation_of(PARTIES + b" ") is not operation


@pytest.mark.parametrize(
    "query",
    [
        "mutation { endHolding(input: {holdingId: 1}) { __typename } }",
        "subscription { activity { id } }",
        "{ nothing }",
        "{ offboardings(first: 1000) { totalCount } }",
        "query A { __typename } query B { __typename }",
    ],
)
def test_keeps_no_mutation_no_subscription_and_no_mistake(query: str) -> None:
    bodies = Bodies()
    asked = orjson.dumps({"query": query})

    assert bodies.operation_of(asked) is not bodies.operation_of(asked)


def test_refuses_a_body_each_time_that_holds_no_operation() -> None:
    bodies = Bodies()

    for _ in range(2):
        with pytest.raises(HttpError) as refusal:
            bodies.operation_of(b"[]")
        assert refusal.value.status == 400


@pytest.mark.parametrize("bound", [{"most_bytes": 1_000}, {"most": 2}])
def test_keeps_so_many_of_those_that_came_last(bound: dict[str, int]) -> None:
    bodies = Bodies(**bound)
    first, second, third = (bodies.operation_of(body(400, number)) for number in (1, 2, 3))

    assert bodies.operation_of(body(400, 3)) is third
    assert bodies.operation_of(body(400, 2)) is second
    assert bodies.operation_of(body(400, 1)) is not first  # and takes the place of the third
    assert bodies.operation_of(body(400, 2)) is second
    assert bodies.operation_of(body(400, 3)) is not third


def test_keeps_no_body_that_is_long() -> None:
    bodies = Bodies()
    longest, longer = body(LONGEST_KEPT), body(LONGEST_KEPT + 1)

    assert bodies.operation_of(longest) is bodies.operation_of(longest)
    assert bodies.operation_of(longer) is not bodies.operation_of(longer)


async def test_shows_each_who_sends_the_same_bytes_their_own(database_url: str) -> None:
    async with connected(database_url):
        ada = await make_user()
        people: list[User] = [
            ada,
            await make_user(organisation=await make_organisation()),
            await make_user(client_access=ClientAccess.OWN),
            await make_user(groups=[]),
        ]
        await make_party(name="Abel", manager=ada)
        await make_party(name="Baker", organisation=people[1].organisation)
        tokens = [await make_token(person) for person in people]

    async with served(DATABASE_URL=database_url) as server:
        told = [
            (
                await server.http.post(
                    "/graphql",
                    content=PARTIES,
                    headers={
                        "authorization": f"Bearer {token}",
                        "content-type": "application/json",
                    },
                )
            ).json()
            for token in tokens * 2
        ]

    names = [
        [node["name"] for node in answer["data"]["clientFile"]["parties"]["nodes"]]
        if answer["data"]
        else answer["errors"][0]["extensions"]["code"]
        for answer in told
    ]
    assert names == [["Abel"], ["Baker"], [], "FORBIDDEN"] * 2
