"""An organisation as it begins: with its settings and the groups that every one has."""

from typing import Final
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from models import InvalidInputError, Organisation
from models.user_group import DEFAULT_GROUPS

LONGEST_NAME: Final = 200

_ADD: Final = """
insert into organisation
  (id, name, require_products_terminated, four_eyes, retention_months, created_at)
values ($1, $2, $3, $4, $5, now()) on conflict (name) do nothing returning id
"""
_FIND: Final = "select id from organisation where name = $1 for no key update"
_ADD_GROUP: Final = """
insert into user_group (id, organisation_id, name, description, permissions)
values ($1, $2, $3, $4, $5)
"""


async def ensure_organisation(connection: asyncpg.Connection, name: str) -> tuple[UUID, bool]:
    """Return the id of the organisation of a name, locked, and whether it had to be made.

    The lock lasts as long as the transaction: who changes a whole organisation does so alone.
    """
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise InvalidInputError(
            "organisation",
            f"An organisation's name has 1 to {LONGEST_NAME} characters, none of them a control"
            " character and no space at either end.",
        )
    fresh = Organisation(name=name)
    added: UUID | None = await connection.fetchval(
        _ADD,
        fresh.id,
        name,
        fresh.require_products_terminated,
        fresh.four_eyes,
        fresh.retention_months,
    )
    if added is None:
        return await connection.fetchval(_FIND, name), False
    await connection.executemany(
        _ADD_GROUP,
        [
            (uuid7(), added, group, description, list(permissions))
            for group, (description, permissions) in DEFAULT_GROUPS.items()
        ],
    )
    return added, True
