"""Entries of the log as a webhook is told of them: as CloudEvents, of its organisation only.

A webhook sees what somebody sees who may read the client file and all parties, but no reasons
(R13).
"""

from typing import Final

from database import fetch_rows
from models import ActivityKind, ClientAccess, Permission, Viewer, Webhook
from resolvers import cloud_events
from resolvers.activity import grown
from resolvers.json_text import text_of
from resolvers.reader import Reader
from resolvers.selection import Arguments
from resolvers.statement import Source

_NEWEST: Final = "select coalesce(max(id), 0) as id from activity where organisation_id = $1"
_plans: dict[bool, tuple[str, list[Source]]] = {}


def _event(reader: Reader) -> str:
    row = reader.alias()
    return grown(reader, row, text_of(cloud_events.event(reader, row)))


def _viewer_of(webhook: Webhook) -> Viewer:
    return Viewer(
        user_id=webhook.created_by_id,
        organisation_id=webhook.organisation_id,
        permissions=frozenset({Permission.CLIENT_FILE_READ}),
        client_access=ClientAccess.OPEN,
    )


async def newest_of(webhook: Webhook) -> int:
    """Return the place of the newest entry of a webhook's organisation."""
    (row,) = await fetch_rows(_NEWEST, [webhook.organisation_id])
    return int(row["id"])


async def event_past(webhook: Webhook, place: int, end: int) -> tuple[int, bytes] | None:
    """Return the first entry past a place that the webhook is told of, and its place."""
    kinds = webhook.kinds
    chosen: Arguments = (
        {"filter": {"kind": [ActivityKind(kind) for kind in kinds]}} if kinds else {}
    )
    return await _first(webhook, chosen, place, end)


async def event_of(webhook: Webhook, entry: int) -> bytes | None:
    """Return one entry, whatever its kind."""
    found = await _first(webhook, {}, entry - 1, entry)
    return None if found is None else found[1]


async def _first(
    webhook: Webhook, arguments: Arguments, place: int, end: int
) -> tuple[int, bytes] | None:
    asked, viewer = cloud_events.asked(arguments), _viewer_of(webhook)
    plan = _plans.get(bool(arguments))
    if plan is None:
        reader = Reader(asked, own=False)
        plan = _plans[bool(arguments)] = (_event(reader), reader.sources)
    sql, sources = plan
    values = [source(viewer, asked.arguments, (place, end, 1)) for source in sources]
    rows = await fetch_rows(sql, values)
    return (int(rows[0]["place"]), rows[0]["json"].encode()) if rows else None
