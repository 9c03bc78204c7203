"""A client that asks for files, without a server between."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import httpx2
import pytest
from starlette.applications import Starlette

from exporting import export_routes
from models import User
from rates import Rates
from tests.factories import make_token

Export = Callable[..., Awaitable[httpx2.Response]]

GROUPS: Final = ("Analyst",)


@pytest.fixture
def database(emptied_database: None) -> None:
    """Let the tests of a file share a database."""


@pytest.fixture
async def export(database: None) -> AsyncIterator[Export]:  # noqa: ARG001 - what is exported
    """Ask for a file as a user, with parameters as pairs or as text."""
    transport = httpx2.ASGITransport(app=Starlette(routes=export_routes(Rates(None, None))))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:

        async def get(user: User | None, file: str, **options: object) -> httpx2.Response:
            headers = {"authorization": f"Bearer {await make_token(user)}"} if user else {}
            return await http.request(
                str(options.get("method", "GET")),
                f"/export/{file}",
                params=options.get("params"),  # type: ignore[arg-type] # pairs, or none
                headers=headers,
            )

        yield get
