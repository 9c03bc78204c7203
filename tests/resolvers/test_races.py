"""Races: several people at the same moment, each in a transaction of their own, asked as ever."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from datetime import date
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest

from models import (
    HoldingRole,
    Offboarding,
    OffboardingStatus,
    Party,
    Product,
    ProductStatus,
    User,
    Viewer,
)
from tests.asking import Ask, gid
from tests.database.statements import until_one_waits
from tests.factories import (
    make_holding,
    make_offboarding,
    make_party,
    make_product,
    make_user,
    viewer_for,
)
from tests.records import everything, kinds, letters, rows

ROUNDS: Final = 50

SAVE: Final = """mutation ($input: SaveOffboardingInput!) { saveOffboarding(input: $input) {
  __typename
  ... on SaveOffboardingSuccess { offboarding { status version comment assignee { id } } }
  ... on ConflictError { offboarding { status version comment assignee { id } } }
} }"""
RESOLVE: Final = """mutation ($input: ResolveOffboardingInput!) {
  resolveOffboarding(input: $input) {
    __typename ... on ResolveOffboardingSuccess { offboarding { resolution version } }
  }
}"""
START_PARTY: Final = """mutation ($input: StartPartyOffboardingInput!) {
  startPartyOffboarding(input: $input) {
    __typename
    ... on StartPartyOffboardingSuccess { offboarding { id } }
    ... on OffboardingInProgressError { offboarding { id } }
  }
}"""
START_PRODUCT: Final = """mutation ($input: StartProductTerminationInput!) {
  startProductTermination(input: $input) { __typename }
}"""
END_HOLDING: Final = """mutation ($input: EndHoldingInput!) {
  endHolding(input: $input) { __typename }
}"""

# Rule V in other words: which parties and products are listed, or not, against it.
AGAINST_RULE_V: Final = """
with owning as (
  select h.party_id, h.product_id, p.status = 'ACTIVE' as held, q.status = 'ACTIVE' as open
  from holding h join party p on p.id = h.party_id join product q on q.id = h.product_id
  where h.ended_on is null and h.role in ('OWNER', 'JOINT_OWNER')
)
select p.reference from party p where p.listed <> (p.status = 'ACTIVE'
  or coalesce((select bool_or(o.open) from owning o where o.party_id = p.id), false))
union all
select q.number from product q where q.listed <> (q.status = 'ACTIVE'
  or coalesce((select bool_or(o.held) from owning o where o.product_id = q.id), false))
"""


@pytest.fixture
async def rival(shared_database_url: str, database: None) -> AsyncIterator[asyncpg.Connection]:  # noqa: ARG001 - the models are connected to the same database
    """Yield a connection that a test can hold a transaction open on."""
    connection = await asyncpg.connect(shared_database_url)
    yield connection
    await connection.close()


async def together(number: int, *calls: Awaitable[Any]) -> list[Any]:
    """Make calls at the same moment, give or take: each round another is a little late."""

    async def late(turn: int, call: Awaitable[Any]) -> Any:
        await asyncio.sleep((number + turn) % len(calls) * (number % 7) * 0.0005)
        return await call

    return await asyncio.gather(*(late(turn, call) for turn, call in enumerate(calls)))


async def resolve(ask: Ask, viewer: Viewer, row: Offboarding, **values: Any) -> str:
    """Resolve an offboarding with resolution Done, and return the name of the result's type."""
    end = {"resolution": "DONE", "confirmation": "TERMINATE", **values}
    answered = await ask(viewer, RESOLVE, input={"offboardingId": gid(row), **end})
    return str(answered["resolveOffboarding"]["__typename"])


async def save(ask: Ask, viewer: Viewer, row: Offboarding, **values: Any) -> dict[str, Any]:
    answered = await ask(viewer, SAVE, input={"offboardingId": gid(row), **values})
    saved: dict[str, Any] = answered["saveOffboarding"]
    return saved


async def end_holding(ask: Ask, viewer: Viewer, party: Party, product: Product) -> str:
    ids = {"partyId": gid(party), "productId": gid(product)}
    answered = await ask(viewer, END_HOLDING, input={**ids, "endedOn": "2026-03-01"})
    return str(answered["endHolding"]["__typename"])


