"""Measures how times grow with a client file of which nine tenths have left the overview.

`python bench/growth.py [--sizes 10000,100000,1000000] [--json FILE]` prints, for each size, the
p50 of a page, a search, a task list and a save, and its ratio to that of the smallest size. All
sizes are served beside each other and asked in turn, so that a noisy moment meets them alike.
"""

import argparse
import asyncio
import json
import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any, Final

import asyncpg
import rig
from bodies import OFFBOARDING, PARTY, SAVE

EMAIL: Final = "approver@bench.example"
SCENARIOS: Final = ("page", "search", "tasks", "save")
ROUNDS: Final = 7

# Every tenth party is active; the others, and their products, ended within the last five years.
_FILL: Final = (
    """
with o as (insert into organisation (id, name, require_products_terminated, four_eyes,
    retention_months, created_at)
  values (gen_random_uuid(), 'Bench', false, false, 60, now()) returning id),
g as (insert into user_group (id, organisation_id, name, description, permissions)
  select gen_random_uuid(), o.id, 'Approver', '', array['CLIENT_FILE_READ',
    'PARTY_OFFBOARDING_WRITE', 'PARTY_OFFBOARDING_DONE_WRITE', 'OFFBOARDING_REASON_READ']
  from o returning id),
u as (insert into app_user (id, organisation_id, email, name, enabled, client_access, created_at,
    updated_at)
  select gen_random_uuid(), o.id, case i when 1 then 'approver@bench.example'
    else 'user' || i || '@bench.example' end, 'User ' || i, true, 'OPEN', now(), now()
  from o, generate_series(1, 25) i returning id)
insert into user_group_member (user_id, user_group_id) select u.id, g.id from u, g
""",
    """
insert into party (id, organisation_id, type, name, reference, email, status, listed,
  offboarded_at, offboarded_by_id, retention_until, onboarded_on, created_at, updated_at)
select gen_random_uuid(), o.id, 'NATURAL_PERSON',
  initcap(substr(md5(i::text), 1, 6)) || ' ' || initcap(substr(md5((i * 7)::text), 1, 8)),
  'C-' || lpad(i::text, 8, '0'), 'p' || i || '@client.example',
  case when i % 10 = 0 then 'ACTIVE' else 'OFFBOARDED' end, i % 10 = 0,
  case when i % 10 > 0 then now() - (i % 1800) * interval '1 day' end,
  case when i % 10 > 0 then u.id end, case when i % 10 > 0 then current_date end,
  date '2015-01-01' + i % 3000, now(), now() - (i % 1800) * interval '1 day'
from generate_series(1, {size}) i, organisation o,
  (select id from app_user where email = 'approver@bench.example') u
""",
    """
insert into product (id, organisation_id, name, number, status, listed, terminated_at,
  terminated_by_id, opened_on, created_at, updated_at)
select gen_random_uuid(), p.organisation_id, 'Current account', 'ACC' || substr(p.reference, 3),
  case when p.listed then 'ACTIVE' else 'TERMINATED' end, p.listed, p.offboarded_at,
  p.offboarded_by_id, p.onboarded_on, now(), p.updated_at from party p
""",
    """
insert into holding (id, organisation_id, party_id, product_id, role)
select gen_random_uuid(), p.organisation_id, p.id, q.id, 'OWNER'
from party p join product q on q.number = 'ACC' || substr(p.reference, 3)
""",
    """
insert into offboarding (id, organisation_id, party_id, status, resolution, assignee_id,
  started_by_id, started_at, updated_at, effective_on, closed_at, closed_by_id, version)
select gen_random_uuid(), p.organisation_id, p.id,
  case when p.listed then (array['OPEN', 'IN_PROGRESS', 'REVIEW'])[1 + p.n % 3] else 'DONE' end,
  case when not p.listed then 'DONE' end, u.id, u.id,
  coalesce(p.offboarded_at, now()) - (p.n % 90) * interval '1 day', p.updated_at,
  p.offboarded_at::date, p.offboarded_at, case when not p.listed then u.id end, 1
from (select *, row_number() over (order by reference) as n from party) p
join (select id, row_number() over (order by email) as n from app_user) u on u.n = 1 + p.n % 25
where not p.listed or p.n % 20 = 0
""",
    "vacuum analyze",
)


