"""Following the log: each step it grows by is read as the viewer may see it at that moment.

Who asks is found out again for each step, and what they may see is part of the statement, so that
access given or taken takes effect while a stream is open. Followers whose statement and values
are the same get the same bytes, read and encoded once.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from database import AWAY, fetch_rows
from events import Shared, Step, feed, newest_place
from models import ClientAccess, Permission, Viewer
from models.readable import Readable
from resolvers.errors import BadRequestError
from resolvers.paging import page_of
from resolvers.reader import Reader
from resolvers.reading import MOST_PLANS
from resolvers.selection import Asked
from resolvers.statement import Source
from resolvers.tables import readable_of

# Ids that one statement looks through, so that no statement takes long, however few it finds.
WIDEST: Final = 20_000
# Bytes of a page that is kept for others; who reads more at once is behind, and alone there.
LARGEST_KEPT: Final = 100_000
FIRST_WAIT, LONGEST_WAIT = 0.1, 2.0

# Says who asks, as of now; raises `UnauthenticatedError` once nobody does any more.
Current = Callable[[], Awaitable[Viewer]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """What was read of the log up to a place, each part as it is sent."""

    end: int
    entries: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Followed:
    """What is followed, what each part is wrapped in, and the ids a part must be about, if any."""

    asked: Asked
    before: str = ""
    after: str = ""
    about: frozenset[UUID] = frozenset()


_pages: Final[Shared[Page]] = Shared(
    keeps=lambda page: sum(len(entry) for entry in page.entries) <= LARGEST_KEPT
)


def span(reader: Reader) -> tuple[str, str, str]:
    """Return the placeholders of what a statement reads: past a place, up to another, how many."""
    return reader.input(0, "bigint"), reader.input(1, "bigint"), reader.input(2, "bigint")


async def newest_or(asked: Asked) -> int:
    """Return the place that the argument `after` tells, or that of the newest entry."""
    activity: Readable = readable_of("Activity")
    after = page_of(activity, asked.arguments_of(asked.selection)).after
    newest = await newest_place()
    if after is None:
        return newest
    place = int(after[0])
    if place > newest:
        raise BadRequestError("after lies beyond the newest entry of the log.")
    return place


class Follower:
    """Who follows the log, and what of it."""

    def __init__(
        self, current: Current, compose: Callable[[Reader], str], followed: Followed
    ) -> None:
        self.current = current
        self.compose = compose
        self.followed = followed
        self.asked = followed.asked
        self._shape = self.asked.shape

    async def pages(self, start: int) -> AsyncGenerator[tuple[bytes, ...], None]:
        """Yield what the statement makes of each step past a place, for ever.

        Raises `UnauthenticatedError`, `ForbiddenError` or `StoppedError` when it comes to an end.
        """
        place, about = start, self.followed.about
        async with feed().following((await self.current()).organisation_id) as channel:
            while True:
                step = await channel.beyond(place)
                if step.about is not None and not about <= step.about:
                    place = step.end
                    continue
                page = await self._patiently(step)
                place = page.end
                if page.entries:
                    yield page.entries

    async def _patiently(self, step: Step) -> Page:
        """Read a step, as often as it takes where the database is away for a while."""
        wait = FIRST_WAIT
        while True:
            try:
                return await self._read(step)
            except AWAY as error:
                logger.warning("A follower waits for the database: %s", type(error).__name__)
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT)

    async def _read(self, step: Step) -> Page:
        viewer = await self.current()
        viewer.require(Permission.CLIENT_FILE_READ)
        end, most = min(step.end, step.start + WIDEST), feed().buffer
        sql, sources = self._plan(viewer)
        inputs = (step.start, end, most)
        values = [source(viewer, self.asked.arguments, inputs) for source in sources]
        key = (self.followed.before, sql, *map(_hashable, values))
        return await _pages.get(key, partial(_fetch, sql, values, self.followed, end, most))

    def _plan(self, viewer: Viewer) -> tuple[str, list[Source]]:
        key = (self.compose, viewer.client_access, self._shape)
        plan: tuple[str, list[Source]] | None = self.asked.plans.get(key)
        if plan is None:
            reader = Reader(self.asked, own=viewer.client_access is ClientAccess.OWN)
            plan = (self.compose(reader), reader.sources)
            if len(self.asked.plans) >= MOST_PLANS:
                self.asked.plans.clear()
            self.asked.plans[key] = plan
        return plan


async def _fetch(sql: str, values: list[Any], followed: Followed, end: int, most: int) -> Page:
    rows = await fetch_rows(sql, values)
    if len(rows) == most:
        end = rows[-1]["place"]
    before, after = followed.before, followed.after
    return Page(end, tuple(f"{before}{row['json']}{after}".encode() for row in rows))


def _hashable(value: object) -> Hashable:
    return tuple(value) if isinstance(value, list) else value
