"""Done is final (R1): every way to write that there is, tried on a row that is Done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError
from tortoise.models import Model
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from models import (
    Offboarding,
    OffboardingDoneError,
    OffboardingResolution,
    OffboardingStatus,
    Party,
    PartyStatus,
    Product,
)
from tests.database.conftest import Image
from tests.database.statements import refused_by, until_one_waits
from tests.factories import make_offboarding, make_party, make_product, make_user

DONE: Final = OffboardingStatus.DONE
COMMENT: Final = "written after Done"
FINAL: Final = "offboarding_done_is_final"

Way = Callable[[Offboarding], Awaitable[object]]


@pytest.fixture(
    params=[("party", "DONE"), ("product", "CANCELLED")],
    ids=["party offboarded", "termination cancelled"],
)
async def done(request: pytest.FixtureRequest, database: None) -> Offboarding:  # noqa: ARG001 - rows need one
    """Return an offboarding that is Done, with each resolution and of each kind of subject."""
    subject, resolution = request.param
    return await make_offboarding(
        party=await make_party() if subject == "party" else None,
        product=await make_product() if subject == "product" else None,
        status=DONE,
        resolution=OffboardingResolution(resolution),
        assignee=await make_user(),
        comment="as it was",
    )


# ---------------------------------------------------------------- the models refuse


async def _save(offboarding: Offboarding) -> None:
    offboarding.comment = COMMENT
    await offboarding.save()


async def _save_fields(offboarding: Offboarding) -> None:
    offboarding.comment = COMMENT
    await offboarding.save(update_fields=["comment"], force_update=True)


async def _reopen(offboarding: Offboarding) -> None:
    offboarding.status, offboarding.resolution = OffboardingStatus.OPEN, None
    offboarding.closed_at = offboarding.closed_by_id = None
    await offboarding.save()


async def _save_a_stale_version(offboarding: Offboarding) -> None:
    offboarding.version -= 1
    await _save(offboarding)


async def _save_in_a_transaction(offboarding: Offboarding) -> None:
    async with in_transaction() as connection:
        offboarding.comment = COMMENT
        await offboarding.save(using_db=connection)


async def _bulk_update(offboarding: Offboarding) -> None:
    offboarding.comment = COMMENT
    await Offboarding.bulk_update([offboarding], ["comment"])


async def _bulk_upsert(offboarding: Offboarding) -> None:
    offboarding.comment = COMMENT
    await Offboarding.bulk_create([offboarding], on_conflict=["id"], update_fields=["comment"])


REFUSED_BY_THE_MODELS: Final[Mapping[str, Way]] = {
    "save": _save,
    "save of some fields": _save_fields,
    "save as Open": _reopen,
    "save of a stale version": _save_a_stale_version,
    "save in a transaction": _save_in_a_transaction,
    "delete": lambda row: row.delete(),
    "update_from_dict": lambda row: row.update_from_dict({"comment": COMMENT}).save(),
    "update_or_create": lambda row: Offboarding.update_or_create({"comment": COMMENT}, id=row.id),
    "QuerySet.update": lambda row: Offboarding.filter(id=row.id).update(comment=COMMENT),
    "QuerySet.update of all": lambda _: Offboarding.all().update(comment=COMMENT),
    "QuerySet.update of a narrowed one": lambda row: (
        Offboarding.all().exclude(version=9).filter(id=row.id).order_by("id").update(version=2)
    ),
    "QuerySet.update of locked rows": lambda row: (
        Offboarding.select_for_update().filter(id=row.id).update(comment=COMMENT)
    ),
    "QuerySet.delete": lambda row: Offboarding.filter(id=row.id).delete(),
    "QuerySet.delete of all": lambda _: Offboarding.all().delete(),
    "update by an organisation": lambda row: _related(row, "organisation").update(comment=COMMENT),
    "delete by an assignee": lambda row: _related(row, "assignee").delete(),
    "bulk_update": _bulk_update,
    "bulk_create on conflict": _bulk_upsert,
    "QuerySet.bulk_update": lambda row: Offboarding.all().bulk_update([row], ["comment"]),
    "QuerySet.bulk_create on conflict": lambda row: Offboarding.all().bulk_create(
        [row], on_conflict=["id"], update_fields=["comment"]
    ),
}


def _related(row: Offboarding, name: str) -> Any:
    """Return the offboardings of another row, as its own relation gives them."""
    other = getattr(row, name)
    return other.offboardings.all() if name == "organisation" else other.tasks.all()


async def test_refuses_in_the_models(
    done: Offboarding, image: Image, subtests: pytest.Subtests
) -> None:
    before = await image("offboarding")

    for name, way in REFUSED_BY_THE_MODELS.items():
        row = await Offboarding.get(id=done.id).prefetch_related("organisation", "assignee")
        with subtests.test(name):
            with pytest.raises(OffboardingDoneError):
                await way(row)
            assert await image("offboarding") == before


# ---------------------------------------------------------------- the database refuses


async def _base_save(offboarding: Offboarding) -> None:
    offboarding.comment = COMMENT
    await Model.save(offboarding)


async def _base_bulk_update(offboarding: Offboarding) -> None:
    offboarding.comment = COMMENT
    await QuerySet(Offboarding).bulk_update([offboarding], ["comment"])


async def _base_bulk_upsert(offboarding: Offboarding) -> None:
    offboarding.comment = COMMENT
    await QuerySet(Offboarding).bulk_create(
        [offboarding], on_conflict=["id"], update_fields=["comment"]
    )


ROUND_THE_MODELS: Final[Mapping[str, Way]] = {
    "Model.save": _base_save,
    "Model.delete": Model.delete,
    "QuerySet.update": lambda row: QuerySet(Offboarding).filter(id=row.id).update(comment=COMMENT),
    "QuerySet.delete": lambda row: QuerySet(Offboarding).filter(id=row.id).delete(),
    "QuerySet.bulk_update": _base_bulk_update,
    "QuerySet.bulk_create on conflict": _base_bulk_upsert,
    "Model.raw": lambda _: Offboarding.raw("update offboarding set comment = '' returning *"),
}


async def test_refuses_who_goes_round_the_guard(
    done: Offboarding, image: Image, subtests: pytest.Subtests
) -> None:
    before = await image("offboarding")

    for name, way in ROUND_THE_MODELS.items():
        row = await Offboarding.get(id=done.id)
        with subtests.test(name):
            with pytest.raises(IntegrityError) as refusal:
                await way(row)
            assert refusal.value.args[0].constraint_name == FINAL
            assert await image("offboarding") == before


_UPSERT = """
insert into offboarding select * from offboarding
  on conflict (id) do update set comment = 'written after Done'
