"""GraphQL over HTTP: a request becomes an operation, its result an answer.

Who does not show a good credential is turned away before a byte of the body is read.
"""

import logging
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
from schema import schema
from schema.context import Context
from schema.event_stream import framing_of, stream_response, takes_only_streams
from schema.faults import is_bad_request
from schema.streams import Operation, Streams, TooManyStreamsError

logger = logging.getLogger(__name__)

JSON: Final = "application/json"
GRAPHQL_JSON: Final = "application/graphql-response+json"
SERVED: Final = {OperationType.QUERY, OperationType.MUTATION}
HOW_TO_SUBSCRIBE: Final = (
    "A subscription is answered by a stream: ask with `Accept: text/event-stream`, or over a"
    " websocket that speaks graphql-transport-ws."
)


class HttpError(Exception):
    """A request that is answered with a status of its own."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers


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


def operation_of(body: bytes) -> Operation:
    """Return the operation in a body, or refuse with 400."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise HttpError(400, "BAD_REQUEST", f"The body is not JSON: {error}.") from error
    if not isinstance(data, dict):
        raise HttpError(400, "BAD_REQUEST", "The body must be a JSON object.")
    query, variables, name = (data.get(key) for key in ("query", "variables", "operationName"))
    if not isinstance(query, str) or not query:
        raise HttpError(400, "BAD_REQUEST", "The body must hold a `query`, a string.")
    if not isinstance(variables, dict | None):
        raise HttpError(400, "BAD_REQUEST", "`variables` must be an object or null.")
    if not isinstance(name, str | None):
        raise HttpError(400, "BAD_REQUEST", "`operationName` must be a string or null.")
    if not isinstance(data.get("extensions"), dict | None):
        raise HttpError(400, "BAD_REQUEST", "`extensions` must be an object or null.")
    return Operation(query, variables, name or None)


@lru_cache(maxsize=256)
def check_content_type(value: str) -> None:
    """Refuse all but JSON in UTF-8: no form of another site can post that."""
    type_, *parameters = (item.strip().lower() for item in value.split(";"))
    charset = next((p[8:].strip('"') for p in parameters if p.startswith("charset=")), "utf-8")
    if type_ != JSON or charset not in {"utf-8", "utf8"}:
        raise HttpError(415, "UNSUPPORTED_MEDIA_TYPE", f"The body must be {JSON} in UTF-8.")


class GraphQLEndpoint:
    """The ASGI application at `/graphql`."""

    def __init__(self, max_body_bytes: int, streams: Streams) -> None:
        self.max_body_bytes = max_body_bytes
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
        except Exception:
            fault = uuid4().hex
            logger.exception("fault %s", fault)
            message = f"Something went wrong on our side; tell support the id {fault}."
            response = self._error(HttpError(500, "INTERNAL", message), liked)
        await response(scope, receive, send)

    async def _answer(self, request: Request, liked: dict[str, float]) -> Response:
        try:
            credential = auth.credential_of(request.scope)
            context = Context(await credential.viewer(), credential)
        except auth.UnauthenticatedError as error:
            message = "Show a valid token as Authorization: Bearer <token>, or sign in."
            headers = {"www-authenticate": "Bearer"}
            raise HttpError(401, error.code, message, **headers) from error
        if request.method != "POST":
            raise HttpError(405, "METHOD_NOT_ALLOWED", "Use POST.", allow="POST")
        check_content_type(request.headers.get("content-type", ""))
        operation = operation_of(await self._body(request))
        accept = request.headers.get("accept", "*/*")
        if takes_only_streams(accept):
            return await self._stream(operation, context, accept)
        try:
            result = await self._execute(operation, context)
        except InvalidOperationTypeError:
            return await self._stream(operation, context, accept)
        return self._response(result, liked)

    async def _stream(self, operation: Operation, context: Context, accept: str) -> Response:
        framing = framing_of(accept)
        if framing is None:
            raise HttpError(400, "BAD_REQUEST", HOW_TO_SUBSCRIBE)
        try:
            return await stream_response(operation, context, self.streams, framing)
        except TooManyStreamsError as error:
            raise HttpError(429, "TOO_MANY_STREAMS", str(error)) from error

    async def _body(self, request: Request) -> bytes:
        too_large = HttpError(
            413, "PAYLOAD_TOO_LARGE", f"The body may have at most {self.max_body_bytes} bytes."
        )
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self.max_body_bytes:
            raise too_large
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self.max_body_bytes:
                raise too_large
        return bytes(body)

    async def _execute(self, operation: Operation, context: Context) -> ExecutionResult:
        return await schema.execute(
            operation.query,
            variable_values=operation.variables,
            operation_name=operation.name,
            context_value=context,
            allowed_operation_types=SERVED,
        )

    def _response(self, result: ExecutionResult, liked: dict[str, float]) -> Response:
        errors = [error.formatted for error in result.errors or ()]
        if isinstance(result, PreExecutionError) or any(is_bad_request(e) for e in errors):
            # Who asks for plain JSON by name is told of mistakes with 200, as older clients expect.
            plain = media_type(liked) == JSON and JSON in liked
            return self._json({"errors": errors}, 200 if plain else 400, liked)
        answer: dict[str, Any] = {"errors": errors} if errors else {}
        answer["data"] = result.data
        return self._json(answer, 200, liked)

    def _error(self, error: HttpError, liked: dict[str, float]) -> Response:
        told = {"message": str(error), "extensions": {"code": error.code}}
        response = self._json({"errors": [told]}, error.status, liked)
        response.headers.update(error.headers)
        return response

    @staticmethod
    def _json(answer: dict[str, Any], status: int, liked: dict[str, float]) -> Response:
        headers = {
            "content-type": f"{media_type(liked)}; charset=utf-8",
            "cache-control": "no-store",
            "vary": "Accept",
            "x-content-type-options": "nosniff",
        }
        return Response(orjson.dumps(answer), status, headers)
