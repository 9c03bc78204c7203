"""Open streams, whatever carries them: how many there may be, and that who asks still may."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from auth import UnauthenticatedError
from database import is_away, log_mishap
from models import Viewer
from schema import schema
from schema.context import Context, Prepared
from schema.preparing import Refused
from settings import Settings

# How often it is found out who asks, where nothing happens that would be a reason to.
CHECK_SECONDS: Final = 3.0

EXPIRED: Final = "The credential is no longer good; show another."
RESTARTING: Final = "The server restarts; subscribe again."

Answers = AsyncGenerator[tuple[bytes, ...], None]


@dataclass(eq=False, slots=True)
class Operation:
    """What a client asks for, by whichever way: by a text, or by the id of a trusted document."""

    query: str | None
    variables: dict[str, Any] | None
    name: str | None
    extensions: dict[str, Any] | None = None
    _prepared: Prepared | Refused | None = None

    @property
    def prepared(self) -> Prepared | Refused:
        """What is to be executed, or why nothing is; found once."""
        found = self._prepared
        if found is None:
            found = schema.prepare(self.query, self.variables, self.name, self.extensions)
            self._prepared = found
        return found

    async def answers(self, context: Context) -> Answers:
        """Return the answers as they come; raise `OperationRefusedError` where there are none."""
        return await schema.answers(self.prepared, context)


class TooManyStreamsError(Exception):
    """The viewer has as many streams open in this process as one viewer may."""

    def __init__(self) -> None:
        super().__init__("You have too many streams open; close some first.")


@dataclass(slots=True)
class Streams:
    """The bounds of the streams of one process, and the places that are taken."""

    per_viewer: int
    per_connection: int
    keep_alive_seconds: float
    init_seconds: float
    patience_seconds: float
    most_bytes: int
    _taken: Counter[UUID] = field(default_factory=Counter)

    @classmethod
    def of(cls, settings: Settings) -> "Streams":
        """Read the bounds from the settings."""
        return cls(
            settings.connections_per_viewer,
            settings.subscriptions_per_connection,
            settings.keep_alive_seconds,
            settings.connection_init_seconds,
            settings.subscriber_patience_seconds,
            settings.max_body_bytes,
        )

    @property
    def open(self) -> int:
        """How many are open."""
        return self._taken.total()

    def take(self, viewer: Viewer) -> None:
        """Take one of the viewer's places, or refuse with `TooManyStreamsError`."""
        if self._taken[viewer.user_id] >= self.per_viewer:
            raise TooManyStreamsError
        self._taken[viewer.user_id] += 1

    def give_back(self, viewer: Viewer) -> None:
        """Give a place back that was taken."""
        self._taken[viewer.user_id] -= 1
        if not self._taken[viewer.user_id]:
            del self._taken[viewer.user_id]


async def check(context: Context) -> None:
    """Raise `UnauthenticatedError` unless who asks still may, as far as can be known."""
    try:
        await context.current()
    except UnauthenticatedError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is to be known the next time
        if not is_away(error):
            log_mishap(error, "It cannot be found out who asks")


async def checked(
    answers: Answers, context: Context, keep_alive_seconds: float
) -> AsyncGenerator[tuple[bytes, ...] | None, None]:
    """Yield answers as they come, and None where none came for as long as a line may be silent."""
    loop = asyncio.get_running_loop()
    spoke, pause = loop.time(), min(CHECK_SECONDS, keep_alive_seconds)
    async with aclosing(answers):
        waiting = asyncio.ensure_future(anext(answers, None))
        try:
            while True:
                done, _ = await asyncio.wait({waiting}, timeout=pause)
                if done:
                    batch = waiting.result()
                    if batch is None:
                        return
                    yield batch
                    waiting = asyncio.ensure_future(anext(answers, None))
                    spoke = loop.time()
                else:
                    await check(context)
                    if loop.time() - spoke >= keep_alive_seconds:
                        yield None
                        spoke = loop.time()
        finally:
            waiting.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await waiting
