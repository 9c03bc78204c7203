"""What the standard queries read of large tables: their rows by an index, and few of these.

PostgreSQL itself tells what was really read, whatever it had planned: each query is asked once, for
its plan to be made and kept, and then once more between two looks at the statistics.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import asyncpg
import pytest
from tortoise.connection import get_connection

from database import connected
from models import ClientAccess, User
from tests.asking import data, gid
from tests.factories import make_organisation, make_user
from tests.records import rows

LARGE: Final = ("party", "product", "holding", "offboarding", "activity")
SIZE: Final = 20_000
# Far fewer than a table holds; a page of 50 with all that belongs to it is well below.
MOST_ROWS: Final = 4_000

# Each organisation: one in twenty is active, the others ended long ago, and so did their products.
# What is not Done is assigned to few people, and very few of it is overdue.
FILL: Final = (
    """
insert into party (id, organisation_id, type, name, reference, email, status, listed, manager_id,
  offboarded_at, offboarded_by_id, retention_until, onboarded_on, created_at, updated_at)
select gen_random_uuid(), u.organisation_id,
  case when i % 100 = 0 then 'LEGAL_ENTITY' else 'NATURAL_PERSON' end,
  initcap(substr(md5(i::text), 1, 6)) || ' ' || initcap(substr(md5((i * 7)::text), 1, 8)),
  'C-' || lpad(i::text, 8, '0'), 'p' || i || '@client.example',
  case when i % 20 = 0 then 'ACTIVE' else 'OFFBOARDED' end, i % 20 = 0,
  case when i % 500 = 0 then u.id end,
  case when i % 20 > 0 then now() - (i % 1800) * interval '1 day' end,
  case when i % 20 > 0 then u.id end, current_date, date '2015-01-01' + i % 3000,
  now(), now() - i * interval '1 minute'
from generate_series(1, {size}) i, app_user u where u.id = $1
""",
    """
insert into product (id, organisation_id, name, number, status, listed, terminated_at,
  terminated_by_id, opened_on, created_at, updated_at)
select gen_random_uuid(), p.organisation_id,
  case when p.type = 'LEGAL_ENTITY' then 'Escrow' else 'Account ' || p.name end,
  'ACC' || substr(p.reference, 3), case when p.listed then 'ACTIVE' else 'TERMINATED' end,
  p.listed, p.offboarded_at, p.offboarded_by_id, p.onboarded_on, now(), p.updated_at
from party p where p.organisation_id = (select organisation_id from app_user where id = $1)
""",
    """
insert into holding (id, organisation_id, party_id, product_id, role)
select gen_random_uuid(), p.organisation_id, p.id, q.id, 'OWNER'
from party p join product q
  on q.organisation_id = p.organisation_id and q.number = 'ACC' || substr(p.reference, 3)
where p.organisation_id = (select organisation_id from app_user where id = $1)
""",
    """
insert into offboarding (id, organisation_id, party_id, status, resolution, assignee_id,
  started_by_id, started_at, updated_at, due_on, closed_at, closed_by_id, version)
select gen_random_uuid(), p.organisation_id, p.id,
  case when p.listed then (array['OPEN', 'IN_PROGRESS', 'REVIEW'])[1 + p.n % 3] else 'DONE' end,
  case when not p.listed then 'DONE' end, case when p.n % 200 = 0 then $1::uuid end, $1,
  now() - p.n * interval '1 minute' - (not p.listed)::int * interval '400 days',
  now() - p.n * interval '1 second' - (not p.listed)::int * interval '300 days',
  current_date + case when p.listed and p.n % 2000 > 0 then 7 else -30 end,
  p.offboarded_at, case when not p.listed then $1::uuid end, 1
from (select *, row_number() over (order by reference) as n from party) p
where p.organisation_id = (select organisation_id from app_user where id = $1)
""",
    """
insert into activity (organisation_id, kind, occurred_at, actor_id, offboarding_id, party_id,
  changes)
