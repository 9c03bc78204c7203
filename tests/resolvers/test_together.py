"""What is asked for by ids at the same time comes in few statements, to each their own."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID, uuid4

import asyncpg
import pytest

from models import Party
from resolvers import together
from resolvers.together import fetch_by_id
from tests.factories import make_party
from tests.served import PATIENCE, until

# A statement waits for the gate; its rows tell which statement they come from.
GATE: Final = 4711
SQL: Final = f"""
with gate as materialized (select pg_advisory_xact_lock_shared({GATE}))
select wanted.place, p.name, txid_current() as statement, 1 / $2::integer as checked
from gate, unnest($1::uuid[]) with ordinality wanted(id, place) join party p on p.id = wanted.id
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
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everybody wait who may, on a slow machine too."""
    monkeypatch.setattr(together, "PATIENCE", PATIENCE)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait, on a fast machine either."""
    monkeypatch.setattr(together, "PATIENCE", -1.0)


def ask(id: UUID, divisor: int = 1) -> asyncio.Task[asyncpg.Record | None]:
    return asyncio.create_task(fetch_by_id(SQL, id, divisor))


async def names(asked: list[asyncio.Task[asyncpg.Record | None]]) -> list[str | None]:
    return [None if row is None else row["name"] for row in await asyncio.gather(*asked)]


async def test_asks_at_once_for_who_comes_alone(parties: list[Party]) -> None:
    row = await fetch_by_id(SQL, parties[0].id, 1)

    assert row is not None
    assert row["name"] == "P0"
    assert await fetch_by_id(SQL, uuid4(), 1) is None


@pytest.mark.usefixtures("_patient")
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


@pytest.mark.usefixtures("_impatient")
async def test_waits_for_no_statement_that_takes_long(parties: list[Party], gate: Gate) -> None:
    asked = [ask(party.id) for party in parties]
    await gate.wait_for(len(parties))

    await gate.open()

    assert await names(asked) == ["P0", "P1", "P2", "P3", "P4"]
    assert together._groups == {}  # noqa: SLF001 - as above


async def test_takes_those_along_who_wait_for_a_statement_that_takes_long(
    parties: list[Party], gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "PATIENCE", PATIENCE)
    asked = [ask(party.id) for party in parties[:4]]
    await gate.wait_for(1)
    monkeypatch.setattr(together, "PATIENCE", -1.0)
    asked.append(ask(parties[4].id))
    await gate.wait_for(2)

    await gate.open()

    assert await names(asked) == ["P0", "P1", "P2", "P3", "P4"]
    statements = Counter(row["statement"] for task in asked if (row := task.result()) is not None)
    assert sorted(statements.values()) == [1, 4]


@pytest.mark.usefixtures("_patient")
async def test_keeps_apart_what_is_asked_with_other_values(
    parties: list[Party], gate: Gate
) -> None:
    asked = [ask(parties[number].id, divisor) for divisor in (1, 2) for number in range(2)]
    await gate.wait_for(2)

    await gate.open()

    rows = await asyncio.gather(*asked)
    assert [row["checked"] for row in rows if row] == [1, 1, 0, 0]


@pytest.mark.usefixtures("_patient")
async def test_tells_all_of_a_statement_that_fails(parties: list[Party], gate: Gate) -> None:
    asked = [ask(party.id, 0) for party in parties]
    well = ask(parties[0].id)
    await gate.wait_for(2)

    await gate.open()

    failures = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(failure) for failure in failures] == [asyncpg.DivisionByZeroError] * len(parties)
    assert await names([well]) == ["P0"]
    assert together._groups == {}  # noqa: SLF001 - as above


@pytest.mark.usefixtures("_patient")
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


async def test_asks_alone_with_a_list_among_the_values(parties: list[Party]) -> None:
    rows = await asyncio.gather(
        *(fetch_by_id(OTHER, party.id, 1, [True, False]) for party in parties)
    )

    assert [row["name"] for row in rows if row] == ["P0", "P1", "P2", "P3", "P4"]
    assert len({row["statement"] for row in rows if row}) == len(parties)
