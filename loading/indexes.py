"""Indexes and a bulk of rows: into an empty table the rows go first, and are then seen as a whole.

To index them at once, and to look up what they refer to in one join, takes a fraction of the time,
and needs no memory that holds every index at once. It locks the table against readers, which
nobody minds while it has nothing to read; into a table that has rows, of whatever organisation,
new ones go in beside them as usual.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

# Unique indexes stay: they are what constraints and foreign keys look up. Who does not own the
# table may not touch any.
_PLAIN_INDEXES: Final = """
select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
from pg_index i join pg_class t on t.oid = i.indrelid
where t.oid = $1::regclass and not i.indisunique and pg_has_role(t.relowner, 'usage')
order by i.indexrelid
"""

_FOREIGN_KEYS: Final = """
select quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
from pg_constraint where conrelid = $1::regclass and contype = 'f' order by oid
"""


async def _is_empty(connection: asyncpg.Connection, table: str) -> bool:
    return not await connection.fetchval(f"select exists (select from {table})")  # noqa: S608 - our own name


@asynccontextmanager
async def indexed_afterwards(connection: asyncpg.Connection, table: str) -> AsyncIterator[None]:
    """Keep a table from being indexed and checked row by row, if it holds none yet."""
    indexes = await connection.fetch(_PLAIN_INDEXES, table)
    if indexes and await _is_empty(connection, table):
        await connection.execute(f"lock table {table} in access exclusive mode")
    if not indexes or not await _is_empty(connection, table):
        yield
        return
    keys = await connection.fetch(_FOREIGN_KEYS, table)
    for index in indexes:
        await connection.execute(f"drop index {index['name']}")
    for key in keys:
        await connection.execute(f"alter table {table} drop constraint {key['name']}")
    yield
    for index in indexes:
        await connection.execute(index["definition"])
    # In one command, which reads and locks what is referred to once.
    added = ", ".join(f"add constraint {key['name']} {key['definition']}" for key in keys)
    if added:
        await connection.execute(f"alter table {table} {added}")
