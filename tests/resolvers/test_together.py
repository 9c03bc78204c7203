"""What is asked for by ids at the same time comes in few statements, to each their own."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID, uuid4

import asyncpg
import pytest

from database import transaction
from models import Party
from resolvers import together
from resolvers.together import fetch_by_id, fetch_same
from tests.factories import make_party
from tests.served import PATIENCE, until

# A statement waits for the gate; its rows tell which statement they come from.
GATE: Final = 4711
SQL: Final = f"""
with gate as materialized (select pg_advisory_xact_lock_shared({GATE}))
select wanted.place, p.name, txid_current() as statement, 1 / $2::integer as checked
from gate, unnest($1::uuid[]) with ordinality wanted(id, place) join party p on p.id = wanted.id
"""
# What it counts is what was there when it began, before it waited.
COUNTED: Final = f"""
select pg_advisory_xact_lock_shared({GATE})::text || (select count(*) from party)
"""
SAME: Final = f"""
with gate as materialized (select pg_advisory_xact_lock_shared({GATE}))
select $1::text || ' ' || txid_current() from gate
"""
OTHER: Final = SQL + " where p.listed = any($3::boolean[])"


@pytest.fixture
async def parties(emptied_database: None) -> list[Party]:  # noqa: ARG001 - rows need one
    return [await make_party(name=f"P{number}") for number in range(5)]


class Gate:
    """Holds the statements up until it is opened."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def wait_for(self, statements: int) -> None:
        """Wait until so many statements stand before it."""

        async def stand() -> bool:
            waiting = "select count(*) from pg_locks where objid = $1 and not granted"
            return bool(await self._connection.fetchval(waiting, GATE) == statements)

        await until(stand)

    async def open(self) -> None:
        await self._connection.execute("select pg_advisory_unlock_all()")


@pytest.fixture
async def gate(parties: list[Party], shared_database_url: str) -> AsyncIterator[Gate]:  # noqa: ARG001 - it is the database's
    connection = await asyncpg.connect(shared_database_url)
    await connection.execute(f"select pg_advisory_lock({GATE})")
    yield Gate(connection)
    await connection.close()


