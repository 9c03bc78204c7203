"""Repeats: a mutation that is sent again under its key is answered as before, and not done again.

Who died with it in hand gives it up after a while; what it did is then found by the mutation's own
rules, such as its expected version.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from database import fetch_rows, fetch_text

LONGEST_KEY: Final = 255

_CLAIM: Final = """
with gone as (
  delete from kept_answer where user_id = $1 and key <> $2
    and started_at < now() - interval '24 hours'
)
insert into kept_answer as kept (user_id, key, request_hash) values ($1, $2, $3)
on conflict (user_id, key) do update
  set request_hash = $3, started_at = now(), status = null, answer = null
  where kept.started_at < now() - interval '24 hours'
    or (kept.answer is null and kept.started_at < now() - interval '1 minute')
returning 'claimed'
"""
_LOOK: Final = (
    "select request_hash, status, answer from kept_answer where user_id = $1 and key = $2"
)
_KEEP: Final = """
update kept_answer set status = $3, answer = $4
where user_id = $1 and key = $2 and answer is null returning 'kept'
"""
_RELEASE: Final = """
delete from kept_answer where user_id = $1 and key = $2 and answer is null returning 'gone'
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a mutation under a key; the answer is None while it runs."""

    request_hash: str
    status: int | None
    answer: bytes | None


async def claim(user: UUID, key: str, request_hash: str) -> bool:
    """Return whether a mutation is the caller's to do: it is new, or was given up."""
    return await fetch_text(_CLAIM, [user, key, request_hash]) is not None


async def look(user: UUID, key: str) -> Kept | None:
    """Return what is kept under a key."""
    rows = await fetch_rows(_LOOK, [user, key])
    return Kept(*rows[0]) if rows else None


async def keep(user: UUID, key: str, status: int, answer: bytes) -> None:
    """Keep the answer of a mutation that was claimed."""
    await fetch_text(_KEEP, [user, key, status, answer])


async def release(user: UUID, key: str) -> None:
    """Give back a claim under which nothing was done."""
    await fetch_text(_RELEASE, [user, key])
