"""GraphQL over HTTP: a request becomes an operation, its result an answer.

Who does not show a good credential is turned away before a byte of the body is read.
"""

import asyncio
import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from uuid import uuid4

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

import auth
from database import is_away, took_too_long
from schema import schema
from schema.context import Context
from schema.event_stream import framing_of, stream_response, takes_only_streams
from schema.faults import codes_of
from schema.requests import (
    JSON,
    HttpError,
    check_content_type,
    operation_of,
    operation_of_url,
)
from schema.streams import Operation, Streams, TooManyStreamsError
from settings.limits import Limits

logger = logging.getLogger(__name__)

GRAPHQL_JSON: Final = "application/graphql-response+json"
SERVED: Final = {
    "GET": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}
# When to ask again while something we need is away.
RETRY_SOON: Final = {"retry-after": "1"}
NO_HEADERS: Final[Mapping[str, str]] = {}
HOW_TO_SUBSCRIBE: Final = (
    "A subscription is answered by a stream: ask with `Accept: text/event-stream`, or over a"
    " websocket that speaks graphql-transport-ws."
)


@lru_cache(maxsize=256)
def accepted(accept: str) -> dict[str, float]:
    """Return how much a client likes each media type, from its `Accept` header."""
    liked: dict[str, float] = {}
    for part in accept.split(","):
        type_, *parameters = (item.strip().lower() for item in part.split(";"))
        quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            liked[type_] = float(quality)
        except ValueError:
            liked[type_] = 0.0
    return liked


def media_type(liked: dict[str, float]) -> str:
    """Return the better liked of the two types we speak; plain JSON where both are alike."""
    graphql = liked.get(GRAPHQL_JSON, 0.0)
    return GRAPHQL_JSON if graphql > liked.get(JSON, 0.0) else JSON


def method_not_allowed(allowed: str) -> HttpError:
    """Return the answer to a method that does not do what is asked."""
    return HttpError(405, "METHOD_NOT_ALLOWED", f"Use {allowed}.", allow=allowed)


def too_large(most: int) -> HttpError:
    """Return the answer to a body that is larger than allowed."""
    return HttpError(413, "PAYLOAD_TOO_LARGE", f"The body may have at most {most} bytes.")


def mishap(error: Exception) -> HttpError:
    """Return the answer to what is no client's fault; the log has all of it, the answer an id."""
    if is_away(error) or took_too_long(error):
        logger.warning("the database is away: %s", type(error).__name__)
        sentence = "The database is not there at the moment; try again."
        return HttpError(503, "UNAVAILABLE", sentence, **RETRY_SOON)
    fault = uuid4().hex
    logger.error("fault %s", fault, exc_info=error)
    sentence = f"Something went wrong on our side; tell support the id {fault}."
    return HttpError(500, "INTERNAL", sentence)


class GraphQLEndpoint:
    """The ASGI application at `/graphql`."""

    def __init__(self, limits: Limits, streams: Streams) -> None:
        self.limits = limits
        self.streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        liked = accepted(request.headers.get("accept", "*/*"))
        try:
            response = await self._answer(request, liked)
        except HttpError as error:
            response = self._error(error, liked)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing of it may leave
            response = self._error(mishap(error), liked)
        await response(scope, receive, send)

    async def _answer(self, request: Request, liked: dict[str, float]) -> Response:
        try:
            credential = auth.credential_of(request.scope)
            context = Context(await credential.viewer(), credential)
        except auth.UnauthenticatedError as error:
            message = "Show a valid token as Authorization: Bearer <token>, or sign in."
            headers = {"www-authenticate": "Bearer"}
            raise HttpError(401, error.code, message, **headers) from error
        operation = await self._operation(request)
        accept = request.headers.get("accept", "*/*")
        if takes_only_streams(accept) and request.method == "POST":
            return await self._stream(operation, context, accept)
        try:
            result = await self._execute(operation, context, request.method)
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.MUTATION:
                raise method_not_allowed("POST") from error
            return await self._stream(operation, context, accept)
        return self._response(result, liked)

    async def _operation(self, request: Request) -> Operation:
        if request.method == "POST":
            check_content_type(request.headers.get("content-type", ""))
            return operation_of(await self._body(request))
        if request.method == "GET" and self.limits.allow_get:
            return operation_of_url(request.url.query)
        raise method_not_allowed("GET, POST" if self.limits.allow_get else "POST")

    async def _stream(self, operation: Operation, context: Context, accept: str) -> Response:
        framing = framing_of(accept)
        if framing is None:
            raise HttpError(400, "BAD_REQUEST", HOW_TO_SUBSCRIBE)
        try:
            return await stream_response(operation, context, self.streams, framing)
        except TooManyStreamsError as error:
            raise HttpError(429, "TOO_MANY_STREAMS", str(error)) from error

    async def _body(self, request: Request) -> bytes:
        most = self.limits.max_body_bytes
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > most:
            raise too_large(most)
        body = bytearray()
        try:
            async with asyncio.timeout(self.limits.body_seconds):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > most:
                        raise too_large(most)
        except TimeoutError as error:
            sentence = "The body did not come within the time that is allowed."
            raise HttpError(408, "REQUEST_TIMEOUT", sentence, connection="close") from error
        return bytes(body)

    async def _execute(
        self, operation: Operation, context: Context, method: str
    ) -> ExecutionResult:
        return await schema.execute(
            operation.query,
            variable_values=operation.variables,
            operation_name=operation.name,
            context_value=context,
            allowed_operation_types=SERVED[method],
            operation_extensions=operation.extensions,
        )

    def _response(self, result: ExecutionResult, liked: dict[str, float]) -> Response:
        if not result.errors:
            return self._json({"data": result.data, "extensions": result.extensions}, 200, liked)
        errors = [error.formatted for error in result.errors]
        codes = codes_of(errors)
        if isinstance(result, PreExecutionError) or "BAD_REQUEST" in codes:
            # Who asks for plain JSON by name is told of mistakes with 200, as older clients expect.
            plain = media_type(liked) == JSON and JSON in liked and "LIMIT_EXCEEDED" not in codes
            return self._json({"errors": errors}, 200 if plain else 400, liked)
        answer = {"errors": errors, "data": result.data, "extensions": result.extensions}
        if "UNAVAILABLE" not in codes:
            return self._json(answer, 200, liked)
        return self._json(answer, 503, liked, RETRY_SOON)

    def _error(self, error: HttpError, liked: dict[str, float]) -> Response:
        told = {"message": str(error), "extensions": {"code": error.code}}
        return self._json({"errors": [told]}, error.status, liked, error.headers)

    @staticmethod
    def _json(
        answer: dict[str, Any],
        status: int,
        liked: dict[str, float],
        more: Mapping[str, str] = NO_HEADERS,
    ) -> Response:
        headers = {
            "content-type": f"{media_type(liked)}; charset=utf-8",
            "cache-control": "no-store",
            "vary": "Accept",
            "x-content-type-options": "nosniff",
            **more,
        }
        return Response(orjson.dumps(answer), status, headers)