"""
_MERGE = """
merge into offboarding o using (select 1) one on true
  when matched then {action}
"""
_IN_A_QUERY = """
with written as (update offboarding set comment = 'written after Done' returning 1)
select count(*) from written
"""
_IN_A_BLOCK = """
do $$ begin
  execute 'update offboarding set comment = ''written after Done''';
  exception when no_data_found then null;
end $$
"""

# Each of these changes a row that is not Done; see the control below.
STATEMENTS: Final = {
    "update": "update offboarding set comment = 'written after Done'",
    "update to the same": "update offboarding set comment = comment",
    "update of the version": "update offboarding set version = version + 1",
    "update by a join": "update offboarding o set comment = p.name from organisation p",
    "delete": "delete from offboarding",
    "delete by a join": "delete from offboarding o using organisation p",
    "update in a query": _IN_A_QUERY,
    "update in a block": _IN_A_BLOCK,
    "insert on conflict": _UPSERT,
    "merge with update": _MERGE.format(action="update set comment = 'written after Done'"),
    "merge with delete": _MERGE.format(action="delete"),
}

# Each part of the row, so that none is left out of what is final.
PARTS: Final = {
    values: f"update offboarding set {values}"
    for values in (
        "status = 'OPEN', resolution = null, closed_at = null, closed_by_id = null",
        "resolution = case resolution when 'DONE' then 'CANCELLED' else 'DONE' end",
        "closed_by_id = started_by_id, closed_at = now()",
        "assignee_id = null",
        "reason = 'OTHER'",
        "effective_on = date '2026-12-31', due_on = null",
        "updated_at = now()",
        "party_id = product_id, product_id = party_id",
        "id = gen_random_uuid()",
    )
}
TRUNCATIONS: Final = {
    f"truncate {tables}": f"truncate {tables}"
    for tables in (
        "offboarding, activity, webhook_delivery, outgoing_mail",
        "offboarding cascade",
        "party cascade",
        "product cascade",
        "organisation cascade",
        "app_user cascade",
    )
}


@pytest.mark.usefixtures("done", "each_role")
async def test_refuses_every_statement(
    raw: asyncpg.Connection, image: Image, subtests: pytest.Subtests
) -> None:
    before = await image("offboarding")

    for name, statement in {**STATEMENTS, **PARTS, **TRUNCATIONS}.items():
        with subtests.test(name):
            assert await refused_by(raw, statement) == FINAL
            assert await image("offboarding") == before


async def test_lets_the_same_statements_change_what_is_not_done(
    raw: asyncpg.Connection, image: Image, subtests: pytest.Subtests
) -> None:
    await make_offboarding(status=OffboardingStatus.REVIEW)
    before = await image("offboarding")

    for name, statement in STATEMENTS.items():
        with subtests.test(name):
            attempt = raw.transaction()
            await attempt.start()
            await raw.execute(statement)
            assert await image("offboarding") != before
            await attempt.rollback()


# ---------------------------------------------------------------- foreign keys do not reach it

_FOREIGN_KEYS = """
select conname from pg_constraint join pg_attribute on attrelid = conrelid and attnum = any(conkey)
where contype = 'f' and conrelid = 'offboarding'::regclass and attname = $1
"""


@asynccontextmanager
async def changed_foreign_key(
    raw: asyncpg.Connection, column: str, parent: str, actions: str
) -> AsyncIterator[None]:
    """Give a column a foreign key with other actions for the time of a transaction."""
    names = [row["conname"] for row in await raw.fetch(_FOREIGN_KEYS, column)]
    assert names, f"{column} has no foreign key"
    transaction = raw.transaction()
    await transaction.start()
    for name in names:
        await raw.execute(f"alter table offboarding drop constraint {name}")
    await raw.execute(
        f"alter table offboarding add constraint other_key foreign key ({column})"
        f" references {parent} (id) {actions}"
    )
    yield
    await transaction.rollback()


@pytest.mark.parametrize(
    ("column", "parent"),
    [("party_id", "party"), ("product_id", "product"), ("assignee_id", "app_user")],
)
async def test_refuses_what_a_foreign_key_would_do(
    column: str, parent: str, raw: asyncpg.Connection, image: Image, subtests: pytest.Subtests
) -> None:
    await make_offboarding(
        product=await make_product() if parent == "product" else None,
        status=DONE,
        resolution=OffboardingResolution.CANCELLED,
        started_by=await make_user(),
        assignee=await make_user(),
    )
    before = await image("offboarding")
    # Only the key of this column holds the parent, so to delete it is legal but for the rule.
    reached = f"delete from {parent} where id = (select {column} from offboarding)"

    for action in ("cascade", "set null", "set default"):
        with subtests.test(action):
            async with changed_foreign_key(raw, column, parent, f"on delete {action}"):
                assert await refused_by(raw, reached) == FINAL
            assert await image("offboarding") == before


async def test_refuses_a_parents_new_id_that_a_foreign_key_would_pass_on(
    raw: asyncpg.Connection, image: Image
) -> None:
    await make_offboarding(
        status=DONE, resolution=OffboardingResolution.CANCELLED, assignee=await make_user()
    )
    before = await image("offboarding")

    async with changed_foreign_key(raw, "party_id", "party", "on update cascade"):
        statement = "update party set id = gen_random_uuid()"
        assert await refused_by(raw, statement) == FINAL

    assert await image("offboarding") == before


# ---------------------------------------------------------------- and in time


async def test_refuses_a_save_of_what_became_done_since_it_was_read(
    database: None,  # noqa: ARG001 - rows need one
    image: Image,
) -> None:
    offboarding = await make_offboarding(status=OffboardingStatus.REVIEW)
    read_before = await Offboarding.get(id=offboarding.id)
    offboarding.status, offboarding.resolution = DONE, OffboardingResolution.CANCELLED
    offboarding.closed_by_id, offboarding.closed_at = (
        offboarding.started_by_id,
        offboarding.started_at,
    )
    await offboarding.save()
    before = await image("offboarding")

    with pytest.raises(OffboardingDoneError):
        await _save(read_before)

    assert await image("offboarding") == before


_CLOSE = """
update offboarding set status = 'DONE', resolution = 'CANCELLED', closed_at = now(),
  closed_by_id = started_by_id, version = version + 1
