"""Rule V after an import: which of those that have ended are listed in the overview."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import asyncpg

from models.listing import LISTING_LOCK, PARTY_LISTED, PRODUCT_LISTED

T = TypeVar("T")

ATTEMPTS: Final = 20

# Whoever has not ended is listed anyway.
_RELIST_PARTIES: Final = f"""
update own_party p set listed = {PARTY_LISTED}
where p.status = 'OFFBOARDED' and p.listed <> {PARTY_LISTED}
"""  # noqa: S608 - the project's own text
_RELIST_PRODUCTS: Final = f"""
update own_product q set listed = {PRODUCT_LISTED}
where q.status = 'TERMINATED' and q.listed <> {PRODUCT_LISTED}
"""  # noqa: S608 - as above


async def patiently(connection: asyncpg.Connection, work: Callable[[], Awaitable[T]]) -> T:
    """Do work in a savepoint, and again when others locked the same rows in another order.

    Going back to the savepoint lets these others pass, and keeps what the import did before.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            async with connection.transaction():
                return await work()
        except asyncpg.DeadlockDetectedError:
            continue
    async with connection.transaction():
        return await work()


async def relist(connection: asyncpg.Connection) -> None:
    """Work out anew which ended parties and products of the organisation are listed.

    Under the lock nobody is about to end one without seeing the holdings that were merged.
    """
    await connection.execute("select pg_advisory_xact_lock($1)", LISTING_LOCK)
    await connection.execute(_RELIST_PARTIES)
    await connection.execute(_RELIST_PRODUCTS)
