"""What row-level security would cost a page of the client file, as a second wall behind our own.

Three ways: as it is; policies whose organisation was set once for a connection, which is the cost
of the policies alone; and policies whose organisation is set for each statement, which is what a
pool of connections that many organisations share would take.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tortoise import Tortoise
from tortoise.connection import get_connection

import auth
from database import connected, embedded_postgresql, fetch_text, run_migrations
from database.client import tortoise_config
from demo import demo_people, write_demo
from models import Viewer
from resolvers import reading
from schema import schema
from schema.context import Context

PAGE: Final = """{ clientFile { parties(first: 50) { nodes {
  id name reference status offboardingState manager { name }
  products { number status } offboarding { status assignee { name } }
} } } }"""
ROLE: Final = "offboarding_server"
SETTING: Final = "offboarding.organisation"
OWNED: Final = ("party", "product", "holding", "offboarding", "activity", "app_user", "user_group")
ASKERS: Final = 8
PAGES: Final = 1_500
ROUNDS: Final = 5

Fetch = Callable[[str, list[Any]], Awaitable[str | None]]


async def policies() -> None:
    """Add the policies and a role for which they hold."""
    connection = get_connection("default")
    await connection.execute_script(f"""
        create role {ROLE}; grant usage on schema public to {ROLE};
        grant select, insert, update, delete on all tables in schema public to {ROLE}""")
    for table in OWNED:
        await connection.execute_script(f"""
            alter table {table} enable row level security;
            alter table {table} force row level security;
            create policy tenant on {table} using
              (organisation_id = current_setting('{SETTING}')::uuid)""")


def setting_first(viewer: Viewer) -> Fetch:
    """Return a way to fetch that says for whom, on the connection that then answers."""

    async def fetch(sql: str, values: list[Any]) -> str | None:
        async with get_connection("default").acquire_connection() as connection:
            await connection.execute(
                "select set_config($1, $2, false)", SETTING, str(viewer.organisation_id)
            )
            text: str | None = await connection.fetchval(sql, *values)
        return text

    return fetch


async def pages_per_second(viewer: Viewer) -> float:
    """Return how many pages are answered in a second."""

    async def ask(times: int) -> None:
        for _ in range(times):
            result = await schema.execute(PAGE, context_value=Context(viewer))
            if result.errors:
                raise RuntimeError(str(result.errors))

    await ask(50)
    start = time.perf_counter()
    await asyncio.gather(*(ask(PAGES // ASKERS) for _ in range(ASKERS)))
    return PAGES / (time.perf_counter() - start)


async def measured(url: str, viewer: Viewer, fetch: Fetch | None, **session: str) -> float:
    """Return the pages of a second over a pool of its own."""
    await Tortoise.init(
        config=tortoise_config(url, ASKERS, **session), _enable_global_fallback=True
    )
    try:
        if fetch is not None:
            vars(reading)["fetch_text"] = fetch
        return await pages_per_second(viewer)
    finally:
        vars(reading)["fetch_text"] = fetch_text
        await Tortoise.close_connections()


async def main(url: str) -> None:
    """Print the figures."""
    await run_migrations(url)
    async with connected(url):
        await write_demo()
        officer = next(user for user in await demo_people() if user.email.startswith("officer"))
        token = await auth.issue_token(officer, "bench", timedelta(hours=1))
        viewer = await auth.viewer_of(f"Bearer {token}")
        await policies()
    organisation = str(viewer.organisation_id)
    ways: dict[str, tuple[Fetch | None, dict[str, str]]] = {
        "as it is": (None, {}),
        "policies, set once": (None, {"role": ROLE, SETTING: organisation}),
        "policies, set for each statement": (setting_first(viewer), {"role": ROLE}),
    }
    found: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, (fetch, session) in ways.items():
            found[way].append(await measured(url, viewer, fetch, **session))
    base = statistics.median(found["as it is"])
    for way, rates in found.items():
        rate = statistics.median(rates)
        print(f"{way:34} {rate:7.0f} pages/s {100 * (rate / base - 1):+6.1f} %")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, embedded_postgresql(Path(folder)) as address:
        asyncio.run(main(address))
