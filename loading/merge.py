"""The merges: staged rows that are new are added, those that differ change the stored ones.

No merge writes a status or the end of a subject, and an empty `ended_on` leaves a holding's end
as it is: what was ended here is not begun again by a file that has not heard of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from loading.indexes import indexed_afterwards
from loading.layout import HOLDINGS, PARTIES, PRODUCTS, USERS, Sheet
from loading.report import Counts

# Lines that one INSERT takes: few enough for the progress bar to move.
_LINES: Final = 100_000


@dataclass(frozen=True, slots=True)
class Merge:
    """The statements that bring the rows of a sheet into their table.

    `change` updates the stored rows that differ, `drop` takes the staged rows that are stored out
    of the stage, and `add` inserts the rest, by line from $2 to $3, for the organisation $1.
    """

    sheet: Sheet
    table: str
    prepare: tuple[str, ...]
    change: str
    drop: str
    add: str
    complete: tuple[str, ...] = ()


_MEMBERS: Final = """
create temp table wanted_member on commit drop as
select distinct u.id as user_id, g.id as user_group_id
from staged_user s join own_user u on u.email = s.email
cross join lateral string_to_table(s.groups, ';') n
join own_group g on g.name = btrim(n)
"""

_JOIN_GROUPS: Final = """
insert into user_group_member (user_id, user_group_id)
select distinct s.id, g.id
from staged_user s cross join lateral string_to_table(s.groups, ';') n
join own_group g on g.name = btrim(n)
"""

_USERS: Final = Merge(
    USERS,
    "app_user",
    prepare=(_MEMBERS,),
    change="""
with gone as (
  delete from user_group_member m using own_user u, staged_user s
  where m.user_id = u.id and u.email = s.email and not exists (select from wanted_member w
    where w.user_id = m.user_id and w.user_group_id = m.user_group_id)
  returning m.user_id
), come as (
  insert into user_group_member (user_id, user_group_id)
  select user_id, user_group_id from wanted_member
  except select m.user_id, m.user_group_id from user_group_member m
  returning user_id
)
update own_user u set name = s.name, client_access = s.client_access,
  language = coalesce(s.language, u.language), updated_at = now()
from staged_user s where u.email = s.email
  and ((u.name, u.client_access, u.language)
  is distinct from (s.name, s.client_access, coalesce(s.language, u.language))
  or u.id in (select user_id from gone union all select user_id from come))
""",
    drop="delete from staged_user s using own_user u where u.email = s.email",
    add="""
insert into app_user
  (id, organisation_id, email, name, enabled, client_access, language, created_at, updated_at)
select s.id, $1, s.email, s.name, true, s.client_access, coalesce(s.language, 'EN'), now(), now()
from staged_user s where s.line between $2 and $3
""",
    complete=(_JOIN_GROUPS,),
)

_PARTIES: Final = Merge(
    PARTIES,
    "party",
    prepare=(
        "create temp table manager on commit drop as select id, email from own_user",
        "analyze manager",
    ),
    change="""
update own_party p set type = s.type, name = s.name, email = s.email,
  onboarded_on = s.onboarded_on::date, manager_id = m.id, updated_at = now()
from staged_party s left join manager m on m.email = lower(s.manager_email)
where p.reference = s.reference and (p.type, p.name, p.email, p.onboarded_on, p.manager_id)
  is distinct from (s.type, s.name, s.email, s.onboarded_on::date, m.id)
""",
    drop="delete from staged_party s using own_party p where p.reference = s.reference",
    add="""
insert into party (id, organisation_id, type, name, reference, email, status, listed,
  onboarded_on, manager_id, created_at, updated_at)
select s.id, $1, s.type, s.name, s.reference, s.email, 'ACTIVE', true,
  s.onboarded_on::date, m.id, now(), now()
from staged_party s left join manager m on m.email = lower(s.manager_email)
where s.line between $2 and $3
""",
)

_PRODUCTS: Final = Merge(
    PRODUCTS,
    "product",
    prepare=(),
    change="""
update own_product q set name = s.name, opened_on = s.opened_on::date, updated_at = now()
from staged_product s where q.number = s.number
  and (q.name, q.opened_on) is distinct from (s.name, s.opened_on::date)
""",
    drop="delete from staged_product s using own_product q where q.number = s.number",
    add="""
insert into product (id, organisation_id, name, number, status, listed, opened_on,
  created_at, updated_at)
select s.id, $1, s.name, s.number, 'ACTIVE', true, s.opened_on::date, now(), now()
from staged_product s where s.line between $2 and $3
""",
)

_HOLDINGS: Final = Merge(
    HOLDINGS,
    "holding",
    prepare=(
        """
create temp table found_holding on commit drop as
select s.id, s.line, p.id as party_id, q.id as product_id, s.role,
  s.started_on::date as started_on, s.ended_on::date as ended_on
from staged_holding s join own_party p on p.reference = s.party_reference
join own_product q on q.number = s.product_number
""",
        "analyze found_holding",
    ),
    change="""
update own_holding h set role = s.role, started_on = s.started_on,
  ended_on = coalesce(s.ended_on, h.ended_on)
from found_holding s
where h.party_id = s.party_id and h.product_id = s.product_id
  and (h.role, h.started_on, h.ended_on)
  is distinct from (s.role, s.started_on, coalesce(s.ended_on, h.ended_on))
""",
    drop="""
delete from found_holding s using own_holding h
where h.party_id = s.party_id and h.product_id = s.product_id
""",
    add="""
insert into holding (id, organisation_id, party_id, product_id, role, started_on, ended_on)
select s.id, $1, s.party_id, s.product_id, s.role, s.started_on, s.ended_on
from found_holding s where s.line between $2 and $3
""",
)

MERGES: Final = (_USERS, _PARTIES, _PRODUCTS, _HOLDINGS)


def _count(status: str) -> int:
    """Return the number of rows in the word of a command, such as `INSERT 0 5`."""
    return int(status.rpartition(" ")[2])


async def merge_sheet(
    connection: asyncpg.Connection,
    merge: Merge,
    organisation: UUID,
    progress: Callable[[float], None],
) -> Counts:
    """Bring the staged rows of a sheet, which are all sound, into their table."""
    total, last = await connection.fetchrow(
        f"select count(*), coalesce(max(line), 0) from {merge.sheet.staged}"  # noqa: S608 - our own name
    )
    for statement in merge.prepare:
        await connection.execute(statement)
    changed = _count(await connection.execute(merge.change))
    stored = _count(await connection.execute(merge.drop))
    async with indexed_afterwards(connection, merge.table):
        # For the foreign keys: one to a table of few rows would be looked up by reading it whole.
        await connection.execute("set local enable_seqscan = off")
        for first in range(1, last + 1, _LINES):
            await connection.execute(merge.add, organisation, first, first + _LINES - 1)
            progress(min((first + _LINES) / last, 1.0))
        await connection.execute("set local enable_seqscan = on")
    for statement in merge.complete:
        await connection.execute(statement)
    return Counts(added=total - stored, changed=changed, unchanged=stored - changed)
