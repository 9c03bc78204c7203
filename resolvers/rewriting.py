"""The short write path: a save that needs no other row looks, asks the model, and writes at once.

It takes no lock while it looks: what is stale by then changes nothing, and the save begins anew.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

from orjson import Fragment

from database import StaleError, fetch_text
from models import ClientAccess, Entry, Offboarding, Viewer
from resolvers.json_text import text_of
from resolvers.reader import Reader
from resolvers.reading import Plan, keep
from resolvers.selection import Asked
from resolvers.together import fetch_by_id
from resolvers.writing import ENTRIES, PLACES, entry_values, look, model_of


async def look_and_show(
    viewer: Viewer, id: UUID, shown: Asked | None
) -> tuple[Offboarding, Fragment | None]:
    """Return an offboarding the viewer may see, or refuse with `NotFoundError` (R12).

    With it comes its JSON, where `rewrite` could return it, too.
    """
    if shown is None:
        return await look(viewer, Offboarding, id), None
    own = viewer.client_access is ClientAccess.OWN
    key = (look_and_show, own)
    plan: Plan | None = shown.plans.get(key)
    if plan is None:
        plan = keep(shown, key, _looking(Reader(shown, own=own)))
    sql, (_, *others) = plan
    row = await fetch_by_id(sql, id, *(source(viewer, shown.arguments, ()) for source in others))
    return model_of(Offboarding, row), _fragment(row["shown"]) if row else None


def _looking(reader: Reader) -> Plan:
    ids = reader.input(0, "uuid[]")
    rows = reader.wanted(Offboarding.__name__, "x", ids)
    return f"select wanted.place, x.*, {_shown(reader, 'x')} as shown {rows}", reader.sources


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
    values += entry_values(viewer, at, entries, about)
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


def _planned(viewer: Viewer, update: str, places: int, shown: Asked | None) -> Plan:
    """Return the statement of an UPDATE that is logged, and the parameters of what it shows."""
    if shown is None:
        return _rewriting(update, places, "''"), []
    own = viewer.client_access is ClientAccess.OWN
    key = (rewrite, update, own)
    plan: Plan | None = shown.plans.get(key)
    if plan is None:
        reader = Reader(shown, own=own, before=places)
        text = _rewriting(update, places, _shown(reader, "written"))
        plan = keep(shown, key, (text, reader.sources))
    return plan


@cache
def _rewriting(update: str, places: int, shown: str) -> str:
    """Return the statement of an UPDATE that is logged: it has so many parameters, the log's last.

    The main SELECT runs the UPDATE to its end before the INSERT begins and takes the lock of the
    log: who waits for the row must not make all others wait for the log.
    """
    log = (f"${n}" for n in range(places - PLACES + 1, places + 1))
    entries = ENTRIES.format(*log, source="written, ")
    return (
        f"with written as ({update} returning *), logged as ({entries}) select {shown} from written"
    )
