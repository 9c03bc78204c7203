"""The write path: lock, ask the model, write the row, the letter and the log in one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Final, TypeVar
from uuid import UUID

import asyncpg
from orjson import Fragment, dumps
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError
from tortoise.models import Model

from database import StaleError, fetch_rows, fetch_text, single, transaction
from events import tell
from models import (
    ClientAccess,
    DomainError,
    Entry,
    LastAdministratorError,
    NotFoundError,
    Offboarding,
    OffboardingDoneError,
    Viewer,
)
from resolvers.json_text import text_of
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
    """Do work that writes with `rewrite` alone, anew whenever what it read is stale by then."""
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


def _sight(reader: Reader, model: str, more: str) -> str:
    """Return the statement that fetches the row of the first input, if the viewer may see it."""
    key, visible = reader.input(0, "uuid"), readable_of(model).visible("x", reader)
    return f"select x.*{more} from {table_of(model)} x where x.id = {key} and {visible}"


@cache
def _seeing(model: type[Model], access: ClientAccess, lock: str) -> tuple[str, list[Source]]:
    """Return the statement that fetches a row, and its parameters, for a kind of access."""
    reader = Reader(Asked(Selection("", ""), (), {}), own=access is ClientAccess.OWN)
    return _sight(reader, model.__name__, "") + lock, reader.sources


async def _seen(viewer: Viewer, model: type[M], id: UUID, lock: str) -> M:
    sql, sources = _seeing(model, viewer.client_access, lock)
    return _row(model, await fetch_rows(sql, [source(viewer, (), (id,)) for source in sources]))


def _row(model: type[M], rows: list[asyncpg.Record]) -> M:
    if not rows:
        raise NotFoundError
    return model._init_from_db(**rows[0])  # noqa: SLF001 - as Tortoise's own executor does


async def look(viewer: Viewer, model: type[M], id: UUID) -> M:
    """Return a row the viewer may see, or refuse with `NotFoundError` (R12)."""
    return await _seen(viewer, model, id, "")


async def look_and_show(
    viewer: Viewer, id: UUID, shown: Asked | None
) -> tuple[Offboarding, Fragment | None]:
    """Do the same with an offboarding, with its JSON where `rewrite` could return it, too."""
    if shown is None:
        return await look(viewer, Offboarding, id), None
    key = (look_and_show, viewer.client_access)
    plan: tuple[str, list[Source]] | None = shown.plans.get(key)
    if plan is None:
        reader = Reader(shown, own=viewer.client_access is ClientAccess.OWN)
        more = f", {_shown(reader, 'x')} as shown"
        plan = (_sight(reader, Offboarding.__name__, more), reader.sources)
        shown.plans[key] = plan
    sql, sources = plan
    rows = await fetch_rows(sql, [source(viewer, shown.arguments, (id,)) for source in sources])
    offboarding = _row(Offboarding, rows)
    return offboarding, _fragment(rows[0]["shown"])


async def lock(viewer: Viewer, model: type[M], id: UUID) -> M:
    """Return a row the viewer may see, locked to the end of the transaction (R12)."""
    return await _seen(viewer, model, id, " for no key update")


_ENTRIES: Final = """
insert into activity
  (organisation_id, actor_id, occurred_at, offboarding_id, party_id, product_id, user_id, kind,
    changes)
select {0}, {1}, {2}, {3}, {4}, {5}, {6}, entry.kind, entry.changes::jsonb
from {source}unnest({7}::text[], {8}::text[]) as entry(kind, changes)
"""
_PLACES: Final = 9
_LOG: Final = _ENTRIES.format(*(f"${n}" for n in range(1, _PLACES + 1)), source="")


def _values(
    viewer: Viewer, at: datetime, entries: Sequence[Entry], about: Sequence[UUID | None]
) -> list[object]:
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
    await get_connection("default").execute_query(_LOG, _values(viewer, at, entries, about))


async def rewrite(
    viewer: Viewer,
    at: datetime,
    offboarding: Offboarding,
    entries: Sequence[Entry],
    shown: Asked | None = None,
) -> Fragment | None:
    """Write a changed offboarding and what happened to it, in one statement (R10, R15).

    Returns its JSON where the statement can tell what is to be shown. Raises `StaleError` where it
    has changed since it was read; nothing is written then.
    """
    update, values = offboarding.rewriting()
    about = (offboarding.id, offboarding.party_id, offboarding.product_id, None)
    values += _values(viewer, at, entries, about)
    text, sources = _planned(viewer, update, len(values), shown)
    arguments = () if shown is None else shown.arguments
    told = await fetch_text(text, values + [source(viewer, arguments, ()) for source in sources])
    if told is None:
        raise StaleError
    return _fragment(told)


def _fragment(json: str) -> Fragment | None:
    return Fragment(json) if json else None


def _shown(reader: Reader, row: str) -> str:
    """Return the SQL of an offboarding's JSON, which is empty where it takes more than the row."""
    fields = reader.asked.selection.of(Offboarding.__name__)
    if not reader.is_plain(Offboarding.__name__, fields):
        return "''"
    return text_of(reader.object(Offboarding.__name__, fields, row))


def _planned(
    viewer: Viewer, update: str, places: int, shown: Asked | None
) -> tuple[str, list[Source]]:
    """Return the statement of an UPDATE that is logged, and the parameters of what it shows."""
    if shown is None:
        return _rewriting(update, places, "''"), []
    key = (rewrite, update, viewer.client_access)
    plan: tuple[str, list[Source]] | None = shown.plans.get(key)
    if plan is None:
        reader = Reader(shown, own=viewer.client_access is ClientAccess.OWN, before=places)
        text = _rewriting(update, places, _shown(reader, "written"))
        plan = shown.plans[key] = (text, reader.sources)
    return plan


@cache
def _rewriting(update: str, places: int, shown: str) -> str:
    """Return the statement of an UPDATE that is logged: it has so many parameters, the log's last.

    The main SELECT runs the UPDATE to its end before the INSERT begins and takes the lock of the
    log: who waits for the row must not make all others wait for the log.
    """
    log = (f"${n}" for n in range(places - _PLACES + 1, places + 1))
    entries = _ENTRIES.format(*log, source="written, ")
    return (
        f"with written as ({update} returning *), logged as ({entries}) select {shown} from written"
    )
