"""What loading users changes of their access: told in the log, and never the last who gives it.

The entries have no actor: an operator is nobody whom the organisation knows.
"""

from typing import Final

import asyncpg

from models import LastAdministratorError

_GROUPS: Final = """(select string_agg(g.name, ', ' order by g.name collate "C")
  from user_group_member m join user_group g on g.id = m.user_group_id where m.user_id = u.id)"""

_BEFORE: Final = f"""
create temp table access_before on commit drop as
select u.id, u.client_access, {_GROUPS} as groups from own_user u
"""  # noqa: S608 - text of our own
_GIVES_ACCESS: Final = """
select exists (select from own_user u join user_group_member m on m.user_id = u.id
  join user_group g on g.id = m.user_group_id
  where u.enabled and 'USER_ADMIN' = any(g.permissions))
"""
_LOG: Final = f"""
with after as (select u.*, {_GROUPS} as groups from own_user u)
insert into activity (organisation_id, kind, occurred_at, user_id, changes)
select u.organisation_id, case when b.id is null then 'USER_INVITED' else 'ACCESS_CHANGED' end,
  now(), u.id, (
    select jsonb_agg(jsonb_build_object('field', field, 'before', before, 'after', after_))
    from (values
      ('email', null, case when b.id is null then u.email end),
      ('name', null, case when b.id is null then u.name end),
      ('clientAccess', b.client_access, u.client_access),
      ('groups', b.groups, u.groups)) change(field, before, after_)
    where before is distinct from after_)
from after u left join access_before b on b.id = u.id
where b.id is null or (b.client_access, b.groups) is distinct from (u.client_access, u.groups)
"""  # noqa: S608 - as above


class AccessChanges:
    """The access of an organisation's people before and after a load."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._was_given = False

    async def begin(self) -> None:
        """Remember the access that people have."""
        await self._connection.execute(_BEFORE)
        self._was_given = await self._connection.fetchval(_GIVES_ACCESS)

    async def end(self) -> None:
        """Write what has changed; raise `LastAdministratorError` where nobody can give access."""
        if self._was_given and not await self._connection.fetchval(_GIVES_ACCESS):
            raise LastAdministratorError
        await self._connection.execute(_LOG)
