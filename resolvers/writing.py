"""The write path: lock, ask the model, write the row, the letter and the log in one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import Final, TypeVar
from uuid import UUID

from orjson import dumps
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError
from tortoise.models import Model

from database import transaction
from events import tell
from models import (
    ClientAccess,
    DomainError,
    Entry,
    NotFoundError,
    OffboardingDoneError,
    Viewer,
)
from resolvers.reading import Reader, readable_of, table_of
from resolvers.selection import Asked, Selection
from resolvers.statement import Source

T = TypeVar("T")
M = TypeVar("M", bound=Model)

# The refusals that the database gives itself, by the name of what refused.
_REFUSALS: Final[dict[str, type[DomainError]]] = {
    "offboarding_done_is_final": OffboardingDoneError,
}


def _constraint_of(error: IntegrityError) -> str:
    """Return the name of the constraint that refused a write."""
    return str(getattr(error.args[0], "constraint_name", None)) if error.args else ""


async def write(work: Callable[[], Awaitable[T]]) -> T:
    """Do work in one transaction and tell of it; what the database refuses, its rule refuses."""
    try:
        done = await transaction(work)
    except IntegrityError as error:
        refusal = _REFUSALS.get(_constraint_of(error))
        if refusal is None:
            raise
        raise refusal from error
    tell()
    return done


@cache
def _seeing(model: type[Model], access: ClientAccess, lock: str) -> tuple[str, list[Source]]:
    """Return the statement that fetches a row, and its parameters, for a kind of access."""
    reader = Reader(Asked(Selection("", ""), ()), own=access is ClientAccess.OWN)
    key = reader.input(0, "uuid")
    visible = readable_of(model.__name__).visible("x", reader)
    table = table_of(model.__name__)
    return f"select x.* from {table} x where x.id = {key} and {visible}{lock}", reader.sources


async def _seen(viewer: Viewer, model: type[M], id: UUID, lock: str) -> M:
    sql, sources = _seeing(model, viewer.client_access, lock)
    values = [source(viewer, (), (id,)) for source in sources]
    _, rows = await get_connection("default").execute_query(sql, values)
    if not rows:
        raise NotFoundError
    return model._init_from_db(**dict(rows[0]))  # noqa: SLF001 - as Tortoise's own executor does


async def look(viewer: Viewer, model: type[M], id: UUID) -> M:
    """Return a row the viewer may see, or refuse with `NotFoundError` (R12)."""
    return await _seen(viewer, model, id, "")


async def lock(viewer: Viewer, model: type[M], id: UUID) -> M:
    """Return a row the viewer may see, locked to the end of the transaction (R12)."""
    return await _seen(viewer, model, id, " for no key update")


_LOG: Final = """
insert into activity
  (organisation_id, actor_id, occurred_at, offboarding_id, party_id, product_id, user_id, kind,
    changes)
select $1, $2, $3, $4, $5, $6, $7, entry.kind, entry.changes::jsonb
from unnest($8::text[], $9::text[]) as entry(kind, changes)
"""


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
    kinds = [entry.kind for entry in entries]
    changes = [dumps([asdict(change) for change in entry.changes]).decode() for entry in entries]
    about = [viewer.organisation_id, viewer.user_id, at, offboarding, party, product, user]
    await get_connection("default").execute_query(_LOG, [*about, kinds, changes])
