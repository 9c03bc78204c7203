"""Channels: what each organisation's part of the log grew by, for all who follow it."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final
from uuid import UUID

MOST_STEPS: Final = 500  # kept of each organisation; who is further behind reads in longer ones


class StoppedError(Exception):
    """The process is about to end: who follows is to come back, to this one or another."""


@dataclass(frozen=True, slots=True)
class Step:
    """What an organisation's part of the log grew by: past `start`, up to `end`.

    `about` has the ids of all it is about; None where that is not known.
    """

    start: int
    end: int
    about: frozenset[UUID] | None


class Channel:
    """An organisation's part of the log, as far as it is known to have grown."""

    def __init__(self, end: int) -> None:
        self.end = end
        self.followers = 0
        self.stopped = False
        self._grown = asyncio.Event()
        self._steps: OrderedDict[int, Step] = OrderedDict()

    def grow(self, end: int, about: frozenset[UUID] | None) -> None:
        """Note a step, and wake all who wait for it."""
        self._steps[self.end] = Step(self.end, end, about)
        self.end = end
        if len(self._steps) > MOST_STEPS:
            self._steps.popitem(last=False)
        self._wake()

    def stop(self) -> None:
        """Make all who follow stop."""
        self.stopped = True
        self._wake()

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()

    async def beyond(self, place: int) -> Step:
        """Return the step that begins at a place, once there is one.

        All who are at the same place take the same step, so what they read is the same. Who is at
        no step's beginning takes one to the end. Raises `StoppedError` when the process ends.
        """
        while True:
            if self.stopped:
                raise StoppedError
            if self.end > place:
                return self._steps.get(place) or Step(place, self.end, None)
            await self._grown.wait()
