"""The activity log (R15): nothing in it ever changes, and its ids are in commit order."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Final

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError
from tortoise.queryset import QuerySet

from models import Activity, ActivityKind, Offboarding
from tests.database.conftest import Image
from tests.database.statements import refused_by, until_one_waits
from tests.factories import make_offboarding, make_user

APPEND_ONLY: Final = "activity_is_append_only"
OTHER: Final = ActivityKind.MAIL_FAILED

Way = Callable[[Activity], Awaitable[object]]


async def an_entry(offboarding: Offboarding | None = None) -> Activity:
    offboarding = offboarding or await make_offboarding()
    return await Activity.create(
        organisation_id=offboarding.organisation_id,
        kind=ActivityKind.OFFBOARDING_STARTED,
        occurred_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        actor=await make_user(),
        offboarding=offboarding,
        party_id=offboarding.party_id,
        changes=[],
    )


@pytest.fixture
async def entry(database: None) -> Activity:  # noqa: ARG001 - rows need one
    """Return an entry of the log."""
    return await an_entry()


# ---------------------------------------------------------------- append-only


async def _save(entry: Activity) -> None:
    entry.kind = OTHER
    await entry.save()


async def _bulk_update(entry: Activity) -> None:
    entry.kind = OTHER
    await Activity.bulk_update([entry], ["kind"])


async def _bulk_upsert(entry: Activity) -> None:
    entry.kind = OTHER
    copy = Activity(**{name: getattr(entry, name) for name in Activity._meta.db_fields})  # noqa: SLF001 - every column
    await Activity.bulk_create([copy], on_conflict=["id"], update_fields=["kind"])


WAYS: Final[Mapping[str, Way]] = {
    "save": _save,
    "delete": lambda entry: entry.delete(),
    "QuerySet.update": lambda entry: Activity.filter(id=entry.id).update(kind=OTHER),
    "QuerySet.delete": lambda entry: Activity.filter(id=entry.id).delete(),
    "bare QuerySet.update": lambda _: QuerySet(Activity).update(kind=OTHER),
    "bare QuerySet.delete": lambda _: QuerySet(Activity).delete(),
    "bulk_update": _bulk_update,
    "bulk_create on conflict": _bulk_upsert,
    "update_or_create": lambda entry: Activity.update_or_create({"kind": OTHER}, id=entry.id),
}


async def test_refuses_every_change_by_the_models(
    entry: Activity, image: Image, subtests: pytest.Subtests
) -> None:
    before = await image("activity")

    for name, way in WAYS.items():
        row = await Activity.get(id=entry.id)
        with subtests.test(name):
            with pytest.raises(IntegrityError) as refusal:
                await way(row)
            assert refusal.value.args[0].constraint_name == APPEND_ONLY
            assert await image("activity") == before


STATEMENTS: Final = {
    "update": "update activity set occurred_at = now()",
    "update to the same": "update activity set kind = kind",
    "update of the id": "update activity set id = id + 1000",
    "delete": "delete from activity",
    "update in a query": "with w as (update activity set actor_id = null returning 1) table w",
    "insert on conflict": (
        "insert into activity select * from activity on conflict (id) do update set changes = '[1]'"
    ),
    "merge with update": (
        "merge into activity using (select 1) one on true"
        " when matched then update set changes = '[1]'"
    ),
    "merge with delete": (
        "merge into activity using (select 1) one on true when matched then delete"
    ),
    "truncate": "truncate activity cascade",
    "truncate with its parents": "truncate activity, webhook_delivery, offboarding, outgoing_mail",
}


@pytest.mark.usefixtures("entry", "each_role")
async def test_refuses_every_changing_statement(
    raw: asyncpg.Connection, image: Image, subtests: pytest.Subtests
) -> None:
    before = await image("activity")

    for name, statement in STATEMENTS.items():
        with subtests.test(name):
            assert await refused_by(raw, statement) == APPEND_ONLY
            assert await image("activity") == before


@pytest.mark.parametrize("action", ["cascade", "set null"])
@pytest.mark.usefixtures("entry")
async def test_refuses_what_a_foreign_key_would_do(
    action: str, raw: asyncpg.Connection, image: Image
) -> None:
    before = await image("activity")
    transaction = raw.transaction()
    await transaction.start()
    await raw.execute(
        "alter table activity drop constraint activity_actor_tenant, add constraint other_key"
        f" foreign key (actor_id) references app_user (id) on delete {action}"
    )

    reached = "delete from app_user where id = (select actor_id from activity)"
    assert await refused_by(raw, reached) == APPEND_ONLY

    await transaction.rollback()
    assert await image("activity") == before


# ---------------------------------------------------------------- commit order

WRITERS: Final = 8
ROUNDS: Final = 25
_ADD: Final = """
insert into activity (organisation_id, kind, occurred_at, actor_id, changes)
values ($1, 'MAIL_SENT', now(), $2, '[]') returning id
"""
_TAIL: Final = "select id from activity where id > $1 order by id limit 7"


class _Rollback(Exception):  # noqa: N818 - no error, a writer's choice
    """Leave a transaction without its writes."""


async def write(url: str, organisation: object, actor: object, seed: int) -> list[int]:
    """Add entries in transactions of many lengths, some undone; return what was committed."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    committed: list[int] = []
    connection = await asyncpg.connect(url)
    for _ in range(ROUNDS):
        ids: list[int] = []
        try:
            async with connection.transaction():
                for _ in range(chance.randint(1, 3)):
                    await asyncio.sleep(chance.random() * 0.003)
                    ids.append(await connection.fetchval(_ADD, organisation, actor))
                await asyncio.sleep(chance.random() * 0.005)
                if chance.random() < 0.2:
                    raise _Rollback  # noqa: TRY301 - the way to leave
        except _Rollback:
            continue
        committed += ids
    await connection.close()
    return committed


async def tail(connection: asyncpg.Connection, over: asyncio.Event) -> list[int]:
    """Read past a cursor again and again until the writers are over and nothing is left."""
    seen: list[int] = []
    while True:
        last_look = over.is_set()
        rows = await connection.fetch(_TAIL, seen[-1] if seen else 0)
        seen += [row["id"] for row in rows]
        if last_look and not rows:
            return seen


async def test_never_shows_an_entry_below_one_that_was_read(
    entry: Activity, database_url: str, raw: asyncpg.Connection
) -> None:
    over = asyncio.Event()
    reading = asyncio.create_task(tail(raw, over))

    written = await asyncio.gather(
        *(write(database_url, entry.organisation_id, entry.actor_id, n) for n in range(WRITERS))
    )
    over.set()
    seen = await reading

    committed = sorted([entry.id, *(id_ for ids in written for id_ in ids)])
    assert len(committed) > WRITERS * ROUNDS
    assert seen == committed


async def test_gives_ids_in_the_order_of_commits_to_the_models_too(
    entry: Activity, raw: asyncpg.Connection
) -> None:
    first = raw.transaction()
    await first.start()
    earlier = await raw.fetchval(_ADD, entry.organisation_id, entry.actor_id)

    adding = asyncio.create_task(an_entry(await Offboarding.get(id=entry.offboarding_id)))
    await until_one_waits(raw)
    assert not adding.done()
    await first.commit()

    assert (await adding).id > earlier
