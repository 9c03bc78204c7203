"""The write path: lock, ask the model, write the row, the letter and the log in one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Final, TypeVar
from uuid import UUID

import asyncpg
from orjson import dumps
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError
from tortoise.models import Model

from database import fetch_rows, single, transaction
from events import tell
from models import (
    ClientAccess,
    DomainError,
    Entry,
    LastAdministratorError,
    NotFoundError,
    OffboardingDoneError,
    Viewer,
)
from resolvers.reader import Reader
from resolvers.repeats import kept
from resolvers.selection import Asked, Selection
from resolvers.statement import Source
from resolvers.tables import readable_of, table_of

T = TypeVar("T")
M = TypeVar("M", bound=Model)

# The refusals that the database gives itself, by the name of what refused.
_REFUSALS: Final[dict[str, type[DomainError]]] = {
    "offboarding_done_is_final": OffboardingDoneError,
    "organisation_keeps_an_administrator": LastAdministratorError,
}


# What the database refuses, from Tortoise and from its driver.
_REFUSED: Final = (IntegrityError, asyncpg.IntegrityConstraintViolationError)


def _constraint_of(error: Exception) -> str:
    """Return the name of the constraint that refused a write."""
    cause = error.args[0] if isinstance(error, IntegrityError) and error.args else error
    return str(getattr(cause, "constraint_name", None))


async def write(work: Callable[[], Awaitable[T]]) -> T:
    """Do work in one transaction and tell of it; what the database refuses, its rule refuses.

    Under a key its outcome is kept with it; work that was done before is not done again then.
    """
    return await _told(transaction(kept(work)))


async def write_alone(work: Callable[[], Awaitable[T]]) -> T:
    """Do work that writes with one `rewrite` alone, anew whenever what it read is stale by then."""
    return await _told(single(work))


async def _told(writing: Awaitable[T]) -> T:
    try:
        done = await writing
    except _REFUSED as error:
        refusal = _REFUSALS.get(_constraint_of(error))
        if refusal is None:
            raise
        raise refusal from error
    tell()
    return done


@cache
def _seeing(model: type[Model], access: ClientAccess, lock: str) -> tuple[str, list[Source]]:
    """Return the statement that fetches a row, and its parameters, for a kind of access."""
    reader = Reader(Asked(Selection("", ""), (), {}), own=access is ClientAccess.OWN)
    key = reader.input(0, "uuid")
    visible = readable_of(model.__name__).visible("x", reader)
    table = table_of(model.__name__)
    return f"select x.* from {table} x where x.id = {key} and {visible}{lock}", reader.sources


async def _seen(viewer: Viewer, model: type[M], id: UUID, lock: str) -> M:
    sql, sources = _seeing(model, viewer.client_access, lock)
    rows = await fetch_rows(sql, [source(viewer, (), (id,)) for source in sources])
    return model_of(model, rows[0] if rows else None)


def model_of(model: type[M], row: asyncpg.Record | None) -> M:
    """Return a row as its model, or refuse with `NotFoundError` where there is none."""
    if row is None:
        raise NotFoundError
    return model._init_from_db(**row)  # noqa: SLF001 - as Tortoise's own executor does


async def look(viewer: Viewer, model: type[M], id: UUID) -> M:
    """Return a row the viewer may see, or refuse with `NotFoundError` (R12)."""
    return await _seen(viewer, model, id, "")


async def lock(viewer: Viewer, model: type[M], id: UUID) -> M:
    """Return a row the viewer may see, locked to the end of the transaction (R12)."""
    return await _seen(viewer, model, id, " for no key update")


# The INSERT of entries of the log; its places are those of `entry_values`.
ENTRIES: Final = """
insert into activity
  (organisation_id, actor_id, occurred_at, offboarding_id, party_id, product_id, user_id, kind,
    changes)
select {0}, {1}, {2}, {3}, {4}, {5}, {6}, entry.kind, entry.changes::jsonb
from {source}unnest({7}::text[], {8}::text[]) as entry(kind, changes)
"""
PLACES: Final = 9
_LOG: Final = ENTRIES.format(*(f"${n}" for n in range(1, PLACES + 1)), source="")


def entry_values(
    viewer: Viewer, at: datetime, entries: Sequence[Entry], about: Sequence[UUID | None]
) -> list[object]:
    """Return the parameters of `ENTRIES`: who did what when, and what it is about."""
    kinds = [entry.kind for entry in entries]
    changes = [dumps(entry.changes).decode() for entry in entries]
    return [viewer.organisation_id, viewer.user_id, at, *about, kinds, changes]


async def log(  # noqa: PLR0913 - what an entry is about
    viewer: Viewer,
    at: datetime,
    entries: Sequence[Entry],
    *,
    offboarding: UUID | None = None,
    party: UUID | None = None,
    product: UUID | None = None,
    user: UUID | None = None,
) -> None:
    """Write what happened, as the last statement of a transaction (R15)."""
    about = (offboarding, party, product, user)
    await get_connection("default").execute_query(_LOG, entry_values(viewer, at, entries, about))
