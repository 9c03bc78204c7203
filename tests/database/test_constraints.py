"""What the database itself refuses to hold, whoever writes it, and by which constraint."""

from typing import Final
from uuid import UUID

import asyncpg
import pytest

from models import Activity, ActivityKind, OutgoingMail, Webhook, WebhookDelivery
from models.webhook import new_secret
from tests.database.conftest import Image
from tests.database.statements import refused_by
from tests.factories import (
    STARTED_AT,
    make_holding,
    make_offboarding,
    make_organisation,
    make_party,
    make_product,
    make_token,
    make_user,
)


async def make_rows(name: str) -> None:
    """Make an organisation with one row of each kind."""
    organisation = await make_organisation(name)
    user = await make_user(organisation=organisation)
    await make_token(user)
    party = await make_party(organisation=organisation, manager=user)
    await make_holding(party, await make_product(organisation=organisation))
    offboarding = await make_offboarding(party=party, assignee=user)
    entry = await Activity.create(
        organisation=organisation,
        kind=ActivityKind.OFFBOARDING_STARTED,
        occurred_at=STARTED_AT,
        actor=user,
        offboarding=offboarding,
        party=party,
        changes=[],
    )
    await OutgoingMail.create(
        organisation=organisation,
        kind="TASK_ASSIGNED",
        offboarding=offboarding,
        recipient=user,
        sender=user,
        due_at=STARTED_AT,
        created_at=STARTED_AT,
    )
    webhook = await Webhook.create(
        organisation=organisation,
        url="https://receiver.example",
        secret=new_secret(),
        place=0,
        created_by=user,
    )
    await WebhookDelivery.create(organisation=organisation, webhook=webhook, activity=entry)


@pytest.fixture
async def rows(database: None) -> None:  # noqa: ARG001 - rows need one
    """Make one row of each kind."""
    await make_rows("Northbank")


# ---------------------------------------------------------------- bounds

OUT_OF_BOUNDS: Final = [
    ("organisation", "retention_months = -1", "organisation_retention"),
    ("organisation", "retention_months = 1201", "organisation_retention"),
    ("app_user", "email = 'Ada@northbank.example'", "app_user_email_lower"),
    ("app_user", "client_access = 'ALL'", "app_user_client_access"),
    ("app_user", "language = 'XX'", "app_user_language"),
    ("user_group", "permissions = '{CLIENT_FILE_READ,ANYTHING}'", "user_group_permissions"),
    ("party", "type = 'ROBOT'", "party_type"),
    ("party", "status = 'GONE'", "party_status"),
    ("party", "status = 'OFFBOARDED'", "party_end"),
    ("party", "offboarded_at = now()", "party_end"),
    ("party", "listed = false", "party_active_is_listed"),
    ("product", "status = 'OFFBOARDED'", "product_status"),
    ("product", "status = 'TERMINATED'", "product_end"),
    ("product", "terminated_at = now()", "product_end"),
    ("product", "listed = false", "product_active_is_listed"),
    ("holding", "role = 'FRIEND'", "holding_role"),
    ("holding", "started_on = '2026-03-02', ended_on = '2026-03-01'", "holding_days"),
    ("offboarding", "status = 'CLOSED'", "offboarding_status"),
    ("offboarding", "reason = 'BOREDOM'", "offboarding_reason"),
    ("offboarding", "version = 0", "offboarding_version"),
    ("outgoing_mail", "status = 'LOST'", "outgoing_mail_status"),
    (
        "outgoing_mail",
        "kind = 'LOVE_LETTER', sender_id = null, day = '2026-03-02'",
        "outgoing_mail_kind",
    ),
    ("outgoing_mail", "offboarding_id = null", "outgoing_mail_offboarding"),
    ("outgoing_mail", "sender_id = null", "outgoing_mail_sender"),
    ("outgoing_mail", "day = '2026-03-02'", "outgoing_mail_day"),
    ("outgoing_mail", "webhook_url = 'https://receiver.example'", "outgoing_mail_webhook"),
    ("webhook", "previous_secret = 'whsec_x'", "webhook_previous_secret"),
    ("webhook", "failures = 1", "webhook_failing"),
    ("webhook_delivery", "status = 'LOST'", "webhook_delivery_status"),
    ("webhook_delivery", "status = 'DELIVERED'", "webhook_delivery_delivered"),
]


