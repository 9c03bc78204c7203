"""Work that a command does: on the database that the settings name, brought to head."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from database import connected, provided, run_migrations
from settings import settings_or_exit

T = TypeVar("T")


@contextmanager
def database_at_head() -> Iterator[tuple[str, list[str]]]:
    """Yield the URL of the database, brought to head, and the migrations that this took."""
    settings = settings_or_exit()
    with provided(settings) as url:
        yield url, asyncio.run(run_migrations(url))


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Do work with the models connected to the database."""

    async def connected_work(url: str) -> T:
        async with connected(url):
            return await work()

    with database_at_head() as (url, _):
        return asyncio.run(connected_work(url))
