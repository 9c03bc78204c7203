"""An operation that takes too long is given up, and whoever waited is told what that means."""

from collections.abc import AsyncIterator
from typing import Any, Final

import asyncpg
import pytest

from database import connected
from tests.factories import make_offboarding, make_token, make_user
from tests.served import Served, served, until

READ: Final = "{ offboardings { totalCount } }"
WRITE: Final = """mutation ($id: ID!) {
  setOffboardingStatus(input: {offboardingId: $id, status: REVIEW}) { __typename }
}"""


@pytest.fixture(scope="module")
async def slow(shared_database_url: str) -> AsyncIterator[tuple[Served, str, str]]:
    """Yield a server that gives up after a second, a token for it, and an offboarding."""
    async with connected(shared_database_url):
        token = await make_token(await make_user())
        offboarding = await make_offboarding()
    async with served(DATABASE_URL=shared_database_url, OPERATION_SECONDS="1") as server:
        yield server, token, f"offboarding_{offboarding.id}"


async def post(server: Served, token: str, document: str, **variables: Any) -> Any:
    body = {"query": document, "variables": variables}
    headers = {"authorization": f"Bearer {token}"}
    return await server.http.post("/graphql", json=body, headers=headers)


@pytest.mark.parametrize("document", [READ, WRITE])
async def test_gives_up_what_waits_for_a_lock_and_works_on_afterwards(
    slow: tuple[Served, str, str], shared_database_url: str, document: str
) -> None:
    server, token, id = slow
    variables = {"id": id} if document is WRITE else {}
    blocker = await asyncpg.connect(shared_database_url)
    async with blocker.transaction():
        await blocker.execute("lock table offboarding in access exclusive mode")

        given_up = await post(server, token, document, **variables)
    await blocker.close()

    async def works() -> bool:
        return "errors" not in (await post(server, token, document, **variables)).json()

    await until(works)
    (error,) = given_up.json()["errors"]
    assert error["extensions"] == {"code": "TIMEOUT"}
    assert ("is not known: look before you repeat it" in error["message"]) is (document is WRITE)
    assert given_up.json()["data"] is None
    assert "fault" not in server.log