@pytest.mark.usefixtures("rows")
async def test_refuses_values_out_of_bounds(
    raw: asyncpg.Connection, image: Image, subtests: pytest.Subtests
) -> None:
    for table, values, constraint in OUT_OF_BOUNDS:
        before = await image(table)
        with subtests.test(f"{table}: {values}"):
            assert await refused_by(raw, f"update {table} set {values}") == constraint
            assert await image(table) == before


@pytest.mark.usefixtures("rows")
async def test_refuses_an_activity_whose_changes_are_no_list(
    raw: asyncpg.Connection, image: Image
) -> None:
    before = await image("activity")

    statement = """
      insert into activity (organisation_id, kind, occurred_at, changes)
      select id, 'MAIL_SENT', now(), '{}' from organisation"""
    assert await refused_by(raw, statement) == "activity_changes"

    assert await image("activity") == before


@pytest.mark.usefixtures("rows")
async def test_takes_a_retention_within_bounds_or_none(raw: asyncpg.Connection) -> None:
    for months in (0, 60, 1200, None):
        await raw.execute("update organisation set retention_months = $1", months)

        assert await raw.fetchval("select retention_months from organisation") == months


# ---------------------------------------------------------------- R2, both ways

CLOSED: Final = "closed_at = now(), closed_by_id = started_by_id"
R2: Final = "offboarding_resolution_exactly_when_done"
R2_CLOSED: Final = "offboarding_closed_exactly_when_done"


HALF_DONE: Final = [
    (f"status = 'DONE', {CLOSED}", R2),
    ("status = 'OPEN', resolution = 'DONE'", R2),
    ("status = 'OPEN', resolution = 'CANCELLED'", R2),
    ("status = 'IN_PROGRESS', resolution = 'DONE'", R2),
    ("status = 'IN_PROGRESS', resolution = 'CANCELLED'", R2),
    ("status = 'REVIEW', resolution = 'DONE'", R2),
    ("status = 'REVIEW', resolution = 'CANCELLED'", R2),
    (f"status = 'DONE', resolution = 'REJECTED', {CLOSED}", "offboarding_resolution"),
    ("status = 'DONE', resolution = 'DONE'", R2_CLOSED),
    ("status = 'DONE', resolution = 'DONE', closed_at = now()", R2_CLOSED),
    ("status = 'DONE', resolution = 'DONE', closed_by_id = started_by_id", R2_CLOSED),
    ("closed_at = now()", R2_CLOSED),
    ("closed_by_id = started_by_id", R2_CLOSED),
    (f"status = 'REVIEW', {CLOSED}", R2_CLOSED),
]


@pytest.mark.usefixtures("rows")
async def test_refuses_a_resolution_or_closer_but_exactly_when_done(
    raw: asyncpg.Connection, image: Image, subtests: pytest.Subtests
) -> None:
    before = await image("offboarding")

    for values, constraint in HALF_DONE:
        with subtests.test(values):
            assert await refused_by(raw, f"update offboarding set {values}") == constraint
            assert await image("offboarding") == before


@pytest.mark.parametrize("resolution", ["DONE", "CANCELLED"])
@pytest.mark.usefixtures("rows")
async def test_takes_done_with_a_resolution_and_a_closer(
    resolution: str, raw: asyncpg.Connection
) -> None:
    await raw.execute(
        f"update offboarding set status = 'DONE', resolution = '{resolution}', {CLOSED}"
    )

    assert await raw.fetchval("select resolution from offboarding") == resolution


# ---------------------------------------------------------------- subjects and R5

_ADD: Final = """
insert into offboarding (id, organisation_id, party_id, product_id, status, resolution, closed_at,
  closed_by_id, started_by_id, started_at, updated_at, version)
select gen_random_uuid(), u.organisation_id, $1, $2, $3::text, $4,
  case when $3::text = 'DONE' then now() end, case when $3::text = 'DONE' then u.id end,
  u.id, now(), now(), 1
from app_user u limit 1
"""


def subject_values(subject: str, id_: UUID) -> tuple[UUID | None, UUID | None]:
    return (id_, None) if subject == "party" else (None, id_)


@pytest.fixture
async def party_and_product(database: None) -> dict[str, UUID]:  # noqa: ARG001 - rows need one
    """Make a party and a product, and somebody who starts."""
    await make_user()
    return {"party": (await make_party()).id, "product": (await make_product()).id}


