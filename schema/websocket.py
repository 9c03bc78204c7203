"""GraphQL over a websocket, by the protocol graphql-transport-ws.

Each operation runs by itself: what is wrong with one is an `error` message and touches no other.
A frame that makes no sense closes the socket with the protocol's code only while nothing else runs
on it; else an `error` message answers it, so that no stream ends by the fault of another.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing, suppress
from typing import Any, Final
from uuid import uuid4

import orjson
from graphql import located_error
from starlette.types import Message as Frame
from starlette.types import Receive, Scope, Send

import auth
from auth import UnauthenticatedError
from database import AWAY
from events import StoppedError
from schema import messages
from schema.context import Context
from schema.execution import OperationRefusedError
from schema.faults import told
from schema.messages import (
    Message,
    OddMessageError,
    authorization_in,
    message_of,
    operation_in,
)
from schema.streams import (
    CHECK_SECONDS,
    EXPIRED,
    RESTARTING,
    Operation,
    Streams,
    TooManyStreamsError,
    check,
)

logger = logging.getLogger(__name__)

PROTOCOL: Final = "graphql-transport-ws"
# The extension of ASGI by which several frames are sent at once.
SEND_MANY: Final = "websocket.send.many"

TOO_SLOW: Final = "Too slow; read on from the last cursor."
TOO_MANY_OPERATIONS: Final = "At most {} operations run at once on one websocket."


class GoneError(Exception):
    """The client has gone."""


class TooSlowError(Exception):
    """The client does not take what it is sent."""


class GraphQLSocket:
    """The ASGI application of websockets at `/graphql`."""

    def __init__(self, streams: Streams) -> None:
        self.streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one websocket, to its end."""
        await receive()
        if PROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            reason = f"The subprotocol is {PROTOCOL}."
            code = messages.WRONG_PROTOCOL
            await send({"type": "websocket.close", "code": code, "reason": reason})
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        connection = Connection(scope, receive, send, self.streams)
        try:
            await connection.serve()
        except GoneError:
            return
        except Exception:
            fault = uuid4().hex
            logger.exception("fault %s", fault)
            await connection.close(messages.INTERNAL, f"INTERNAL: {fault}")


