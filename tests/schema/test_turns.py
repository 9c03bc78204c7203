"""Operations take turns: in order, so many at once, fewer where they take long."""

import asyncio
from typing import Final
from uuid import UUID

import pytest

from schema.turns import OverloadedError, Turns

PATIENT: Final = 60.0
ADA: Final = UUID(int=1)
BOB: Final = UUID(int=2)


async def took_turns(turns: Turns, number: int) -> list[asyncio.Task[float]]:
    """Ask for turns, and let each that can be had begin."""
    tasks = [asyncio.create_task(turns.take(ADA)) for _ in range(number)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_lets_so_many_run_and_the_others_wait_in_order() -> None:
    turns = Turns(2, PATIENT)

    tasks = await took_turns(turns, 4)
    before = [task.done() for task in tasks]
    turns.give_back(ADA, await tasks[0])
    await asyncio.sleep(0)
    after = [task.done() for task in tasks]
    turns.give_back(ADA, await tasks[1])
    turns.give_back(ADA, await tasks[2])

    assert before == [True, True, False, False]
    assert after == [True, True, True, False]
    assert await tasks[3] > 0


async def test_next_is_who_has_the_fewest_running() -> None:
    turns = Turns(3, PATIENT)

    flood = await took_turns(turns, 5)
    bob = asyncio.create_task(turns.take(BOB))
    await asyncio.sleep(0)
    turns.give_back(ADA, await flood[0])
    await asyncio.sleep(0)
    first = [task.done() for task in (*flood[3:], bob)]
    turns.give_back(ADA, await flood[1])
    await asyncio.sleep(0)
    then = [task.done() for task in (*flood[3:], bob)]

    # Bob came last and has none; then both have one, and Ada has waited longer.
    assert first == [False, False, True]
    assert then == [True, False, True]


async def test_refuses_who_has_waited_too_long_and_serves_the_next() -> None:
    turns = Turns(1, 0.01)
    began = await turns.take(ADA)

    with pytest.raises(OverloadedError, match="ask again"):
        await turns.take(ADA)
    turns.give_back(ADA, began)

    assert await turns.take(ADA) > began


async def test_passes_on_the_turn_of_who_went_away() -> None:
    turns = Turns(1, PATIENT)
    gone, given, waiting = await took_turns(turns, 3)
    began = await gone

    # Its turn comes in the same moment as its end.
    turns.give_back(ADA, began)
    given.cancel()
    await asyncio.wait([given])

    assert given.cancelled()
    assert await asyncio.wait_for(waiting, PATIENT) >= began


async def test_forgets_who_went_away_while_waiting() -> None:
    turns = Turns(1, PATIENT)
    first, gone, waiting = await took_turns(turns, 3)

    gone.cancel()
    await asyncio.wait([gone])
    turns.give_back(ADA, await first)

    assert await asyncio.wait_for(waiting, PATIENT) > 0


async def test_lets_fewer_run_while_they_take_long_and_more_again_after() -> None:
    turns = Turns(4, PATIENT)
    slow = await took_turns(turns, 4)

    for task in slow:
        turns.give_back(ADA, await task - 2 * PATIENT)
    some = await took_turns(turns, 4)
    at_first = [task.done() for task in some]
    turns.give_back(ADA, await some[0])
    await asyncio.sleep(0)
    then = [task.done() for task in some]

    assert at_first == [True, True, False, False]
    assert then == [True, True, True, True]