select o.organisation_id, 'OFFBOARDING_STARTED', o.started_at, $1, o.id, o.party_id, '[]'
from offboarding o
where o.organisation_id = (select organisation_id from app_user where id = $1)
order by o.started_at
""",
)


@dataclass(frozen=True)
class Bank:
    """An organisation with a large client file, and who asks about it."""

    viewer: User
    manager: User
    variables: dict[str, Any]


@pytest.fixture(scope="module")
async def bank(shared_database_url: str) -> AsyncIterator[Bank]:
    async with connected(shared_database_url, 1):
        banks = [await make_organisation(), await make_organisation()]
        viewer, stranger = [await make_user(organisation=bank) for bank in banks]
        manager = await make_user(organisation=banks[0], client_access=ClientAccess.OWN)
        connection = await asyncpg.connect(shared_database_url)
        for user, size in ((viewer, SIZE), (stranger, SIZE // 4)):
            for statement in FILL:
                await connection.execute(statement.replace("{size}", str(size)), user.id)
        await connection.execute(
            "update party set manager_id = $1 where manager_id = $2", manager.id, viewer.id
        )
        await connection.execute("vacuum analyze")
        # What is counted of it is counted before anything is asked.
        await connection.execute("select pg_stat_force_next_flush()")
        await connection.close()
        yield Bank(viewer, manager, await _variables(viewer, manager))


async def _variables(viewer: User, manager: User) -> dict[str, Any]:
    """Return what the queries ask about: something in the midst of everything."""
    (row,) = await rows(
        """select p.id as party, p.reference, p.name, q.id as product, q.number, o.id as task, a.id
        from party p join holding h on h.party_id = p.id join product q on q.id = h.product_id
        join offboarding o on o.party_id = p.id join activity a on a.offboarding_id = o.id
        where p.organisation_id = $1 and p.reference = $2""",
        viewer.organisation_id,
        f"C-{SIZE // 2:08}",
    )
    ids = [f"party_{row['party']}", f"product_{row['product']}", f"offboarding_{row['task']}"]
    return {
        "party": ids[0],
        "product": ids[1],
        "offboarding": ids[2],
        "ids": [*ids, f"activity_{row['id']}", gid(viewer)],
        "reference": row["reference"],
        "number": row["number"],
        "words": row["name"],
        "me": gid(viewer),
        "manager": gid(manager),
    }


# ---------------------------------------------------------------- the standard queries

PARTY: Final = """
id name reference status offboardingState viewerCanStartOffboarding manager { name }
products { number status } holdings { role }
offboarding { status assignee { name } } offboardings(first: 3) { nodes { status } }
"""
PRODUCT: Final = """
id name number status offboardingState viewerCanStartOffboarding
parties { reference } holdings { role }
offboarding { status } offboardings(first: 3) { nodes { status } }
"""
TASK: Final = """
id status dueOn assignee { name } viewerCanEdit openProducts { number }
subject { ... on Party { name reference } ... on Product { name number } }
activity(first: 3) { nodes { kind } }
"""
ENTRY: Final = (
    "id cursor kind actor { name } party { name } product { name } offboarding { status }"
)
INFO: Final = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
OPEN_ONES: Final = "status: [OPEN, IN_PROGRESS, REVIEW]"


def lists() -> dict[str, str]:
    """Return each list in each order, forward and backward, with what is hidden and without."""
    found = {}
    for (name, nodes, orders), direction, size in product(
        (
            ("parties", PARTY, ("NAME", "REFERENCE", "ONBOARDED_ON", "UPDATED_AT")),
            ("products", PRODUCT, ("NUMBER", "NAME", "OPENED_ON", "UPDATED_AT")),
        ),
        ("ASC", "DESC"),
        ("first", "last"),
    ):
        for field, hidden in product(orders, ("true", "false")):
            order = f"orderBy: {{ field: {field}, direction: {direction} }}"
            found[f"{name} {size} by {field} {direction} {hidden}"] = (
                f"clientFile {{ {name}({size}: 20, {order}, includeOffboarded: {hidden})"
                f" {{ nodes {{ {nodes} }} {INFO} }} }}"
            )
    for field, direction, size in product(
        ("STARTED_AT", "UPDATED_AT", "DUE_ON", "CLOSED_AT"), ("ASC", "DESC"), ("first", "last")
    ):
        order = f"orderBy: {{ field: {field}, direction: {direction} }}"
        found[f"offboardings {size} by {field} {direction}"] = (
            f"offboardings({size}: 20, {order}) {{ nodes {{ {TASK} }} {INFO} }}"
        )
    return found


def parties(filter_: str, hidden: str = "false") -> str:
    return (
        f"clientFile {{ parties(first: 20, filter: {{ {filter_} }}, includeOffboarded: {hidden})"
        f" {{ nodes {{ {PARTY} }} {INFO} }} }}"
    )


def products(filter_: str, hidden: str = "false") -> str:
    return parties(filter_, hidden).replace("parties(", "products(").replace(PARTY, PRODUCT)


def tasks(filter_: str, order: str = "") -> str:
    return (
        f"offboardings(first: 20, filter: {{ {filter_} }}{order}) {{ nodes {{ {TASK} }} {INFO} }}"
    )


def log(filter_: str) -> str:
    return f"activity(first: 20, filter: {{ {filter_} }}) {{ nodes {{ {ENTRY} }} {INFO} }}"


STANDARD: Final = {
    **lists(),
    "parties found by words": parties("search: $words"),
    "hidden parties found by words": parties("search: $words", "true"),
    "parties found by nothing but punctuation": parties('search: "!"'),
    "parties of a manager": parties("managerId: $manager"),
    "parties with an offboarding": parties("offboardingState: [PENDING]"),
    "parties without an offboarding, hidden or not": parties("offboardingState: [NONE]", "true"),
    "parties of a period": parties('onboardedOn: { from: "2020-01-01", to: "2020-01-03" }'),
    "parties of no period": parties(
        'onboardedOn: { from: "2020-01-03", to: "2020-01-01" }', "true"
    ),
    "parties of no type": parties("type: []", "true"),
    "products found by words": products("search: $words"),
    "hidden products found by words": products("search: $words", "true"),
    "products of a name": products('name: ["Escrow"]'),
    "products of an unknown name": products('name: ["Nothing"]', "true"),
    "products with a termination": products("offboardingState: [PENDING]"),
    "products of no period": products('openedOn: { from: "2020-01-03", to: "2020-01-01" }', "true"),
    "tasks of mine": tasks("assignedToMe: true"),
    "tasks of mine that are open": tasks(f"assignedToMe: true, {OPEN_ONES}"),
    "tasks of a colleague": tasks("assigneeId: $manager"),
    "tasks of a colleague that are open": tasks(f"assigneeId: $me, {OPEN_ONES}"),
    "tasks that are open": tasks(OPEN_ONES),
    "tasks that are open, the oldest first": tasks(OPEN_ONES, ", orderBy: { field: STARTED_AT }"),
    "tasks that are open by due day": tasks(OPEN_ONES, ", orderBy: { field: DUE_ON }"),
    "tasks that are open by change": tasks(OPEN_ONES, ", orderBy: { field: UPDATED_AT }"),
    "tasks of mine, the oldest first": tasks(
        "assignedToMe: true", ", orderBy: { field: STARTED_AT }"
    ),
    "open tasks of mine, the oldest first": tasks(
        f"assignedToMe: true, {OPEN_ONES}", ", orderBy: { field: STARTED_AT }"
    ),
    "open tasks of mine by due day": tasks(
        f"assignedToMe: true, {OPEN_ONES}", ", orderBy: { field: DUE_ON }"
    ),
    "tasks in review": tasks("status: [REVIEW]"),
    "tasks in review by due day": tasks("status: [REVIEW]", ", orderBy: { field: DUE_ON }"),
    "tasks that are overdue": tasks("overdue: true"),
    "tasks that are overdue by due day": tasks("overdue: true", ", orderBy: { field: DUE_ON }"),
    "tasks that are overdue by change": tasks("overdue: true", ", orderBy: { field: UPDATED_AT }"),
    "tasks of nobody": tasks(f"unassigned: true, {OPEN_ONES}"),
    "tasks found by words": tasks("search: $words"),
    "tasks found by nothing but punctuation": tasks('search: "!"'),
    "tasks of no period": tasks('startedAt: { from: "2099-01-01", to: "2000-01-01" }'),
    "tasks that were never done": tasks('closedAt: { from: "2099-01-01" }'),
    "tasks of no status": tasks("status: []"),
    "one party": f"party(id: $party) {{ {PARTY} }}",
    "one party by reference": f"party(reference: $reference) {{ {PARTY} }}",
    "one product": f"product(id: $product) {{ {PRODUCT} }}",
    "one product by number": f"product(number: $number) {{ {PRODUCT} }}",
    "one task": f"offboarding(id: $offboarding) {{ {TASK} }}",
    "the log": f"activity(first: 20) {{ nodes {{ {ENTRY} }} {INFO} }}",
    "the end of the log": f"activity(last: 20) {{ nodes {{ {ENTRY} }} {INFO} }}",
    "the log of a party": log("partyId: $party"),
    "the log of a product": log("productId: $product"),
    "the log of a task": log("offboardingId: $offboarding"),
    "anything by id": (
        f"nodes(ids: $ids) {{ id ... on Party {{ {PARTY.replace('id name', 'name')} }}"
        " ... on Activity { kind } }"
    ),
    "the number of my tasks": "viewer { openTaskCount }",
}
TYPES: Final = {
    "party": "ID",
    "product": "ID",
    "offboarding": "ID!",
    "ids": "[ID!]!",
    "reference": "String",
    "number": "String",
    "words": "String",
    "me": "ID",
    "manager": "ID",
}
CONNECTIONS: Final = {
    "parties": "clientFile {{ found: parties(first: 20{}) {{ nodes {{ {} }} {} }} }}",
    "products": "clientFile {{ found: products(first: 20{}) {{ nodes {{ {} }} {} }} }}",
    "offboardings": "found: offboardings(first: 20{}) {{ nodes {{ {} }} {} }}",
    "activity": "found: activity(first: 20{}) {{ nodes {{ {} }} {} }}",
}
NODES: Final = {"parties": PARTY, "products": PRODUCT, "offboardings": TASK, "activity": ENTRY}


# ---------------------------------------------------------------- what was read


async def read_so_far() -> dict[str, tuple[int, int]]:
    """Return how often each large table was read whole, and how many rows were read of it."""
    await get_connection("default").execute_query("select pg_stat_force_next_flush()")
    found = await rows(
        """select relname, seq_scan, seq_tup_read + coalesce((select sum(i.idx_tup_read)
          from pg_stat_user_indexes i where i.relid = t.relid), 0)::bigint as rows
        from pg_stat_user_tables t where relname = any($1)""",
        list(LARGE),
    )
    return {row["relname"]: (row["seq_scan"], row["rows"]) for row in found}


async def read_by(viewer: User, query: str, variables: dict[str, Any]) -> tuple[list[str], int]:
    """Return the tables that one more request reads whole once its plan is kept, and its rows."""
    await data(viewer, query, **variables)
    before = await read_so_far()
    await data(viewer, query, **variables)
    return difference(before, await read_so_far())


def difference(
    before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]
) -> tuple[list[str], int]:
    whole = [table for table in LARGE if after[table][0] > before[table][0]]
    return whole, sum(after[table][1] - before[table][1] for table in LARGE)


def page_info(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the `pageInfo` of the only list of an answer."""
    while "pageInfo" not in answer:
        (answer,) = answer.values()
    info: dict[str, Any] = answer["pageInfo"]
    return info