async def two() -> tuple[Viewer, Viewer]:
    return await viewer_for(await make_user()), await viewer_for(await make_user())


async def listed(*ids: UUID) -> list[bool]:
    found = await rows(
        "select id, listed from party where id = any($1)"
        " union all select id, listed from product where id = any($1)",
        list(ids),
    )
    by_id = {row["id"]: row["listed"] for row in found}
    return [by_id[id_] for id_ in ids]


WON, LOST = "ResolveOffboardingSuccess", "OffboardingDoneError"


# ---------------------------------------------------------------- two who close


@pytest.mark.parametrize("version", [None, 1])
async def test_lets_one_of_two_closers_win(ask: Ask, version: int | None) -> None:
    ada, grace = await two()
    results: Counter[tuple[str, ...]] = Counter()

    for number in range(ROUNDS):
        party = await make_party()
        row = await make_offboarding(party=party)
        values = {} if version is None else {"expectedVersion": version}
        answered = await together(
            number,
            resolve(ask, ada, row, **values),
            resolve(ask, grace, row, **values),
        )

        results[tuple(sorted(answered))] += 1
        winner = (ada, grace)[answered.index(WON)]
        closed, ended = await Offboarding.get(id=row.id), await Party.get(id=party.id)
        assert (closed.version, closed.closed_by_id) == (2, winner.user_id)
        assert (ended.offboarded_by_id, ended.offboarded_at) == (winner.user_id, closed.closed_at)
        assert await kinds(offboarding_id=row.id) == ["RESOLVED", "PARTY_OFFBOARDED"]

    assert results == {(LOST, WON): ROUNDS}


async def test_lets_one_of_two_opposite_decisions_win(ask: Ask) -> None:
    ada, grace = await two()

    for number in range(ROUNDS):
        product = await make_product()
        row = await make_offboarding(product=product)
        answered = await together(
            number,
            resolve(ask, ada, row),
            resolve(ask, grace, row, resolution="CANCELLED"),
        )

        assert sorted(answered) == [LOST, WON]
        terminated = answered[0] == WON
        closed, subject = await Offboarding.get(id=row.id), await Product.get(id=product.id)
        assert closed.resolution == ("DONE" if terminated else "CANCELLED")
        assert subject.has_ended is terminated
        assert (
            await kinds(offboarding_id=row.id)
            == ["RESOLVED", "PRODUCT_TERMINATED"][: 1 + terminated]
        )


# ---------------------------------------------------------------- the halves of V


async def test_hides_a_party_and_its_product_that_end_at_the_same_moment(ask: Ask) -> None:
    ada, grace = await two()

    for number in range(ROUNDS):
        party, product = await make_party(), await make_product()
        await make_holding(party, product)
        rows_ = [await make_offboarding(party=party), await make_offboarding(product=product)]
        answered = await together(
            number, *(resolve(ask, *pair) for pair in zip((ada, grace), rows_, strict=True))
        )

        assert answered == [WON, WON]
        assert await listed(party.id, product.id) == [False, False]


