"""The operations that run on one websocket, each by itself."""

import asyncio
from contextlib import aclosing, suppress
from typing import Any, Final

from graphql import located_error

from auth import UnauthenticatedError
from events import StoppedError
from observing.tracing import served_span
from rates import Rates, TooManyError
from schema import messages
from schema.context import Context
from schema.execution import OperationRefusedError
from schema.faults import told
from schema.messages import Message, OddMessageError, operation_of
from schema.streams import EXPIRED, RESTARTING, Operation
from schema.wire import GoneError, TooSlowError, Wire

TOO_SLOW: Final = "Too slow; read on from the last cursor."
TOO_MANY: Final = "At most {} operations run at once on one websocket."


class SocketOperations:
    """Runs what a client subscribes to; at most so many at once."""

    def __init__(self, wire: Wire, most: int, rates: Rates) -> None:
        self.wire = wire
        self.most = most
        self.rates = rates
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._beginning = asyncio.Lock()

    def any_but(self, id: str) -> bool:
        """Whether any runs but the one of this id."""
        return bool(self._tasks.keys() - {id})

    async def begin(self, message: Message, context: Context) -> None:
        """Run what a message asks for, beside the others; an odd one is an `OddMessageError`."""
        if message.id in self._tasks:
            reason = f"Subscriber for {message.id} already exists"
            raise OddMessageError(messages.ID_IN_USE, reason, message.id)
        if len(self._tasks) >= self.most:
            sentence = TOO_MANY.format(self.most)
            await self._refuse(message.id, sentence, code="TOO_MANY_OPERATIONS")
            return
        operation = operation_of(message)
        try:
            self.rates.ask(context.viewer.user_id)
        except TooManyError as error:
            await self._refuse(message.id, str(error), code=error.code, retryAfter=error.seconds)
            return
        run = self._run(message.id, operation, context)
        self._tasks[message.id] = asyncio.create_task(run)

    async def _refuse(self, id: str, sentence: str, **extensions: str | int) -> None:
        error = {"message": sentence, "extensions": extensions}
        await self.wire.say({"id": id, "type": "error", "payload": [error]})

    def stop(self, id: str) -> None:
        """End the operation of an id, if it runs."""
        task = self._tasks.pop(id, None)
        if task is not None:
            task.cancel()

    async def stop_all(self) -> None:
        """End all that run, and return when they have."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, id: str, operation: Operation, context: Context) -> None:
        """Execute one operation, to its end."""
        with served_span("websocket /graphql"):
            await self._answer(id, operation, context)

    async def _answer(self, id: str, operation: Operation, context: Context) -> None:
        try:
            end = await self._end_of(id, operation, context)
        except GoneError:
            return
        except TooSlowError:
            await self.wire.close(messages.TRY_LATER, TOO_SLOW)
            return
        if self._tasks.get(id) is asyncio.current_task():
            del self._tasks[id]
            with suppress(GoneError):
                await self.wire.say({"id": id, **end})

    async def _end_of(self, id: str, operation: Operation, context: Context) -> dict[str, Any]:
        """Send the answers of an operation and return the message that ends it."""
        try:
            # In their order: what a client does after it has subscribed, it is told of.
            async with self._beginning:
                viewer = await context.current()
                answers = await operation.answers(Context(viewer, context.credential))
            async with aclosing(answers):
                async for batch in answers:
                    await self.wire.say_next(id, batch)
        except OperationRefusedError as error:
            return {"type": "error", "payload": error.errors}
        except UnauthenticatedError as error:
            await self.wire.close(messages.FORBIDDEN, f"{error.code}: {EXPIRED}")
        except StoppedError:
            await self.wire.close(messages.RESTART, RESTARTING)
        except (GoneError, TooSlowError):
            raise
        except Exception as error:  # noqa: BLE001 - told of as any fault is
            return {"type": "error", "payload": [told(located_error(error)).formatted]}
        return {"type": "complete"}
