"""Holdings: a holder leaves a product (R7)."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import orjson

from models import (
    ActivityKind,
    Entry,
    Holding,
    NotFoundError,
    Party,
    Permission,
    Product,
    Viewer,
)
from models.change import changed
from resolvers import endings
from resolvers.reading import read_by_id
from resolvers.selection import Asked
from resolvers.writing import lock, log, look, write


async def end(viewer: Viewer, party: UUID, product: UUID, on: date | None) -> UUID:
    """End a party's holding of a product on a day, or today, and return its id (R7, V)."""
    return await write(lambda: _end(viewer, party, product, on))


async def find(viewer: Viewer, asked: Asked, id: UUID) -> orjson.Fragment | None:
    """Return a holding of which the viewer may see both ends."""
    return await read_by_id(viewer, asked, "Holding", id)


async def _end(viewer: Viewer, party: UUID, product: UUID, day: date | None) -> UUID:
    await look(viewer, Party, party)
    await look(viewer, Product, product)
    locked = await endings.lock_holding(party, product)
    await lock(viewer, Party, party)
    holding = await Holding.get_or_none(party_id=party, product_id=product)
    if holding is None:
        raise NotFoundError
    viewer.require(Permission.PRODUCT_TERMINATION_WRITE)
    at = datetime.now(UTC)
    on = day or at.date()
    before = holding.ended_on
    # Where the day begins first, it is a day ahead of UTC.
    if holding.end(on, latest=at.date() + timedelta(days=1)):
        await holding.save(update_fields=["ended_on"])
        await endings.relist(locked)
        entry = Entry(ActivityKind.HOLDING_ENDED, changed("endedOn", before, on))
        await log(viewer, at, [entry], party=party, product=product)
    return holding.id
