"""Rates: how often somebody may do something in a minute, over all processes.

Each process counts by itself and tells the others once a second through the database, so that no
request waits for it; what happens in that second may be too much.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv6Address, IPv6Network
from time import time
from typing import Any, Final
from uuid import UUID

from database import fetch_rows, log_mishap
from observing.figures import RATE_LIMITED

SHARE_SECONDS: Final = 1.0
MINUTE: Final = 60

# The headers in which a credential is shown.
_SHOWING: Final = frozenset({b"authorization", b"cookie"})

_SHARE: Final = """
with old as (delete from request_count where minute < $2::bigint - 2)
insert into request_count as counted (key, minute, count)
select key, $2::bigint, count from unnest($1::text[], $3::integer[]) as told(key, count)
on conflict (key, minute) do update set count = counted.count + excluded.count
returning key, count
"""


class TooManyError(Exception):
    """It was done too often; after so many seconds it may be done again."""

    code: Final = "TOO_MANY_REQUESTS"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"This was asked for too often; ask again in {seconds} seconds.")
        self.seconds = seconds


class Rate:
    """How often each key may be counted in a minute; without a limit nothing is counted."""

    def __init__(self, name: str, per_minute: int | None) -> None:
        self.name = name
        self.per_minute = per_minute
        self._minute = 0
        self._own: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._others: dict[str, int] = {}

    def take(self, key: str) -> None:
        """Count once for a key; refuse with `TooManyError` what is too much."""
        if self.per_minute is None:
            return
        now = time()
        self._turn(int(now // MINUTE))
        used = self._own[key] = self._own.get(key, 0) + 1
        if used + self._others.get(key, 0) > self.per_minute:
            RATE_LIMITED.labels(self.name).inc()
            raise TooManyError(MINUTE - int(now % MINUTE))

    def _turn(self, minute: int) -> None:
        if minute != self._minute:
            self._minute = minute
            self._own, self._told, self._others = {}, {}, {}

    async def share(self) -> None:
        """Tell the other processes what was counted here, and hear what was counted there."""
        self._turn(int(time() // MINUTE))
        minute = self._minute
        news = {k: n - self._told.get(k, 0) for k, n in sorted(self._own.items())}
        news = {key: count for key, count in news.items() if count}
        if not news:
            return
        names = [f"{self.name}:{key}" for key in news]
        rows = await fetch_rows(_SHARE, [names, minute, list(news.values())])
        if minute != self._minute:
            return
        for row in rows:
            key = row["key"].partition(":")[2]
            self._told[key] = self._told.get(key, 0) + news[key]
            self._others[key] = row["count"] - self._told[key]


def place_of(scope: Mapping[str, Any]) -> str:
    """Return where a request comes from: its address, or the 64 bits of IPv6 that one site has."""
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = IPv6Address(host)
    except ValueError:
        return str(host)
    return str(address.ipv4_mapped or IPv6Network((int(address), 64), strict=False))


class Rates:
    """How often a person may ask, and how often an address may show what is no credential."""

    def __init__(self, asks: int | None, failures: int | None) -> None:
        self._asks = Rate("requests", asks)
        self._failures = Rate("failures", failures)

    def ask(self, user_id: UUID) -> None:
        """Count that a person asks for something; refuse with `TooManyError` what is too much."""
        self._asks.take(str(user_id))

    def fail(self, scope: Mapping[str, Any], authorization: str | None = None) -> None:
        """Count what an address has shown in vain, if anything; refuse as above.

        `authorization` is what stands in for the header, where a client cannot send one.
        """
        if authorization or any(name in _SHOWING for name, _ in scope["headers"]):
            self._failures.take(place_of(scope))

    async def share(self) -> None:
        """Share both with the other processes."""
        await self._asks.share()
        await self._failures.share()


@asynccontextmanager
async def sharing(rates: Rates) -> AsyncIterator[None]:
    """Keep the counts of all processes together for as long as the context lasts."""

    async def share() -> None:
        while True:
            await asyncio.sleep(SHARE_SECONDS)
            try:
                await rates.share()
            except Exception as error:  # noqa: BLE001 - whatever it is, they are shared after it
                log_mishap(error, "Counts are not shared")

    task = asyncio.create_task(share())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