class Connection:
    """One websocket: whose it is, and the operations that run on it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, streams: Streams) -> None:
        self.scope = scope
        self.streams = streams
        self.context: Context | None = None
        self.operations: dict[str, asyncio.Task[None]] = {}
        self._receive = receive
        self._transmit = send
        self._many = scope.get("extensions", {}).get(SEND_MANY)
        self._closed = False

    async def serve(self) -> None:
        """Obey messages until either side closes the socket."""
        watching = asyncio.create_task(self._watch())
        try:
            while (frame := await self._receive())["type"] != "websocket.disconnect":
                await self._take(frame)
        finally:
            tasks = [watching, *self.operations.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self.context is not None:
                self.streams.give_back(self.context.viewer)

    async def close(self, code: int, reason: str) -> None:
        """Close the socket; what runs on it ends."""
        if not self._closed:
            self._closed = True
            frame = {"type": "websocket.close", "code": code, "reason": reason}
            with suppress(OSError):
                await self._transmit(frame)

    async def _watch(self) -> None:
        """Close the socket once nobody says in time, or may say any longer, whose it is."""
        await asyncio.sleep(self.streams.init_seconds)
        if self.context is None:
            await self.close(messages.INIT_TIMEOUT, "Connection initialisation timeout")
            return
        try:
            while True:
                await check(self.context)
                await asyncio.sleep(CHECK_SECONDS)
        except UnauthenticatedError as error:
            await self.close(messages.FORBIDDEN, f"{error.code}: {EXPIRED}")

    async def _take(self, frame: Frame) -> None:
        try:
            await self._obey(message_of(frame.get("text"), self.streams.most_bytes))
        except OddMessageError as odd:
            if not self.operations.keys() - {odd.id}:
                await self.close(odd.code, str(odd))
                return
            errors = [{"message": str(odd), "extensions": {"code": "BAD_REQUEST"}}]
            await self._say({"id": odd.id, "type": "error", "payload": errors})

    async def _obey(self, message: Message) -> None:
        match message.type:
            case "connection_init":
                await self._begin(message.payload)
            case "ping":
                payload = {} if message.payload is None else {"payload": message.payload}
                await self._say({"type": "pong", **payload})
            case "subscribe":
                await self._subscribe(message)
            case "complete":
                task = self.operations.pop(message.id, None)
                if task is not None:
                    task.cancel()
            case _:  # a pong says nothing
                pass

    async def _begin(self, payload: dict[str, Any] | None) -> None:
        """Learn whose socket it is."""
        if self.context is not None:
            reason = "Too many initialisation requests"
            raise OddMessageError(messages.TOO_MANY, reason)
        try:
            credential = auth.credential_of(self.scope, authorization_in(payload))
            context = Context(await credential.viewer(), credential)
            self.streams.take(context.viewer)
        except UnauthenticatedError as error:
            await self.close(messages.FORBIDDEN, f"{error.code}: show a good credential.")
        except TooManyStreamsError as error:
            await self.close(messages.TOO_MANY, str(error))
        except AWAY:
            await self.close(messages.TRY_LATER, "The database is away; try again.")
        else:
            self.context = context
            await self._say({"type": "connection_ack"})

    async def _subscribe(self, message: Message) -> None:
        if self.context is None:
            await self.close(messages.UNAUTHORIZED, "Unauthorized")
            return
        if message.id in self.operations:
            reason = f"Subscriber for {message.id} already exists"
            raise OddMessageError(messages.ID_IN_USE, reason, message.id)
        most = self.streams.per_connection
        if len(self.operations) >= most:
            error = {
                "message": TOO_MANY_OPERATIONS.format(most),
                "extensions": {"code": "TOO_MANY_OPERATIONS"},
            }
            await self._say({"id": message.id, "type": "error", "payload": [error]})
            return
        operation = operation_in(message)
        run = self._run(message.id, operation, self.context)
        self.operations[message.id] = asyncio.create_task(run)

    async def _run(self, id: str, operation: Operation, context: Context) -> None:
        """Execute one operation, to its end."""
        try:
            end = await self._end_of(id, operation, context)
        except GoneError:
            return
        except TooSlowError:
            await self.close(messages.TRY_LATER, TOO_SLOW)
            return
        if self.operations.get(id) is asyncio.current_task():
            del self.operations[id]
            with suppress(GoneError):
                await self._say({"id": id, **end})

    async def _end_of(self, id: str, operation: Operation, context: Context) -> dict[str, Any]:
        """Send the answers of an operation and return the message that ends it."""
        try:
            viewer = await context.current()
            answers = await operation.answers(Context(viewer, context.credential))
            async with aclosing(answers):
                async for batch in answers:
                    await self._send_next(id, batch)
        except OperationRefusedError as error:
            return {"type": "error", "payload": error.errors}
        except UnauthenticatedError as error:
            await self.close(messages.FORBIDDEN, f"{error.code}: {EXPIRED}")
        except StoppedError:
            await self.close(messages.RESTART, RESTARTING)
        except (GoneError, TooSlowError):
            raise
        except Exception as error:  # noqa: BLE001 - told of as any fault is
            return {"type": "error", "payload": [told(located_error(error)).formatted]}
        return {"type": "complete"}

    async def _say(self, message: dict[str, Any]) -> None:
        await self._send({"type": "websocket.send", "text": orjson.dumps(message).decode()})

    async def _send_next(self, id: str, batch: Sequence[bytes]) -> None:
        before, after = b'{"id":' + orjson.dumps(id) + b',"type":"next","payload":', b"}"
        texts = [before + answer + after for answer in batch]
        if self._many is not None and self._many["is_writable"]():
            # Nobody waits, so no alarm need be set.
            await self._send({"type": SEND_MANY, "texts": texts})
            return
        try:
            async with asyncio.timeout(self.streams.patience_seconds):
                for text in texts:
                    await self._send({"type": "websocket.send", "text": text.decode()})
        except TimeoutError as error:
            raise TooSlowError from error

    async def _send(self, frame: Frame) -> None:
        if self._closed:
            raise GoneError
        try:
            await self._transmit(frame)
        except OSError as error:
            raise GoneError from error
