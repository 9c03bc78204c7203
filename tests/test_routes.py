"""Where the link of a letter leads while no front end has its place."""

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from graphql import parse, validate
from starlette.applications import Starlette

from routes.tasks import task_routes
from schema import schema

TASK = "offboarding_019c0000-0000-7000-8000-00000000000a"


async def ask(path: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(Starlette(routes=task_routes()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://bank.example") as http:
        return await http.get(path)


async def test_shows_a_task_as_a_query_on_the_page_for_queries() -> None:
    answer = await ask(f"/tasks/{TASK}")

    address = urlsplit(answer.headers["location"])
    (query,) = parse_qs(address.query)["query"]
    assert answer.status_code == 303
    assert (address.netloc, address.path) == ("", "/")
    assert f'offboarding(id: "{TASK}")' in query
    assert validate(schema._schema, parse(query)) == []  # noqa: SLF001 - as the page does


@pytest.mark.parametrize(
    "id_", ["offboarding_1", f"{TASK}%22)", "party_019c0000-0000-7000-8000-00000000000a"]
)
async def test_knows_no_other_task(id_: str) -> None:
    assert (await ask(f"/tasks/{id_}")).status_code == 404
