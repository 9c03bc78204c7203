"""Databases for tests: copies of a migrated one, used again while they are left as they were.

To make a database for each test takes longer than most tests.
"""

from itertools import count
from typing import Final

import asyncpg

from database import run_migrations

TEMPLATE: Final = "template_migrated"
# All that makes a schema: columns, indexes, constraints, triggers, functions, rules and rights.
SCHEMA: Final = """
select md5(string_agg(line, ' ' order by line)) from (
  select format('%s.%s %s', attrelid::regclass, attname, atttypid::regtype) as line
    from pg_attribute join pg_class on oid = attrelid
    where relnamespace = 'public'::regnamespace and attnum > 0
  union all select pg_get_indexdef(indexrelid) from pg_index
    join pg_class on oid = indrelid where relnamespace = 'public'::regnamespace
  union all select conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint
    where connamespace = 'public'::regnamespace
  union all select pg_get_triggerdef(oid) || tgenabled::text from pg_trigger where not tgisinternal
  union all select pg_get_functiondef(oid) from pg_proc
    where pronamespace = 'public'::regnamespace and prokind = 'f'
  union all select pg_get_ruledef(oid) from pg_rewrite where oid >= 16384
  union all select format('%s %s', oid::regclass, relacl) from pg_class
    where relnamespace = 'public'::regnamespace
  union all select format('%s %s', nspname, nspacl) from pg_namespace where nspname !~ '^pg_'
  union all select setconfig::text from pg_db_role_setting s
    join pg_database d on d.oid = s.setdatabase where d.datname = current_database()
) lines
"""
# What refuses to delete is switched off for the moment. TRUNCATE would make each table's files
# anew, which takes longer than most tests, too.
EMPTY: Final = """
do $$
declare
  filled text;
  refusal text;
  tables text[] := array['kept_answer', 'request_count', 'webhook_delivery', 'webhook',
    'outgoing_mail', 'activity', 'offboarding', 'holding', 'product', 'party', 'api_token',
    'browser_session', 'user_group_member', 'user_group', 'app_user', 'organisation'];
  refusals text[] := (
    select array_agg(format('alter table %s %%s trigger %I', tgrelid::regclass, tgname))
    from pg_trigger where tgenabled = 'A');
begin
  foreach refusal in array refusals loop execute format(refusal, 'disable'); end loop;
  foreach filled in array tables loop execute 'delete from ' || filled; end loop;
  foreach refusal in array refusals loop execute format(refusal, 'enable always'); end loop;
  if exists (select from pg_tables where schemaname = 'public'
      and tablename <> all(tables || array['tortoise_migrations'])) then
    raise exception 'this empties not every table';
  end if;
end $$
"""
_APPLIED: Final = "select array_agg(name order by name) from tortoise_migrations"
_BEGIN_AGAIN: Final = """
select setval(seqrelid::regclass, seqstart, false) from pg_sequence
where seqrelid::regclass::text not like 'tortoise_migrations%'
"""
_PART: Final = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1"


def url_of(server: str, database: str) -> str:
    """Return the URL of a database, from that of its server."""
    return server.replace("/postgres?", f"/{database}?")


async def _state_of(connection: asyncpg.Connection) -> tuple[str, list[str]]:
    return await connection.fetchval(SCHEMA), await connection.fetchval(_APPLIED)


class Databases:
    """Migrated databases without rows, lent to one test or module after the other."""

    def __init__(self, server: str, administrator: asyncpg.Connection) -> None:
        self.server = server
        self.administrator = administrator
        self._numbers = count(1)
        self._free: list[str] = []
        self._state: tuple[str, list[str]] = ("", [])

    async def begin(self) -> None:
        """Migrate a database once, for others to be copied from."""
        await self.administrator.execute(f"create database {TEMPLATE}")
        url = url_of(self.server, TEMPLATE)
        await run_migrations(url)
        connection = await asyncpg.connect(url)
        self._state = await _state_of(connection)
        await connection.close()

    async def take(self) -> str:
        """Return the name of a database that nobody else uses."""
        if self._free:
            return self._free.pop()
        name = f"test_{next(self._numbers)}"
        await self.administrator.execute(f"create database {name} template {TEMPLATE}")
        return name

    async def give_back(self, name: str) -> None:
        """Let another have it, unless more was changed than rows; who is still there has to go."""
        await self.administrator.execute(_PART, name)
        if await self._is_emptied(name):
            self._free.append(name)
        else:
            await self.administrator.execute(f"drop database {name} with (force)")

    async def _is_emptied(self, name: str) -> bool:
        try:
            connection = await asyncpg.connect(url_of(self.server, name))
        except asyncpg.PostgresError:
            return False
        try:
            await connection.execute(EMPTY)
            await connection.execute(_BEGIN_AGAIN)
            return await _state_of(connection) == self._state
        except asyncpg.PostgresError:
            return False
        finally:
            await connection.close()
