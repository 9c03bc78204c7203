"""GraphQL over a websocket, by the protocol graphql-transport-ws.

Each operation runs by itself: what is wrong with one is an `error` message and touches no other.
A frame that makes no sense closes the socket with the protocol's code only while nothing else runs
on it; else an `error` message answers it, so that no stream ends by the fault of another.
"""

import asyncio
from typing import Any, Final

from starlette.types import Message as Frame
from starlette.types import Receive, Scope, Send

import auth
from auth import UnauthenticatedError
from database import AWAY
from observing import log_fault
from rates import Rates, TooManyError
from schema import messages
from schema.context import Context
from schema.messages import Message, OddMessageError, authorization_in, message_of
from schema.socket_operations import SocketOperations
from schema.streams import CHECK_SECONDS, EXPIRED, Streams, TooManyStreamsError, check
from schema.wire import GoneError, Wire

PROTOCOL: Final = "graphql-transport-ws"


class GraphQLSocket:
    """The ASGI application of websockets at `/graphql`."""

    def __init__(self, streams: Streams, rates: Rates) -> None:
        self.streams = streams
        self.rates = rates

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
        wire = Wire(scope, send, self.streams.patience_seconds)
        try:
            await Connection(scope, receive, wire, self.streams, self.rates).serve()
        except GoneError:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing of it may leave
            await wire.close(messages.INTERNAL, f"INTERNAL: {log_fault(error)}")


class Connection:
    """One websocket: whose it is, and what they say on it."""

    def __init__(
        self, scope: Scope, receive: Receive, wire: Wire, streams: Streams, rates: Rates
    ) -> None:
        self.scope = scope
        self.wire = wire
        self.streams = streams
        self.context: Context | None = None
        self.rates = rates
        self.operations = SocketOperations(wire, streams.per_connection, rates)
        self._receive = receive

    async def serve(self) -> None:
        """Obey messages until either side closes the socket."""
        watching = asyncio.create_task(self._watch())
        try:
            while (frame := await self._receive())["type"] != "websocket.disconnect":
                await self._take(frame)
        finally:
            watching.cancel()
            await self.operations.stop_all()
            await asyncio.gather(watching, return_exceptions=True)
            if self.context is not None:
                self.streams.give_back(self.context.viewer)

    async def _watch(self) -> None:
        """Close the socket once nobody says in time, or may say any longer, whose it is."""
        await asyncio.sleep(self.streams.init_seconds)
        if self.context is None:
            await self.wire.close(messages.INIT_TIMEOUT, "Connection initialisation timeout")
            return
        try:
            while True:
                await check(self.context)
                await asyncio.sleep(CHECK_SECONDS)
        except UnauthenticatedError as error:
            await self.wire.close(messages.FORBIDDEN, f"{error.code}: {EXPIRED}")

    async def _take(self, frame: Frame) -> None:
        try:
            await self._obey(message_of(frame.get("text"), self.streams.most_bytes))
        except OddMessageError as odd:
            if not self.operations.any_but(odd.id):
                await self.wire.close(odd.code, str(odd))
                return
            errors = [{"message": str(odd), "extensions": {"code": "BAD_REQUEST"}}]
            await self.wire.say({"id": odd.id, "type": "error", "payload": errors})

    async def _obey(self, message: Message) -> None:
        match message.type:
            case "connection_init":
                await self._begin(message.payload)
            case "ping":
                payload = {} if message.payload is None else {"payload": message.payload}
                await self.wire.say({"type": "pong", **payload})
            case "subscribe":
                await self._subscribe(message)
            case "complete":
                self.operations.stop(message.id)
            case _:  # a pong says nothing
                pass

    async def _begin(self, payload: dict[str, Any] | None) -> None:
        """Learn whose socket it is."""
        if self.context is not None:
            reason = "Too many initialisation requests"
            raise OddMessageError(messages.TOO_MANY, reason)
        authorization = authorization_in(payload)
        try:
            credential = auth.credential_of(self.scope, authorization)
            context = Context(await credential.viewer(), credential)
            self.streams.take(context.viewer)
        except UnauthenticatedError as error:
            await self._turn_away(error, authorization)
        except TooManyStreamsError as error:
            await self.wire.close(messages.TOO_MANY, str(error))
        except AWAY:
            await self.wire.close(messages.TRY_LATER, "The database is away; try again.")
        else:
            self.context = context
            await self.wire.say({"type": "connection_ack"})

    async def _turn_away(self, error: UnauthenticatedError, authorization: str | None) -> None:
        try:
            self.rates.fail(self.scope, authorization)
        except TooManyError as too_many:
            await self.wire.close(messages.TOO_MANY, str(too_many))
        else:
            await self.wire.close(messages.FORBIDDEN, f"{error.code}: show a good credential.")

    async def _subscribe(self, message: Message) -> None:
        if self.context is None:
            await self.wire.close(messages.UNAUTHORIZED, "Unauthorized")
            return
        await self.operations.begin(message, self.context)