def document_of(query: str) -> str:
    used = [f"${name}: {type_}" for name, type_ in TYPES.items() if f"${name}" in query]
    return f"query ({', '.join(used)}) {{ {query} }}" if used else f"{{ {query} }}"


async def test_plans_a_statement_once_whatever_its_values(bank: Bank) -> None:
    query = """query ($search: String) {
      clientFile { parties(filter: {search: $search}) { nodes { id } } }
    }"""
    for words in ("a", "b c", "ACC", "nobody", "e f", "g"):
        await data(bank.viewer, query, search=words)

    plans = await rows(
        """select generic_plans, custom_plans from pg_prepared_statements
        where statement like '%search_query(%' and statement not like '%pg_prepared%'"""
    )

    assert [tuple(plan.values()) for plan in plans] == [(6, 0)]


@pytest.mark.parametrize("query", STANDARD)
@pytest.mark.parametrize("who", ["viewer", "manager"])
async def test_reads_few_rows_by_an_index(bank: Bank, who: str, query: str) -> None:
    viewer: User = getattr(bank, who)

    whole, number = await read_by(viewer, document_of(STANDARD[query]), bank.variables)

    assert whole == []
    assert number <= MOST_ROWS


async def test_reads_the_next_page_by_an_index(bank: Bank) -> None:
    found = {}
    for name, query in lists().items():
        info = page_info(await data(bank.viewer, document_of(query)))
        after = f'first: 20, after: "{info["endCursor"]}"'
        before = f'last: 20, before: "{info["startCursor"]}"'
        following = query.replace("first: 20", after).replace("last: 20", before)

        found[name] = await read_by(bank.viewer, document_of(following), {})

    assert {name for name, (whole, number) in found.items() if whole or number > MOST_ROWS} == set()


@pytest.mark.usefixtures("bank")
async def test_notices_what_is_read_whole() -> None:
    before = await read_so_far()

    await rows("select count(comment) from offboarding")
    await rows(
        "select max(name) from party where organisation_id is not null and listed is not null"
    )

    whole, number = difference(before, await read_so_far())
    assert whole == ["party", "offboarding"]
    assert number == 2 * (SIZE + SIZE // 4)