async def test_refuses_an_offboarding_of_two_subjects_or_none(
    party_and_product: dict[str, UUID], raw: asyncpg.Connection, image: Image
) -> None:
    both = tuple(party_and_product.values())

    for_both = await refused_by(raw, _ADD, *both, "OPEN", None)
    for_none = await refused_by(raw, _ADD, None, None, "OPEN", None)

    assert for_both == for_none == "offboarding_one_subject"
    assert await image("offboarding") == ""


@pytest.mark.parametrize("subject", ["party", "product"])
@pytest.mark.parametrize(
    ("first", "second"), [("OPEN", "OPEN"), ("IN_PROGRESS", "REVIEW"), ("REVIEW", "IN_PROGRESS")]
)
async def test_refuses_two_running_offboardings_of_a_subject(  # noqa: PLR0917 - parameters and fixtures
    subject: str,
    first: str,
    second: str,
    party_and_product: dict[str, UUID],
    raw: asyncpg.Connection,
    image: Image,
) -> None:
    ids = subject_values(subject, party_and_product[subject])
    await raw.execute(_ADD, *ids, first, None)
    before = await image("offboarding")

    constraint = await refused_by(raw, _ADD, *ids, second, None)

    assert constraint == f"offboarding_one_running_per_{subject}"
    assert await image("offboarding") == before


@pytest.mark.parametrize("subject", ["party", "product"])
async def test_refuses_to_end_a_subject_twice(
    subject: str, party_and_product: dict[str, UUID], raw: asyncpg.Connection, image: Image
) -> None:
    ids = subject_values(subject, party_and_product[subject])
    await raw.execute(_ADD, *ids, "DONE", "DONE")
    before = await image("offboarding")

    constraint = await refused_by(raw, _ADD, *ids, "DONE", "DONE")

    assert constraint == f"offboarding_one_end_per_{subject}"
    assert await image("offboarding") == before


@pytest.mark.parametrize("subject", ["party", "product"])
async def test_takes_a_history_of_cancelled_ones_beside_one_that_runs(
    subject: str, party_and_product: dict[str, UUID], raw: asyncpg.Connection
) -> None:
    ids = subject_values(subject, party_and_product[subject])

    await raw.execute(_ADD, *ids, "DONE", "CANCELLED")
    await raw.execute(_ADD, *ids, "DONE", "CANCELLED")
    await raw.execute(_ADD, *ids, "OPEN", None)

    assert await raw.fetchval("select count(*) from offboarding") == 3


# ---------------------------------------------------------------- R12, tenants