@pytest.fixture
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everybody wait who may, on a slow machine too."""
    monkeypatch.setattr(together, "PATIENCE", PATIENCE)


def ask_same(name: str) -> asyncio.Task[str | None]:
    return asyncio.create_task(fetch_same(SAME, name))


def ask(id: UUID, divisor: int = 1) -> asyncio.Task[asyncpg.Record | None]:
    return asyncio.create_task(fetch_by_id(SQL, id, divisor))


async def names(asked: list[asyncio.Task[asyncpg.Record | None]]) -> list[str | None]:
    return [None if row is None else row["name"] for row in await asyncio.gather(*asked)]


async def test_asks_at_once_for_who_comes_alone(parties: list[Party]) -> None:
    row = await fetch_by_id(SQL, parties[0].id, 1)

    assert row is not None
    assert row["name"] == "P0"
    assert await fetch_by_id(SQL, uuid4(), 1) is None


@pytest.mark.usefixtures("_unhurried")
async def test_asks_together_for_those_who_come_while_a_statement_is_under_way(
    parties: list[Party], gate: Gate
) -> None:
    asked = [ask(party.id) for party in parties]
    await gate.wait_for(1)
    asked += [ask(parties[1].id), ask(uuid4())]
    await asyncio.sleep(0)

    await gate.open()

    assert await names(asked) == ["P0", "P1", "P2", "P3", "P4", "P1", None]
    statements = Counter(row["statement"] for task in asked if (row := task.result()) is not None)
    assert sorted(statements.values()) == [1, 5]
    assert together._groups == {}  # noqa: SLF001 - nothing is left behind


async def test_waits_for_no_statement_that_takes_long(parties: list[Party], gate: Gate) -> None:
    asked = []
    for number, party in enumerate(parties, start=1):
        asked.append(ask(party.id))
        await gate.wait_for(number)

    await gate.open()

    assert await names(asked) == ["P0", "P1", "P2", "P3", "P4"]
    assert together._groups == {}  # noqa: SLF001 - as above


async def test_takes_those_along_who_wait_for_a_statement_that_takes_long(
    parties: list[Party], gate: Gate
) -> None:
    asked = [ask(party.id) for party in parties]
    await gate.wait_for(2)

    await gate.open()

    assert await names(asked) == ["P0", "P1", "P2", "P3", "P4"]
    statements = Counter(row["statement"] for task in asked if (row := task.result()) is not None)
    assert sorted(statements.values()) == [1, 4]


@pytest.mark.usefixtures("_unhurried")
async def test_keeps_apart_what_is_asked_with_other_values(
    parties: list[Party], gate: Gate
) -> None:
    asked = [ask(parties[number].id, divisor) for divisor in (1, 2) for number in range(2)]
    await gate.wait_for(2)

    await gate.open()

    rows = await asyncio.gather(*asked)
    assert [row["checked"] for row in rows if row] == [1, 1, 0, 0]


@pytest.mark.usefixtures("_unhurried")
async def test_tells_all_of_a_statement_that_fails(parties: list[Party], gate: Gate) -> None:
    asked = [ask(party.id, 0) for party in parties]
    well = ask(parties[0].id)
    await gate.wait_for(2)

    await gate.open()

    failures = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(failure) for failure in failures] == [asyncpg.DivisionByZeroError] * len(parties)
    assert await names([well]) == ["P0"]
    assert together._groups == {}  # noqa: SLF001 - as above


@pytest.mark.usefixtures("_unhurried")
@pytest.mark.parametrize("gone", [0, 2, 4])
async def test_goes_on_for_the_others_where_one_has_gone(
    parties: list[Party], gate: Gate, gone: int
) -> None:
    asked = [ask(party.id) for party in parties]
    await gate.wait_for(1)

    asked[gone].cancel()
    await asyncio.wait([asked[gone]])
    await gate.open()

    del asked[gone]
    assert await names(asked) == [f"P{n}" for n in range(len(parties)) if n != gone]
    assert together._groups == {}  # noqa: SLF001 - as above


async def test_ends_a_statement_whose_askers_have_all_gone(
    parties: list[Party], gate: Gate
) -> None:
    first, *others = [ask(party.id) for party in parties]
    await gate.wait_for(2)
    (group,) = together._groups.values()  # noqa: SLF001 - its tasks are nobody else's
    statements = [*group._under_way]  # noqa: SLF001 - as above

    first.cancel()
    await gate.wait_for(1)
    for task in others[1:]:
        task.cancel()
    await asyncio.wait(others[1:])
    await gate.wait_for(1)
    others[0].cancel()
    await gate.wait_for(0)

    assert all(task.cancelled() for task in (first, *others, *statements))
    assert together._groups == {}  # noqa: SLF001 - as above


@pytest.mark.usefixtures("_unhurried")
async def test_leaves_nobody_waiting_for_a_statement_that_was_cancelled(
    parties: list[Party], gate: Gate
) -> None:
    asked = [ask(party.id) for party in parties]
    await gate.wait_for(1)
    (group,) = together._groups.values()  # noqa: SLF001 - as above
    (statement,) = group._under_way  # noqa: SLF001 - as above

    statement.cancel()
    await gate.open()

    first, *others = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(first, asyncio.CancelledError)
    assert [row["name"] for row in others if isinstance(row, asyncpg.Record)] == [
        "P1",
        "P2",
        "P3",
        "P4",
    ]


@pytest.mark.usefixtures("_unhurried")
async def test_asks_for_nobody_who_has_gone_before(parties: list[Party], gate: Gate) -> None:
    asked = [ask(party.id) for party in parties]
    await gate.wait_for(1)
    for task in asked[1:]:
        task.cancel()
    await asyncio.wait(asked[1:])

    await gate.open()

    assert await names(asked[:1]) == ["P0"]
    assert together._groups == {}  # noqa: SLF001 - as above


@pytest.mark.usefixtures("_unhurried")
async def test_tells_all_the_same_who_ask_for_it_at_the_same_time(gate: Gate) -> None:
    asked = [ask_same("A") for _ in range(4)] + [ask_same("B"), ask_same("B")]
    await gate.wait_for(2)

    await gate.open()

    told = [(text or "").split() for text in await asyncio.gather(*asked)]
    assert [name for name, _ in told] == ["A", "A", "A", "A", "B", "B"]
    statements = [statement for _, statement in told]
    assert statements[1:4] == [statements[1]] * 3
    assert len(set(statements)) == 4
    assert together._groups == {}  # noqa: SLF001 - as above


@pytest.mark.usefixtures("_unhurried")
async def test_tells_of_all_that_was_written_before_it_was_asked(
    parties: list[Party], gate: Gate
) -> None:
    before = asyncio.create_task(fetch_same(COUNTED))
    await gate.wait_for(1)
    await make_party(organisation=parties[0].organisation)
    after = asyncio.create_task(fetch_same(COUNTED))
    await asyncio.sleep(0)

    await gate.open()

    assert (await before, await after) == ("5", "6")


@pytest.mark.usefixtures("_unhurried")
async def test_shows_nobody_what_another_has_not_committed_yet(
    parties: list[Party], gate: Gate
) -> None:
    made, shown = asyncio.get_running_loop().create_future(), asyncio.Event()

    async def make() -> asyncpg.Record | None:
        party = await make_party(name="New", organisation=parties[0].organisation)
        made.set_result(party.id)
        row = await fetch_by_id(SQL, party.id, 1)
        await shown.wait()
        return row

    making = asyncio.create_task(transaction(make))
    asked = ask(await made)
    await gate.wait_for(1)
    await gate.open()
    assert await asked is None

    shown.set()
    row = await making
    assert row is not None
    assert row["name"] == "New"


async def test_asks_alone_with_a_list_among_the_values(parties: list[Party]) -> None:
    rows = await asyncio.gather(
        *(fetch_by_id(OTHER, party.id, 1, [True, False]) for party in parties)
    )

    assert [row["name"] for row in rows if row] == ["P0", "P1", "P2", "P3", "P4"]
    assert len({row["statement"] for row in rows if row}) == len(parties)