async def fill(url: str, size: int) -> str:
    """Write a client file of a size, and return who asks."""
    connection = await asyncpg.connect(url)
    try:
        for statement in _FILL:
            await connection.execute(statement.format(size=size))
    finally:
        await connection.close()
    return EMAIL


PAGE: Final = (
    "query($after:Cursor){clientFile{parties(first:50,after:$after)"
    f"{{nodes{{{PARTY}}}pageInfo{{hasNextPage endCursor}}}}}}}}"
)
SEARCH: Final = (
    "query($words:String){clientFile{parties(first:50,filter:{search:$words})"
    f"{{nodes{{{PARTY}}}pageInfo{{hasNextPage endCursor}}}}}}}}"
)
TASKS: Final = (
    "query($status:[OffboardingStatus!]){offboardings(first:50,filter:{assignedToMe:true,"
    f"status:$status}}){{nodes{{{OFFBOARDING} subject{{...on Party{{name reference}}}}}}"
    "pageInfo{hasNextPage endCursor}}}"
)


async def bodies(url: str) -> dict[str, list[dict[str, Any]]]:
    """Return the requests of each scenario, about what the database holds."""
    connection = await asyncpg.connect(url)
    try:
        names = await connection.fetch("select name from party where listed order by id limit 500")
        running = await connection.fetch(
            "select id from offboarding where status <> 'DONE' order by id limit 500"
        )
    finally:
        await connection.close()
    chance = Random(7)  # noqa: S311 - the same load in each run
    open_ones = ["OPEN", "IN_PROGRESS", "REVIEW"]

    def save(row: asyncpg.Record) -> dict[str, str]:
        return {"offboardingId": f"offboarding_{row['id']}", "status": chance.choice(open_ones)}

    wanted: dict[str, tuple[str, list[dict[str, Any]]]] = {
        "page": (PAGE, [{}]),
        "search": (SEARCH, [{"words": row["name"][:12]} for row in names]),
        "tasks": (TASKS, [{"status": open_ones}]),
        "save": (SAVE, [{"input": save(row)} for row in running for _ in range(3)]),
    }
    return {
        name: [{"query": query, "variables": variables} for variables in many]
        for name, (query, many) in wanted.items()
    }


def ready(under_test: rig.Rig) -> None:
    """Write the requests of each scenario beside a server."""
    (under_test.folder / "headers.txt").write_text(f"Authorization: Bearer {under_test.token}\n")
    for name, some in asyncio.run(bodies(under_test.database_url)).items():
        file = under_test.folder / f"{name}.jsonl"
        file.write_text("".join(json.dumps(body) + "\n" for body in some))


def p50(under_test: rig.Rig, name: str) -> float:
    """Return the p50 in milliseconds of a scenario."""
    folder = under_test.folder
    figures = rig.load(
        under_test.address, folder / f"{name}.jsonl", folder / "headers.txt", seconds=2
    )
    if figures.failed:
        raise SystemExit(f"{name} was answered with an error.")
    found: float = figures.p50
    return found


def measured(rigs: Mapping[int, rig.Rig], name: str) -> dict[int, float]:
    """Return the median p50 of a scenario at each size, from rounds after one that warms up."""
    rounds = [{size: p50(each, name) for size, each in rigs.items()} for _ in range(ROUNDS + 1)][1:]
    return {size: statistics.median(found[size] for found in rounds) for size in rigs}


def show(results: Mapping[str, Mapping[int, float]], sizes: Sequence[int]) -> None:
    """Print the table: a row for each size."""
    print(f"{'parties':>10}" + "".join(f"{name:>18}" for name in results))
    for size in sizes:
        cells = (f"{r[size]:9.2f} ms {r[size] / r[sizes[0]]:5.2f}" for r in results.values())
        print(f"{size:10}" + "".join(f"{cell:>18}" for cell in cells))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    sizes = [int(text) for text in options.sizes.split(",")]
    with ExitStack() as stack:
        rigs = {
            size: stack.enter_context(rig.rig(lambda url, size=size: fill(url, size)))
            for size in sizes
        }
        for each in rigs.values():
            ready(each)
        results = {name: measured(rigs, name) for name in SCENARIOS}
    show(results, sizes)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
