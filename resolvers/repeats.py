"""Repeats: a mutation that is sent again under its key is answered as before, and not done again.

Each write keeps its outcome within its own transaction, so that there is no moment at which it is
done and nobody knows. A repeat of what was cut short finds the outcomes there are, does what is
missing, and reads the answer anew.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson

from database import fetch_rows, fetch_text, log_mishap

T = TypeVar("T")

LONGEST_KEY: Final = 255
ROUND_SECONDS: Final = 60.0

_FORGET: Final = (
    "delete from kept_answer where started_at < now() - interval '24 hours' returning 'gone'"
)
# Who has it in hand holds it for as long as an operation may take. Times are compared both ways: a
# clock that was set back would let it be held for as long.
_CLAIM: Final = """
with free as (
  select started_at < now() - interval '24 hours' as is_old from kept_answer
  where user_id = $1 and key = $2 and (started_at < now() - interval '24 hours' or
    (answer is null and request_hash = $3
      and held_until not between now() and now() + make_interval(secs => $4)))
  for no key update skip locked
), taken as (
  update kept_answer kept set request_hash = $3, status = null, answer = null,
    held_until = now() + make_interval(secs => $4),
    started_at = case when free.is_old then now() else started_at end,
    outcomes = case when free.is_old then '{}' else outcomes end
  from free where user_id = $1 and key = $2 returning 'claimed'
), new as (
  insert into kept_answer (user_id, key, request_hash, held_until)
  values ($1, $2, $3, now() + make_interval(secs => $4))
  on conflict (user_id, key) do nothing returning 'claimed'
)
table taken union all table new
"""
_LOOK: Final = (
    "select request_hash, status, answer from kept_answer where user_id = $1 and key = $2"
)
_KEEP: Final = """
update kept_answer set status = $3, answer = $4
where user_id = $1 and key = $2 and answer is null returning 'kept'
"""
# What still runs is left alone: it holds its row.
_RELEASE: Final = """
with free as (
  select outcomes = '{}' as is_undone from kept_answer
  where user_id = $1 and key = $2 and answer is null for update skip locked
), gone as (
  delete from kept_answer using free where user_id = $1 and key = $2 and is_undone
)
update kept_answer set held_until = now() from free
where user_id = $1 and key = $2 and not is_undone
"""
_HOLD: Final = """
select outcomes -> $4::text as outcome from kept_answer
where user_id = $1 and key = $2 and request_hash = $3 for no key update
"""
_DONE: Final = """
update kept_answer set outcomes = outcomes || jsonb_build_object($3::text, $4::jsonb)
where user_id = $1 and key = $2 returning 'done'
"""


class GivenUpError(Exception):
    """A mutation begins only after its request was given up, and is left to the repeat."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a mutation under a key; the answer is None while it runs."""

    request_hash: str
    status: int | None
    answer: bytes | None


@dataclass(slots=True)
class Claim:
    """A request under a key, and how many writes it has begun.

    What refuses before a write begins depends on the request alone, so that in each run of it a
    write has the same number.
    """

    user: UUID
    key: str
    request_hash: str
    writes: int = 0


_claim: ContextVar[Claim | None] = ContextVar("claim", default=None)


@contextmanager
def doing(claim: Claim) -> Iterator[None]:
    """Keep the outcome of each write within the context."""
    token = _claim.set(claim)
    try:
        yield
    finally:
        _claim.reset(token)


def is_claimed() -> bool:
    """Whether what is done now is done under a key."""
    return _claim.get() is not None


def kept(work: Callable[[], Awaitable[T]]) -> Callable[[], Awaitable[T]]:
    """Return the work of a transaction that also keeps its outcome, where it is under a key."""
    claim = _claim.get()
    if claim is None:
        return work
    claim.writes += 1
    return partial(_once, claim, str(claim.writes), work)


async def _once(claim: Claim, number: str, work: Callable[[], Awaitable[T]]) -> T:
    """Do work, unless it was done before; another process that does it now is waited for."""
    held = [claim.user, claim.key, claim.request_hash, number]
    rows = await fetch_rows(_HOLD, held)
    if not rows:
        raise GivenUpError
    if rows[0]["outcome"] is not None:
        known: Any = _read(rows[0]["outcome"])
        return known  # type: ignore[no-any-return] # as the same work has returned it
    outcome = await work()
    written = orjson.dumps(outcome, default=str).decode()
    await fetch_text(_DONE, [claim.user, claim.key, number, written])
    return outcome


def _read(written: str) -> UUID | tuple[UUID, str] | None:
    """Return what a write has returned: an id, or an id and a secret that is shown once."""
    match orjson.loads(written):
        case None:
            return None
        case [id, secret]:
            return UUID(id), str(secret)
        case id:
            return UUID(id)


async def take(claim: Claim, seconds: float) -> bool:
    """Return whether a request is the caller's to answer: it is new, or was given up."""
    wanted = [claim.user, claim.key, claim.request_hash, seconds]
    return await fetch_text(_CLAIM, wanted) is not None


async def look(claim: Claim) -> Kept | None:
    """Return what is kept under a key."""
    rows = await fetch_rows(_LOOK, [claim.user, claim.key])
    return Kept(*rows[0]) if rows else None


async def keep(claim: Claim, status: int, answer: bytes) -> None:
    """Keep the answer of a request that was claimed."""
    await fetch_text(_KEEP, [claim.user, claim.key, status, answer])


async def release(claim: Claim) -> None:
    """Give back a claim: whoever repeats the request goes on from what was done, if anything."""
    await fetch_text(_RELEASE, [claim.user, claim.key])


async def forget_forever() -> None:
    """Remove what nobody can ask for any more, until cancelled: answers hold clients' data."""
    while True:
        try:
            await fetch_text(_FORGET, [])
        except Exception as error:  # noqa: BLE001 - whatever it is, the next round may be better
            log_mishap(error, "Old answers cannot be removed")
        await asyncio.sleep(ROUND_SECONDS)