"""


async def test_refuses_a_statement_that_waited_for_done(
    database_url: str, raw: asyncpg.Connection, image: Image
) -> None:
    await make_offboarding(status=OffboardingStatus.REVIEW)
    other = await asyncpg.connect(database_url)
    closing = raw.transaction()
    await closing.start()
    await raw.execute(_CLOSE)

    late = asyncio.create_task(refused_by(other, STATEMENTS["update"]))
    await until_one_waits(raw)
    await closing.commit()

    assert await late == FINAL
    await other.close()
    assert "written after Done" not in await image("offboarding")


# ---------------------------------------------------------------- what stays of a running one


ABOUT: Final = (
    "id = gen_random_uuid()",
    "started_by_id = (select max(id::text)::uuid from app_user)",
    "started_at = now()",
    "party_id = (select max(id::text)::uuid from party)",
    "party_id = null, product_id = (select id from product)",
)


async def test_keeps_what_a_running_offboarding_is_about(
    raw: asyncpg.Connection, image: Image, subtests: pytest.Subtests
) -> None:
    await make_offboarding(started_by=await make_user())
    await make_user()
    await make_party()
    await make_product()
    before = await image("offboarding")

    for values in ABOUT:
        with subtests.test(values):
            constraint = await refused_by(raw, f"update offboarding set {values}")
            assert constraint == "offboarding_keeps_its_subject"
            assert await image("offboarding") == before


# ---------------------------------------------------------------- the subject's end


@pytest.fixture
async def ended(database: None) -> None:  # noqa: ARG001 - rows need one
    """Offboard a party and terminate a product."""
    end: dict[str, Any] = {"status": DONE, "resolution": OffboardingResolution.DONE}
    await make_offboarding(party=await make_party(reference="C-1"), **end)
    await make_offboarding(product=await make_product(number="A-1"), **end)


UNDOING: Final = (
    "update {table} set status = 'ACTIVE', {end}_at = null, {end}_by_id = null, listed = true",
    "update {table} set {end}_at = now()",
    "update {table} set {end}_by_id = null",
    "update {table} set retention_until = null",
    "update {table} set retention_until = retention_until - 1",
    "delete from {table}",
    "merge into {table} using (select 1) one on true when matched then delete",
)


@pytest.mark.parametrize(("table", "end"), [("party", "offboarded"), ("product", "terminated")])
@pytest.mark.usefixtures("ended", "each_role")
async def test_refuses_to_undo_the_end_of_a_subject(
    table: str, end: str, raw: asyncpg.Connection, image: Image, subtests: pytest.Subtests
) -> None:
    before = await image(table)

    for statement in UNDOING:
        with subtests.test(statement):
            constraint = await refused_by(raw, statement.format(table=table, end=end))
            assert constraint == "subject_end_is_final"
            assert await image(table) == before


@pytest.mark.usefixtures("ended")
async def test_refuses_the_models_to_undo_the_end_of_a_subject(image: Image) -> None:
    party, product = await Party.get(), await Product.get()
    before = await image("party"), await image("product")

    party.status, party.offboarded_at, party.listed = PartyStatus.ACTIVE, None, True
    product.retention_until = None
    for undo in (
        party.save(),
        product.save(),
        Party.all().update(status=PartyStatus.ACTIVE, offboarded_at=None, listed=True),
        Product.bulk_update([product], ["retention_until"]),
        party.delete(),
        Product.all().delete(),
    ):
        with pytest.raises(IntegrityError) as refusal:
            await undo
        assert refusal.value.args[0].constraint_name == "subject_end_is_final"

    assert (await image("party"), await image("product")) == before


async def test_lets_other_things_of_an_ended_subject_change(
    ended: None,  # noqa: ARG001 - what is changed
    raw: asyncpg.Connection,
) -> None:
    await raw.execute("update party set name = 'Renamed', listed = false")
    await raw.execute("update product set name = 'Renamed', listed = false")

    assert await raw.fetchval("select name from party") == "Renamed"
    assert await raw.fetchval("select name from product") == "Renamed"
