"""Snapshots: one state of the database, read row by row for as long as that takes."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

from tortoise.connection import get_connection

# A first row may have to wait for all to be sorted, and a next one for a slow reader. What each row
# looks up is in memory before long: an index finds it faster than reading a small table through.
_SETTINGS: Final = """
set local statement_timeout = '120s';
set local idle_in_transaction_session_timeout = '120s';
set local random_page_cost = 1.1
"""


async def texts_of(sql: str, values: list[Any], size: int) -> AsyncGenerator[list[str]]:
    """Yield what a statement answers, a text for each row, some rows at a time.

    All of them are as they were at one moment, whatever others write meanwhile, and no more than
    twice as many as asked for are held in memory. To be closed by who does not read to the end.
    """
    async with (
        get_connection("default").acquire_connection() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await connection.execute(_SETTINGS)
        cursor = await connection.cursor(sql, *values)
        ahead = asyncio.ensure_future(cursor.fetch(size))
        try:
            while rows := await ahead:
                # Asked for now, so that the database works on it while we work on these.
                ahead = asyncio.ensure_future(cursor.fetch(size))
                await asyncio.sleep(0)
                yield [row[0] for row in rows]
        finally:
            await asyncio.wait([ahead])
