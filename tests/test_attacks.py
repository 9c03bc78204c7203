"""What is made to hurt is refused alike over HTTP, server-sent events and a websocket."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import orjson
import pytest

from database import connected
from tests.factories import make_token, make_user
from tests.served import Served, served
from tests.sockets import socket

HELLO: Final = "{ viewer { openTaskCount } }"


def fragments(on: str, within: str, *, times: int) -> str:
    """Return fragments of which each holds the next one twice."""
    told = [f"fragment f{n} on {on} {{ ...f{n + 1} ...f{n + 1} }}" for n in range(times)]
    return " ".join([*told, f"fragment f{times} on {on} {{ {within} }}"])


def fields(number: int, each: str) -> str:
    return " ".join(each.format(n) for n in range(number))


MUTATION: Final = 'a{}: startPartyOffboarding(input: {{ partyId: "party_1" }}) {{ __typename }}'
PAGES: Final = "offboardings(first: 100) { nodes { activity(first: 100) { nodes { id kind } } } }"
DEEPER: Final = "... on Party { offboarding { subject { "
NODES: Final = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
ATTACKS: Final[dict[str, tuple[str, Any, str]]] = {
    "doubling": ("{ ...f0 } " + fragments("Query", HELLO[1:-1], times=18), None, "MAX_ROOT_FIELDS"),
    "doubling below": (
        "{ viewer { ...f0 } } " + fragments("Viewer", "openTaskCount", times=18),
        None,
        "MAX_COST",
    ),
    "aliases in fragments": (
        "{ ...a ...a } fragment a on Query { " + fields(16, "x{}: __typename") + " }",
        None,
        "MAX_ALIASES",
    ),
    "depth": (
        '{ offboarding(id: "offboarding_1") { subject { ' + DEEPER * 6 + "__typename" + " }" * 21,
        None,
        "MAX_DEPTH",
    ),
    "directives": ("{ __typename " + "@a " * 600 + "}", None, "MAX_DIRECTIVES"),
    "mutations": (f"mutation {{ {fields(6, MUTATION)} }}", None, "MAX_MUTATIONS"),
    "pages": (f"{{ {PAGES} }}", None, "MAX_COST"),
    "comments": ("#\n" * 9_000 + HELLO, None, "MAX_TOKENS"),
    "one comment": ("#" * 20_001, None, "MAX_DOCUMENT_BYTES"),
    "variables": (NODES, {"ids": orjson.loads("[" * 60 + "]" * 60)}, "MAX_JSON_DEPTH"),
}


@pytest.fixture(scope="module")
async def target(shared_database_url: str) -> AsyncIterator[tuple[Served, str]]:
    """Yield a server with no setting but its database, and a token for it."""
    async with connected(shared_database_url):
        token = await make_token(await make_user())
    async with served(DATABASE_URL=shared_database_url) as server:
        yield server, token


@pytest.mark.parametrize(("document", "variables", "limit"), ATTACKS.values(), ids=ATTACKS)
async def test_refuses_it_alike_over_each_transport(
    target: tuple[Served, str], document: str, variables: Any, limit: str
) -> None:
    server, token = target
    body = {"query": document, "variables": variables}
    headers = {"authorization": f"Bearer {token}"}
    stream = {**headers, "accept": "text/event-stream"}

    over_http = await server.http.post("/graphql", json=body, headers=headers)
    over_events = await server.http.post("/graphql", json=body, headers=stream)
    async with socket(server.url, token) as one:
        await one.say(id="a", type="subscribe", payload=body)
        over_socket = await one.hear_of("a")

    (error,) = over_http.json()["errors"]
    event = over_events.text.partition("data: ")[2].partition("\n")[0]
    assert over_http.status_code == 400
    assert "data" not in over_http.json()
    assert (error["extensions"]["code"], error["extensions"]["limit"]) == ("LIMIT_EXCEEDED", limit)
    assert orjson.loads(event) == {"errors": [error]}
    assert over_socket == {"id": "a", "type": "error", "payload": [error]}


async def test_answers_others_while_it_is_refused(target: tuple[Served, str]) -> None:
    server, token = target
    client = server.client(token)

    async def attack() -> list[int]:
        bodies = [{"query": text, "variables": values} for text, values, _ in ATTACKS.values()]
        headers = {"authorization": f"Bearer {token}"}
        answers = [await server.http.post("/graphql", json=b, headers=headers) for b in bodies * 3]
        return [answer.status_code for answer in answers]

    attacks = [asyncio.create_task(attack()) for _ in range(4)]
    answered = [await client.ask(HELLO) for _ in range(20)]
    refused = [status for task in attacks for status in await task]

    assert answered == [{"viewer": {"openTaskCount": 0}}] * 20
    assert refused == [400] * 120
    assert "fault" not in server.log