# Each foreign key by which a row of an organisation names a row of an organisation.
_LINKS: Final = """
select distinct f.conrelid::regclass::text as source, a.attname as key
from pg_constraint f join pg_attribute a on a.attrelid = f.conrelid and a.attnum = any(f.conkey)
where f.contype = 'f' and a.attname <> 'organisation_id' and f.confrelid <> 'organisation'::regclass
  and exists (select from pg_attribute o
    where o.attrelid = f.conrelid and o.attname = 'organisation_id')
"""
# One that is Done, so that whether another one runs does not matter.
_START: Final = """
insert into offboarding ({key}, {other}, id, organisation_id, status, resolution, closed_by_id,
  closed_at, started_at, updated_at, version)
select {theirs}, {own}, gen_random_uuid(), u.organisation_id, 'DONE', 'CANCELLED', u.id,
  now(), now(), now(), 1
from app_user u join party p using (organisation_id) where u.organisation_id = $1
"""
_START_OF: Final = _START.replace("{other}", "started_by_id").replace("{own}", "u.id")
_START_BY: Final = _START.replace("{other}", "party_id").replace("{own}", "p.id")
_LOG: Final = """
insert into activity (organisation_id, kind, occurred_at, changes, {key})
values ($1, 'MAIL_SENT', now(), '[]', {theirs})
"""
_SIGN_IN: Final = """
insert into browser_session (id, organisation_id, hash, created_at, expires_at, {key})
values (gen_random_uuid(), $1, 'x', now(), now(), {theirs})
"""
_CHANGE: Final = "update {table} set {key} = {theirs} where organisation_id = $1"
_CLOSE: Final = """
update offboarding set status = 'DONE', resolution = 'CANCELLED', closed_at = now(),
  {key} = {theirs} where organisation_id = $1
"""
# How a row of one organisation is made to name a row of another, and what refuses it.
ACROSS: Final = {
    ("activity", "actor_id"): ("app_user", _LOG),
    ("activity", "offboarding_id"): ("offboarding", _LOG),
    ("activity", "party_id"): ("party", _LOG),
    ("activity", "product_id"): ("product", _LOG),
    ("activity", "user_id"): ("app_user", _LOG),
    ("api_token", "user_id"): ("app_user", _CHANGE),
    ("browser_session", "user_id"): ("app_user", _SIGN_IN),
    ("holding", "party_id"): ("party", _CHANGE),
    ("holding", "product_id"): ("product", _CHANGE),
    ("offboarding", "assignee_id"): ("app_user", _CHANGE),
    ("offboarding", "closed_by_id"): ("app_user", _CLOSE),
    ("offboarding", "party_id"): ("party", _START_OF),
    ("offboarding", "product_id"): ("product", _START_OF),
    ("offboarding", "started_by_id"): ("app_user", _START_BY),
    ("outgoing_mail", "offboarding_id"): ("offboarding", _CHANGE),
    ("outgoing_mail", "recipient_id"): ("app_user", _CHANGE),
    ("outgoing_mail", "sender_id"): ("app_user", _CHANGE),
    ("party", "manager_id"): ("app_user", _CHANGE),
    ("party", "offboarded_by_id"): ("app_user", _CHANGE),
    ("product", "terminated_by_id"): ("app_user", _CHANGE),
    ("webhook", "created_by_id"): ("app_user", _CHANGE),
    ("webhook_delivery", "activity_id"): ("activity", _CHANGE),
    ("webhook_delivery", "webhook_id"): ("webhook", _CHANGE),
}


@pytest.mark.usefixtures("database")
async def test_refuses_every_link_to_another_organisation(
    raw: asyncpg.Connection, image: Image
) -> None:
    await make_rows("Northbank")
    await make_rows("Southbank")
    ids = [row["id"] for row in await raw.fetch("select id from organisation order by name")]
    tables = sorted({table for table, _ in ACROSS})
    before = [await image(table) for table in tables]

    refusals = {}
    for (table, key), (target, statement) in ACROSS.items():
        theirs = f"(select id from {target} where organisation_id = $2 limit 1)"
        filled = statement.format(table=table, key=key, theirs=theirs)
        refusals[table, key] = await refused_by(raw, filled, *ids)

    assert refusals == {
        (table, key): f"{table}_{key.removesuffix('_id')}_tenant" for table, key in ACROSS
    }
    assert [await image(table) for table in tables] == before


@pytest.mark.usefixtures("database")
async def test_tries_every_link_that_there_is(raw: asyncpg.Connection) -> None:
    found = {(row["source"], row["key"]) for row in await raw.fetch(_LINKS)}

    assert found == set(ACROSS)


@pytest.mark.usefixtures("database")
async def test_checks_each_link_by_one_key(raw: asyncpg.Connection) -> None:
    twice = await raw.fetch(
        "select f.conrelid::regclass::text, a.attname from pg_constraint f"
        " join pg_attribute a on a.attrelid = f.conrelid and a.attnum = any(f.conkey)"
        " where f.contype = 'f' and a.attname <> 'organisation_id'"
        " group by 1, 2 having count(*) > 1"
    )

    assert [tuple(row) for row in twice] == []


@pytest.mark.usefixtures("database")
async def test_refuses_a_group_of_another_organisation(raw: asyncpg.Connection) -> None:
    await make_rows("Northbank")
    await make_rows("Southbank")
    ours, theirs = [
        row["id"] for row in await raw.fetch("select id from organisation order by name")
    ]
    before = await raw.fetch("select * from user_group_member order by 1, 2")

    refusal = await refused_by(
        raw,
        "insert into user_group_member (user_id, user_group_id) select u.id, g.id"
        " from app_user u, user_group g"
        " where u.organisation_id = $1 and g.organisation_id = $2 limit 1",
        ours,
        theirs,
    )

    assert refusal == "user_group_member_tenant"
    assert await raw.fetch("select * from user_group_member order by 1, 2") == before
