"""The feed: one reader of the log per process, for all who follow it there.

It reads how far the log has grown, and about what; each follower then reads what they may see of
that, from their own place. So nothing is kept for a follower but that place, and who is slow, or
comes back, reads on from it. Order and completeness come from the log alone, whose ids are in the
order of commits (R15): a notification only says that it is time to look.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from time import monotonic
from typing import Any, Final
from uuid import UUID

from database import fetch_rows, log_mishap
from events.channel import Channel
from events.listening import listen_forever

POLL_SECONDS: Final = 2.0  # for who is not notified
APART_SECONDS: Final = 0.02  # least time between two looks at the log
MOST_READ: Final = 1_000
MOST_ABOUT: Final = 200

# What an entry is about: all that a follower may have asked for by its id.
_GROWN: Final = """
select a.id, a.organisation_id, array_remove(
    array[a.offboarding_id, a.party_id, a.product_id, a.actor_id, a.user_id, o.assignee_id,
      (select substr(c ->> 'before', 6)::uuid from jsonb_array_elements(a.changes) c
        where c ->> 'field' = 'assignee' limit 1)], null) as about
from activity a left join offboarding o on o.id = a.offboarding_id
where a.id > $1 order by a.id limit $2
"""
_NEWEST: Final = "select coalesce(max(id), 0) as id from activity"


async def newest_place() -> int:
    """Return the place of the newest entry of the log, 0 where there is none."""
    (row,) = await fetch_rows(_NEWEST, [])
    return int(row["id"])


class Feed:
    """The one reader of a process; it rests while nobody follows.

    `buffer` is how many entries may be held for one follower at a time.
    """

    def __init__(self, buffer: int) -> None:
        self.buffer = buffer
        self.end = 0
        self._channels: dict[UUID, Channel] = {}
        self._woken = asyncio.Event()
        self._followed = asyncio.Event()
        self._starting = asyncio.Lock()
        self._stopped = False
        self._at_end = 0.0

    @property
    def followers(self) -> int:
        """How many follow the log by this feed."""
        return sum(channel.followers for channel in self._channels.values())

    @property
    def lag(self) -> float:
        """Seconds since this feed was at the end of the log; 0 where nobody follows it.

        What followers were not told of yet is no older; about `POLL_SECONDS` is the usual most.
        """
        return monotonic() - self._at_end if self._followed.is_set() else 0.0

    def wake(self) -> None:
        """Look at the log now."""
        self._woken.set()

    def stop(self) -> None:
        """Make all who follow stop, now and from now on: the process is about to end."""
        self._stopped = True
        for channel in self._channels.values():
            channel.stop()

    @asynccontextmanager
    async def following(self, organisation: UUID) -> AsyncIterator[Channel]:
        """Yield the channel of an organisation, which grows for as long as the context lasts."""
        async with self._starting:
            if not self._followed.is_set():
                self.end = await newest_place()
                self._at_end = monotonic()
                self._followed.set()
        with self._joined(organisation) as channel:
            yield channel

    @contextmanager
    def _joined(self, organisation: UUID) -> Iterator[Channel]:
        channel = self._channels.setdefault(organisation, Channel(self.end))
        channel.stopped = self._stopped
        channel.followers += 1
        try:
            yield channel
        finally:
            channel.followers -= 1
            if not channel.followers:
                del self._channels[organisation]
            if not self._channels:
                self._followed.clear()

    async def tail(self) -> None:
        """Look at the log whenever there is reason to, until cancelled."""
        while True:
            await self._followed.wait()
            self._woken.clear()
            try:
                rows = await fetch_rows(_GROWN, [self.end, MOST_READ])
            except Exception as error:  # noqa: BLE001 - whatever it is, followers read on after it
                log_mishap(error, "The log cannot be read")
                await asyncio.sleep(POLL_SECONDS / 4)
                continue
            self._grow(rows)
            if len(rows) < MOST_READ:
                self._at_end = monotonic()
                await self._rest()

    async def _rest(self) -> None:
        """Wait until woken, at least for a moment and at most until it is time to look anyway."""
        await asyncio.sleep(APART_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._woken.wait()

    def _grow(self, rows: Sequence[Any]) -> None:
        """Note what was read, all but what somebody who began to follow meanwhile skipped."""
        ends: dict[UUID, int] = {}
        about: dict[UUID, set[UUID]] = {}
        for row in rows:
            if row["id"] > self.end:
                self.end = ends[row["organisation_id"]] = row["id"]
                about.setdefault(row["organisation_id"], set()).update(row["about"])
        for organisation, end in ends.items():
            channel = self._channels.get(organisation)
            if channel is not None:
                ids = about[organisation]
                channel.grow(end, frozenset(ids) if len(ids) <= MOST_ABOUT else None)


_feed: Feed | None = None


def feed() -> Feed:
    """Return the feed of this process, which runs within `feeding`."""
    if _feed is None:
        raise LookupError("nothing feeds who follows the log in this process")
    return _feed


@asynccontextmanager
async def feeding(url: str, buffer: int = 200) -> AsyncIterator[Feed]:
    """Feed all who follow the log in this process, for as long as the context lasts."""
    global _feed  # noqa: PLW0603 - one for the process
    _feed = fed = Feed(buffer)
    tasks = [asyncio.create_task(fed.tail()), asyncio.create_task(listen_forever(url, fed.wake))]
    try:
        yield fed
    finally:
        fed.stop()
        _feed = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
