"""Whatever can be asked is answered by the compiled statements as by plain execution."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import orjson
import pytest
from graphql import GraphQLError, GraphQLSchema
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from database import connected
from models import Viewer
from schema import schema as compiled
from schema.context import Context
from tests.compiled.documents import ADMINISTERED, ROOTS, Request, Requests
from tests.compiled.mistakes import BadRequestError
from tests.compiled.naive import ForbiddenError, Naive, make_schema
from tests.compiled.rows import Rows, load_rows, make_rows
from tests.factories import viewer_for

SETTINGS: Final = settings(
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@dataclass(frozen=True)
class World:
    """The client file, who asks about it, and what they ask."""

    schema: GraphQLSchema
    rows: Rows
    viewers: dict[str, Viewer]
    requests: Requests


@pytest.fixture(scope="module")
async def world(shared_database_url: str, boundless: None) -> AsyncIterator[World]:  # noqa: ARG001 - plain execution knows no limits
    async with connected(shared_database_url):
        people = await make_rows()
        rows = await load_rows()
        viewers = {name: await viewer_for(user) for name, user in people.items()}
        schema = make_schema()
        yield World(schema, rows, viewers, Requests(schema, rows))


def _told(data: Any, errors: list[Any]) -> tuple[str, list[Any]]:
    """Return an answer as text, in its order, with fractions as far as both count them."""

    def fraction(text: str) -> float | int:
        value = float(f"{float(text):.9g}")
        return int(value) if value.is_integer() else value

    plain = json.loads(orjson.dumps(data), parse_float=fraction)
    return json.dumps(plain, indent=1, ensure_ascii=False), sorted(errors, key=str)


async def compiled_answer(viewer: Viewer, request: Request) -> tuple[str, list[Any]]:
    result = await compiled.execute(request.text, dict(request.variables), Context(viewer))
    errors = [((e.extensions or {})["code"], e.path) for e in result.errors or ()]
    return _told(result.data, errors)


async def naive_answer(world: World, viewer: Viewer, request: Request) -> tuple[str, list[Any]]:
    result = await Naive(world.schema, world.rows, viewer).answer(request.text, request.variables)
    return _told(result.data, [(_code(error), error.path) for error in result.errors or ()])


def _code(error: GraphQLError) -> str:
    match error.original_error:
        case ForbiddenError():
            return "FORBIDDEN"
        case None | BadRequestError() | GraphQLError():
            return "BAD_REQUEST"
        case original:
            raise original


# Whose answers differ: all that the bank has, without reasons, their own clients only, another's.
PAIRS: Final = (
    ("approver", "manager"),
    ("partner", "officer"),
    ("manager", "stranger"),
    ("partner", "manager"),
    ("officer", "administrator"),
)
# Who is told of access, letters and webhooks, and who is not.
ADMINISTERING: Final = (("administrator", "manager"), ("administrator", "stranger"))


def _otherwise(name: str, value: Any, request: Request) -> Any:
    """Return another value of a variable that decides over the text of a statement."""
    if name in request.switches:
        return not value
    return value % 7 + 1 if type(value) is int else value


async def check_alike(world: World, data: st.DataObject, roots: str) -> None:
    """Ask for two people, and for one with other switches and sizes: plans are kept meanwhile."""
    request = data.draw(world.requests.about(roots))
    pair = data.draw(st.sampled_from(ADMINISTERING if roots in ADMINISTERED else PAIRS))
    other = {name: _otherwise(name, value, request) for name, value in request.variables.items()}
    asked = [(name, request) for name in pair]
    if other != request.variables:
        asked.append((pair[0], Request(request.text, other, request.switches)))
    for name, of_them in asked:
        note(f"{name} asks {of_them.text}\nwith {of_them.variables}")
        viewer = world.viewers[name]

        answered = await compiled_answer(viewer, of_them)

        assert answered == await naive_answer(world, viewer, of_them)


@pytest.mark.parametrize("roots", ROOTS)
@given(data=st.data())
@settings(SETTINGS, max_examples=42, derandomize=True)
async def test_answers_as_plain_execution_does(
    world: World, roots: str, data: st.DataObject
) -> None:
    await check_alike(world, data, roots)


@pytest.mark.long
@pytest.mark.parametrize("roots", ROOTS)
@given(data=st.data())
@settings(SETTINGS, max_examples=2_250)
async def test_answers_as_plain_execution_does_at_length(
    world: World, roots: str, data: st.DataObject
) -> None:
    await check_alike(world, data, roots)
