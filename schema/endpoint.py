"""GraphQL over HTTP: a request becomes an operation, its result an answer.

Who does not show a good credential is turned away before a byte of the body is read.
"""

import asyncio
from functools import partial
from typing import Any, Final

from graphql import OperationType as GraphQLOperationType
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from auth.origins import header, headers_of
from rates import Rates
from schema import schema
from schema.asker import context_of
from schema.bodies import Bodies
from schema.context import Context
from schema.event_stream import framing_of, stream_response, streamed, takes_only_streams
from schema.repeats import once
from schema.requests import HttpError, body_of, check_content_type, operation_of_url
from schema.responses import (
    Accepted,
    accepted,
    ending,
    error_response,
    method_not_allowed,
    mishap,
    overloaded,
    result_response,
)
from schema.streams import Operation, Streams, TooManyStreamsError
from settings.limits import Limits

SERVED: Final = {
    "GET": (OperationType.QUERY,),
    "POST": (OperationType.QUERY, OperationType.MUTATION),
}
NO_CODES: Final[frozenset[str]] = frozenset()
HOW_TO_SUBSCRIBE: Final = (
    "A subscription is answered by a stream: ask with `Accept: text/event-stream`, or over a"
    " websocket that speaks graphql-transport-ws."
)


def _key_of(scope: Scope, operation: Operation) -> str | None:
    """Return the key under which a mutation may be repeated, if it has one."""
    key = header(scope, b"idempotency-key") if scope["method"] == "POST" else None
    if key is None:
        return None
    # What is wrong with one is told by executing it.
    asked = operation.prepared.operation
    return key if asked is not None and asked.operation is GraphQLOperationType.MUTATION else None


class GraphQLEndpoint:
    """The ASGI application at `/graphql`."""

    def __init__(self, limits: Limits, streams: Streams, rates: Rates) -> None:
        self.limits = limits
        self.streams = streams
        self.rates = rates
        self._bodies = Bodies()
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        accept = header(scope, b"accept") or "*/*"
        liked = accepted(accept)
        asked = scope["asked"] = {}
        self._running += 1
        try:
            response = await self._answer(scope, receive, accept, liked, asked)
        except HttpError as error:
            asked["code"] = error.code
            response = error_response(error, liked)
        except ClientDisconnect:
            return
        except asyncio.CancelledError:
            # The process ends, and has waited for this for as long as it may.
            response = error_response(ending(), liked)
            asked["code"] = "UNAVAILABLE"
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing of it may leave
            told = mishap(error)
            asked["code"] = told.code
            response = error_response(told, liked)
        finally:
            self._running -= 1
        await response(scope, receive, send)

    async def _answer(
        self,
        scope: Scope,
        receive: Receive,
        accept: str,
        liked: Accepted,
        asked: dict[str, Any],
    ) -> Response:
        """Answer a request; `asked` is filled in with what the log may tell of it."""
        method = scope["method"]
        if self._running > self.limits.max_running:
            await self._pause()
            raise overloaded()
        context = await context_of(scope, self.rates)
        asked["viewer"] = context.viewer.user_id
        operation = await self._operation(scope, receive)
        streams = method == "POST" and takes_only_streams(accept)
        key = _key_of(scope, operation)
        if streams and key is None:
            return await self._stream(operation, context, accept, asked)

        execute = partial(self._execute, operation, context, method, liked, asked)
        if key is not None:
            seconds = self.limits.operation_seconds
            response = await once(context.viewer, key, operation, liked, seconds, execute)
            return streamed(response) if streams else response
        try:
            response, _ = await execute()
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.MUTATION:
                raise method_not_allowed("POST") from error
            return await self._stream(operation, context, accept, asked)
        return response

    async def _execute(
        self,
        operation: Operation,
        context: Context,
        method: str,
        liked: Accepted,
        asked: dict[str, Any],
    ) -> tuple[Response, frozenset[str]]:
        """Return the answer that tells of a result, and the codes of its errors."""
        result = await schema.answer(operation.prepared, context, SERVED[method])
        if context.operation is not None:
            asked["operation"] = context.operation
        response = result_response(result, liked)
        if not result.errors:
            return response, NO_CODES
        codes = [(error.extensions or {})["code"] for error in result.errors]
        asked["code"] = codes[0]
        return response, frozenset(codes)

    async def _pause(self) -> None:
        """Keep a refusal back: who asks again at once would keep the process busy with them."""
        self._running -= 1
        try:
            await asyncio.sleep(self.limits.max_wait_seconds)
        finally:
            self._running += 1

    async def _operation(self, scope: Scope, receive: Receive) -> Operation:
        if scope["method"] == "POST":
            headers = headers_of(scope)
            check_content_type(headers.get(b"content-type"), headers.get(b"content-encoding"))
            return self._bodies.operation_of(await body_of(scope, receive, self.limits))
        if scope["method"] == "GET" and self.limits.allow_get:
            return operation_of_url(scope["query_string"].decode("latin-1"))
        raise method_not_allowed("GET, POST" if self.limits.allow_get else "POST")

    async def _stream(
        self, operation: Operation, context: Context, accept: str, asked: dict[str, Any]
    ) -> Response:
        framing = framing_of(accept)
        if framing is None:
            raise HttpError(400, "BAD_REQUEST", HOW_TO_SUBSCRIBE)
        try:
            response = await stream_response(operation, context, self.streams, framing)
        except TooManyStreamsError as error:
            raise HttpError(429, "TOO_MANY_STREAMS", str(error)) from error
        asked["stream"] = True
        if context.operation is not None:
            asked["operation"] = context.operation
        return response