async def test_hides_two_joint_owners_and_the_product_that_end_at_the_same_moment(
    ask: Ask,
) -> None:
    ada, grace = await two()

    for number in range(ROUNDS // 2):
        first, second, product = await make_party(), await make_party(), await make_product()
        for party in (first, second):
            await make_holding(party, product, HoldingRole.JOINT_OWNER)
        answered = await together(
            number,
            resolve(ask, ada, await make_offboarding(party=first)),
            resolve(ask, grace, await make_offboarding(party=second)),
            resolve(ask, ada, await make_offboarding(product=product)),
        )

        assert answered == [WON] * 3
        assert await listed(first.id, second.id, product.id) == [False] * 3


async def test_hides_a_terminated_product_whose_two_owners_end_at_the_same_moment(
    ask: Ask,
) -> None:
    ada, grace = await two()

    for number in range(ROUNDS // 2):
        first, second, product = await make_party(), await make_party(), await make_product()
        for party in (first, second):
            await make_holding(party, product, HoldingRole.JOINT_OWNER)
        assert await resolve(ask, ada, await make_offboarding(product=product)) == WON
        answered = await together(
            number,
            resolve(ask, ada, await make_offboarding(party=first)),
            resolve(ask, grace, await make_offboarding(party=second)),
        )

        assert answered == [WON, WON]
        assert await listed(first.id, second.id, product.id) == [False] * 3


async def test_leaves_a_joint_product_active_whose_two_owners_end_at_the_same_moment(
    ask: Ask,
) -> None:
    ada, grace = await two()

    for number in range(ROUNDS // 2):
        first, second, product = await make_party(), await make_party(), await make_product()
        for party in (first, second):
            await make_holding(party, product, HoldingRole.JOINT_OWNER)
        answered = await together(
            number,
            resolve(ask, ada, await make_offboarding(party=first)),
            resolve(ask, grace, await make_offboarding(party=second)),
        )

        assert answered == [WON, WON]
        assert (await Product.get(id=product.id)).status is ProductStatus.ACTIVE
        assert await listed(first.id, second.id, product.id) == [True] * 3


async def test_hides_who_leaves_a_product_while_it_is_terminated(ask: Ask) -> None:
    ada, grace = await two()

    for number in range(ROUNDS):
        first, second, product = await make_party(), await make_party(), await make_product()
        for party in (first, second):
            await make_holding(party, product, HoldingRole.JOINT_OWNER)
        assert await resolve(ask, ada, await make_offboarding(party=second)) == WON
        answered = await together(
            number,
            end_holding(ask, ada, first, product),
            resolve(ask, grace, await make_offboarding(product=product)),
        )

        assert answered == ["EndHoldingSuccess", WON]
        assert await listed(first.id, second.id, product.id) == [True, False, False]


async def test_hides_a_product_that_its_owner_leaves_while_being_offboarded(ask: Ask) -> None:
    ada, grace = await two()

    for number in range(ROUNDS // 2):
        party, product = await make_party(), await make_product()
        await make_holding(party, product)
        assert await resolve(ask, ada, await make_offboarding(product=product)) == WON
        answered = await together(
            number,
            end_holding(ask, ada, party, product),
            resolve(ask, grace, await make_offboarding(party=party)),
        )

        assert answered == ["EndHoldingSuccess", WON]
        assert await listed(party.id, product.id) == [False, False]


async def test_keeps_to_rule_v_while_a_whole_web_ends_at_once(ask: Ask) -> None:
    """Six parties own six products in a ring, each product jointly by two."""
    ada, grace = await two()

    for number in range(10):
        parties = [await make_party() for _ in range(6)]
        products = [await make_product() for _ in range(6)]
        for place, party in enumerate(parties):
            for product in (products[place], products[place - 1]):
                await make_holding(party, product, HoldingRole.JOINT_OWNER)
        ends = [await make_offboarding(party=party) for party in parties[:4]]
        ends += [await make_offboarding(product=product) for product in products[:4]]
        answered = await together(
            number,
            *(resolve(ask, (ada, grace)[turn % 2], row) for turn, row in enumerate(ends)),
            end_holding(ask, ada, parties[5], products[4]),
            end_holding(ask, grace, parties[0], products[5]),
        )

        assert answered == [*[WON] * 8, *["EndHoldingSuccess"] * 2]
        assert await rows(AGAINST_RULE_V) == []


# ---------------------------------------------------------------- two who start


async def test_lets_one_of_two_starters_win_and_names_theirs_to_the_other(ask: Ask) -> None:
    ada, grace = await two()

    for number in range(ROUNDS):
        party = await make_party()
        input_ = {"partyId": gid(party), "assigneeId": f"user_{ada.user_id}"}
        answered = await together(
            number, *(ask(viewer, START_PARTY, input=input_) for viewer in (ada, grace))
        )

        results = {one["startPartyOffboarding"]["__typename"]: one for one in answered}
        assert set(results) == {"StartPartyOffboardingSuccess", "OffboardingInProgressError"}
        row = await Offboarding.get(party_id=party.id)
        named = {one["startPartyOffboarding"]["offboarding"]["id"] for one in answered}
        assert named == {gid(row)}
        assert await kinds(party_id=party.id) == ["OFFBOARDING_STARTED", "ASSIGNED"]

    assert len(await letters()) == ROUNDS


async def test_lets_one_of_two_win_who_terminate_at_the_start(ask: Ask) -> None:
    ada, grace = await two()
    end = {"status": "DONE", "resolution": "DONE", "confirmation": "TERMINATE"}

    for number in range(ROUNDS // 2):
        product = await make_product()
        input_ = {"productId": gid(product), **end}
        answered = await together(
            number, *(ask(viewer, START_PRODUCT, input=input_) for viewer in (ada, grace))
        )

        results = sorted(one["startProductTermination"]["__typename"] for one in answered)
        assert results == ["AlreadyOffboardedError", "StartProductTerminationSuccess"]
        assert await Offboarding.filter(product_id=product.id).count() == 1
        assert await kinds(product_id=product.id) == [
            "OFFBOARDING_STARTED",
            "RESOLVED",
            "PRODUCT_TERMINATED",
        ]


async def test_starts_nothing_on_what_ends_at_the_same_moment(ask: Ask) -> None:
    ada, grace = await two()

    for number in range(ROUNDS // 2):
        party = await make_party()
        row = await make_offboarding(party=party)
        closed, started = await together(
            number,
            resolve(ask, ada, row),
            ask(grace, START_PARTY, input={"partyId": gid(party)}),
        )

        result = started["startPartyOffboarding"]["__typename"]
        assert closed == WON
        assert result in {"AlreadyOffboardedError", "OffboardingInProgressError"}
        assert await Offboarding.filter(party_id=party.id).count() == 1


# ---------------------------------------------------------------- two who save


async def test_lets_one_of_two_savers_of_one_version_win(ask: Ask) -> None:
    ada, grace = await two()

    for number in range(ROUNDS):
        row = await make_offboarding(party=await make_party())
        answered = await together(
            number,
            *(
                save(
                    ask,
                    viewer,
                    row,
                    expectedVersion=1,
                    comment=f"by {viewer.user_id}",
                    assigneeId=f"user_{viewer.user_id}",
                )
                for viewer in (ada, grace)
            ),
        )

        types = [one["__typename"] for one in answered]
        assert sorted(types) == ["ConflictError", "SaveOffboardingSuccess"]
        winner = (ada, grace)[types.index("SaveOffboardingSuccess")]
        now = {
            "status": "OPEN",
            "version": 2,
            "comment": f"by {winner.user_id}",
            "assignee": {"id": f"user_{winner.user_id}"},
        }
        assert [one["offboarding"] for one in answered] == [now, now]
        assert await kinds(offboarding_id=row.id) == ["DETAILS_CHANGED", "ASSIGNED"]

    assert len(await letters()) == ROUNDS


async def test_loses_nothing_of_two_who_save_different_fields(ask: Ask) -> None:
    ada, grace = await two()

    for number in range(ROUNDS // 2):
        row = await make_offboarding(party=await make_party())
        await together(
            number,
            save(ask, ada, row, comment="Both."),
            save(ask, grace, row, dueOn="2026-06-30"),
        )

        saved = await Offboarding.get(id=row.id)
        assert (saved.comment, saved.due_on, saved.version) == ("Both.", date(2026, 6, 30), 3)
        assert await kinds(offboarding_id=row.id) == ["DETAILS_CHANGED"] * 2


async def test_mails_once_for_two_who_assign_the_same_person(ask: Ask) -> None:
    ada, grace = await two()
    person = f"user_{ada.user_id}"

    for number in range(ROUNDS // 2):
        row = await make_offboarding(party=await make_party())
        answered = await together(
            number,
            save(ask, ada, row, assigneeId=person),
            save(ask, grace, row, assigneeId=person),
        )

        assert [one["offboarding"]["version"] for one in answered] == [2, 2]

    assert len(await letters()) == ROUNDS // 2


async def test_saves_nothing_after_a_closer_and_never_reopens(ask: Ask) -> None:
    ada, grace = await two()

    for number in range(ROUNDS):
        row = await make_offboarding(party=await make_party())
        closed, saved = await together(
            number,
            resolve(ask, ada, row),
            save(ask, grace, row, status="REVIEW"),
        )

        final = await Offboarding.get(id=row.id)
        assert closed == WON
        assert final.status is OffboardingStatus.DONE
        came_first = saved["__typename"] == "SaveOffboardingSuccess"
        assert came_first or saved["__typename"] == LOST
        assert final.version == 2 + came_first


# ---------------------------------------------------------------- a rival who holds the row


CLOSE: Final = """update offboarding set status = 'DONE', resolution = 'CANCELLED',
  closed_at = now(), closed_by_id = started_by_id, version = version + 1 where id = $1"""
EDITS: Final[list[dict[str, Any]]] = [
    {"status": "REVIEW"},
    {"comment": "x", "expectedVersion": 1},
    {"assigneeId": None},
    {"status": "DONE", "resolution": "CANCELLED"},
    {"status": "DONE", "resolution": "DONE", "confirmation": "TERMINATE"},
]


@pytest.mark.parametrize("edit", EDITS)
async def test_waits_for_a_rival_and_yields_to_their_done(
    ask: Ask, rival: asyncpg.Connection, edit: dict[str, Any]
) -> None:
    ada, _ = await two()
    row = await make_offboarding()
    closing = rival.transaction()
    await closing.start()
    await rival.execute(CLOSE, row.id)

    saving = asyncio.create_task(save(ask, ada, row, **edit))
    await until_one_waits(rival)
    await closing.commit()
    before = await everything()

    assert await saving == {"__typename": LOST}
    assert await everything() == before


async def test_saves_once_a_rival_has_given_up(ask: Ask, rival: asyncpg.Connection) -> None:
    ada, _ = await two()
    row = await make_offboarding()
    closing = rival.transaction()
    await closing.start()
    await rival.execute(CLOSE, row.id)

    saving = asyncio.create_task(save(ask, ada, row, status="REVIEW", expectedVersion=1))
    await until_one_waits(rival)
    await closing.rollback()

    assert (await saving)["offboarding"]["status"] == "REVIEW"


# Whatever sets a row to Done once our own check has passed: here a rule of the database, which
# closes the row before each update of it, within the same transaction.
CLOSES_BEFORE: Final = """
create function closes(done uuid) returns void language sql as $$
  update offboarding set status = 'DONE', resolution = 'CANCELLED', closed_at = now(),
    closed_by_id = started_by_id, version = version + 1 where id = done and status <> 'DONE'
$$;
create rule closes as on update to offboarding where new.status <> 'DONE'
  do also select closes(old.id);
"""
# A trigger which, after each update of a row, closes it and then writes over what is Done.
WRITES_AFTER: Final = """
create function writes() returns trigger language plpgsql as $$
begin
  if new.status <> 'DONE' then
    update offboarding set status = 'DONE', resolution = 'CANCELLED', closed_at = now(),
      closed_by_id = started_by_id where id = new.id;
    update offboarding set comment = 'Reopened.' where id = new.id;
  end if;
  return null;
end $$;
create trigger writes after update on offboarding for each row execute function writes();
"""


@pytest.fixture
async def _closing_database(
    request: pytest.FixtureRequest, rival: asyncpg.Connection
) -> AsyncIterator[None]:
    await rival.execute(f"create schema rival; set search_path = rival, public; {request.param}")
    yield
    await rival.execute("drop schema rival cascade")


# Alone, and together with what takes locks; a statement of several parts takes no rule.
@pytest.mark.parametrize(
    ("_closing_database", "values"),
    [
        (CLOSES_BEFORE, {"assigneeId": None}),
        (WRITES_AFTER, {"assigneeId": None}),
        (WRITES_AFTER, {}),
    ],
    indirect=["_closing_database"],
)
@pytest.mark.usefixtures("_closing_database")
async def test_tells_a_client_of_a_done_that_only_the_database_noticed(
    ask: Ask, values: dict[str, Any]
) -> None:
    ada, _ = await two()
    row = await make_offboarding()
    before = await everything()

    answered = await ask(
        ada,
        """mutation ($input: SaveOffboardingInput!) {
          saveOffboarding(input: $input) { __typename ... on Error { code message } }
        }""",
        input={"offboardingId": gid(row), "status": "REVIEW", **values},
    )

    assert answered == {
        "saveOffboarding": {
            "__typename": "OffboardingDoneError",
            "code": "OFFBOARDING_DONE",
            "message": "This offboarding is done and can no longer change.",
        }
    }
    assert await everything() == before


# ---------------------------------------------------------------- an assignee who is being disabled

# As who changes them sees them: with the transaction that wrote each last.
PEOPLE: Final = "select xmin, t::text from app_user t order by id"


async def test_refuses_an_assignee_who_is_being_disabled(
    ask: Ask, rival: asyncpg.Connection
) -> None:
    ada, grace = await two()
    row = await make_offboarding()
    disabling = rival.transaction()
    await disabling.start()
    await rival.execute("update app_user set enabled = false where id = $1", grace.user_id)
    people = await rival.fetch(PEOPLE)
    before = await everything()
    before.pop("app_user")

    saving = asyncio.create_task(save(ask, ada, row, assigneeId=f"user_{grace.user_id}"))
    await until_one_waits(rival)
    await disabling.commit()

    assert await saving == {"__typename": "AssigneeUnavailableError"}
    after = await everything()
    after.pop("app_user")
    assert after == before
    assert await rival.fetch(PEOPLE) == people


async def test_disables_nobody_while_they_are_being_assigned(
    ask: Ask, rival: asyncpg.Connection, shared_database_url: str
) -> None:
    ada, grace = await two()
    row = await make_offboarding()
    # The log's own lock, so that the assignment stops just before its commit.
    holding = rival.transaction()
    await holding.start()
    await rival.execute("select pg_advisory_xact_lock(7311001)")
    saving = asyncio.create_task(save(ask, ada, row, assigneeId=f"user_{grace.user_id}"))
    await until_one_waits(rival)

    other = await asyncpg.connect(shared_database_url)
    await other.execute("set lock_timeout = '100ms'")
    with pytest.raises(asyncpg.LockNotAvailableError):
        await other.execute("update app_user set enabled = false where id = $1", grace.user_id)
    await holding.commit()
    saved = await saving
    await other.execute("update app_user set enabled = false where id = $1", grace.user_id)
    await other.close()

    assert saved["offboarding"]["assignee"] == {"id": f"user_{grace.user_id}"}
    assert [letter["recipient_id"] for letter in await letters()] == [grace.user_id]


async def test_assigns_and_mails_or_neither_while_people_are_disabled(ask: Ask) -> None:
    ada, _ = await two()
    results: Counter[str] = Counter()

    async def disable(user: User) -> None:
        await User.filter(id=user.id).update(enabled=False)

    for number in range(ROUNDS):
        person, row = await make_user(), await make_offboarding(party=await make_party())
        saved, _ = await together(
            number,
            save(ask, ada, row, assigneeId=gid(person)),
            disable(person),
        )

        results[saved["__typename"]] += 1
        assigned = saved["__typename"] == "SaveOffboardingSuccess"
        assert (await Offboarding.get(id=row.id)).assignee_id == (person.id if assigned else None)
        assert await kinds(offboarding_id=row.id) == ["ASSIGNED"] * assigned

    assert set(results) <= {"SaveOffboardingSuccess", "AssigneeUnavailableError"}
    assert len(await letters()) == results["SaveOffboardingSuccess"]


# ---------------------------------------------------------------- the log


LOG: Final = "{ activity { nodes { id kind } } }"


async def test_shows_no_entry_while_one_below_it_is_still_to_come(
    ask: Ask, rival: asyncpg.Connection
) -> None:
    ada, _ = await two()
    row = await make_offboarding()
    writing = rival.transaction()
    await writing.start()
    first = await rival.fetchval(
        "insert into activity (organisation_id, kind, occurred_at, changes)"
        " values ($1, 'MAIL_SENT', now(), '[]') returning id",
        ada.organisation_id,
    )

    saving = asyncio.create_task(save(ask, ada, row, status="REVIEW"))
    await until_one_waits(rival)
    meanwhile = await ask(ada, LOG)
    await writing.commit()
    await saving

    assert meanwhile == {"activity": {"nodes": []}}
    assert await ask(ada, LOG) == {
        "activity": {
            "nodes": [
                {"id": f"activity_{first}", "kind": "MAIL_SENT"},
                {"id": f"activity_{first + 1}", "kind": "STATUS_CHANGED"},
            ]
        }
    }
