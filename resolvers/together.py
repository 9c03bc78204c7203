"""Rows that are asked for by their ids at the same time are fetched together, in one statement.

Nobody waits for company: what is asked is sent at once, unless a statement of its kind is under
way. What comes meanwhile goes with the next, so that the more is asked for, the less each costs.
"""

import asyncio
from contextvars import Context
from typing import Any, Final
from uuid import UUID

import asyncpg

from database import fetch_rows

# Who comes later than so many seconds after a statement was sent does not wait for it.
PATIENCE: Final = 0.005

Found = asyncio.Future[asyncpg.Record | None]
# A statement, and its values but for the ids.
Kind = tuple[str, tuple[Any, ...]]


class _Group:
    """What is asked for by statements of one kind."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.under_way = 0
        self.sent_at = 0.0
        self.waiting: list[tuple[UUID, Found]] = []
        self.tasks: set[asyncio.Task[None]] = set()


# Gone once nothing of them is under way.
_groups: Final[dict[Kind, _Group]] = {}


async def fetch_by_id(sql: str, id: UUID, *others: Any) -> asyncpg.Record | None:  # noqa: ANN401 - a parameter can be of any type
    """Return the row of an id, or None where there is none.

    The statement takes ids first, then the other values, and tells of each row the `place` of its
    id, from 1.
    """
    kind, loop = (sql, others), asyncio.get_running_loop()
    try:
        group = _groups.get(kind)
    except TypeError:  # a list is among the values: nobody is likely to ask for the same
        rows = await fetch_rows(sql, [[id], *others])
        return rows[0] if rows else None
    if group is None or group.loop is not loop:
        group = _groups[kind] = _Group(loop)
    if group.under_way:
        found: Found = loop.create_future()
        group.waiting.append((id, found))
        if loop.time() - group.sent_at > PATIENCE:
            _send(kind, group)
        return await found
    group.under_way, group.sent_at = 1, loop.time()
    try:
        rows = await fetch_rows(sql, [[id], *others])
    finally:
        _end(kind, group)
    return rows[0] if rows else None


def _send(kind: Kind, group: _Group) -> None:
    """Send a statement for all who wait."""
    waiting, group.waiting = group.waiting, []
    group.under_way, group.sent_at = group.under_way + 1, group.loop.time()
    # In a context of its own: the caller's may hold the connection of a transaction.
    task = group.loop.create_task(_fetch_all(kind, group, waiting), context=Context())
    group.tasks.add(task)
    task.add_done_callback(group.tasks.discard)


def _end(kind: Kind, group: _Group) -> None:
    """End a statement, and send the next if anybody waits."""
    group.under_way -= 1
    if group.waiting:
        _send(kind, group)
    elif not group.under_way and _groups.get(kind) is group:
        del _groups[kind]


async def _fetch_all(kind: Kind, group: _Group, waiting: list[tuple[UUID, Found]]) -> None:
    sql, others = kind
    try:
        rows = await fetch_rows(sql, [[id for id, _ in waiting], *others])
    except Exception as error:  # noqa: BLE001 - whatever it is, those who asked are told
        for _, found in waiting:
            if not found.done():
                found.set_exception(error)
    else:
        places = {row["place"]: row for row in rows}
        for place, (_, found) in enumerate(waiting, start=1):
            if not found.done():
                found.set_result(places.get(place))
    finally:
        _end(kind, group)
