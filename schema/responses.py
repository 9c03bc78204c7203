"""Answers over HTTP: results and errors, in the media type that the client likes best."""

import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from typing_extensions import override

from database import is_away, took_too_long
from observing import log_fault
from schema.faults import codes_of
from schema.requests import JSON, HttpError
from schema.turns import OverloadedError

logger = logging.getLogger(__name__)

GRAPHQL_JSON: Final = "application/graphql-response+json"
# When to ask again while something we need is away.
RETRY_SOON: Final = {"retry-after": "1"}
# Among the extensions of a request: the start of its answer may bring the body along, under this,
# and need not tell its size.
WHOLE_ANSWER: Final = "whole_answer"
NO_HEADERS: Final[Mapping[str, str]] = {}
# What every answer says of itself, by its media type.
HEADERS: Final = {
    type_: (
        (b"content-type", f"{type_}; charset=utf-8".encode()),
        (b"cache-control", b"no-store"),
        (b"vary", b"Accept"),
        (b"x-content-type-options", b"nosniff"),
    )
    for type_ in (JSON, GRAPHQL_JSON)
}


class Accepted(NamedTuple):
    """The type of answer that a client is given, and whether it asks for plain JSON by name."""

    media_type: str
    names_json: bool


@lru_cache(maxsize=256)
def accepted(accept: str) -> Accepted:
    """Return what a client is given, by its `Accept` header.

    That is the better liked of the two types we speak, and plain JSON where both are alike.
    """
    liked: dict[str, float] = {}
    for part in accept.split(","):
        type_, *parameters = (item.strip().lower() for item in part.split(";"))
        quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            liked[type_] = float(quality)
        except ValueError:
            liked[type_] = 0.0
    graphql = liked.get(GRAPHQL_JSON, 0.0)
    return Accepted(GRAPHQL_JSON if graphql > liked.get(JSON, 0.0) else JSON, JSON in liked)


def method_not_allowed(allowed: str) -> HttpError:
    """Return the answer to a method that does not do what is asked."""
    return HttpError(405, "METHOD_NOT_ALLOWED", f"Use {allowed}.", allow=allowed)


def overloaded() -> HttpError:
    """Return the answer to what would only wait behind too much else."""
    return HttpError(503, "OVERLOADED", str(OverloadedError()), **RETRY_SOON)


def ending() -> HttpError:
    """Return the answer to what the end of the process has cut short."""
    sentence = (
        "The server ends, and whether this has changed anything is not known: look before you"
        " repeat it."
    )
    return HttpError(503, "UNAVAILABLE", sentence, **RETRY_SOON)


def mishap(error: Exception) -> HttpError:
    """Return the answer to what is no client's fault; the log has all of it, the answer an id."""
    if isinstance(error, OverloadedError):
        return overloaded()
    if is_away(error) or took_too_long(error):
        logger.warning("the database is away: %s", type(error).__name__)
        sentence = "The database is not there at the moment; try again."
        return HttpError(503, "UNAVAILABLE", sentence, **RETRY_SOON)
    sentence = f"Something went wrong on our side; tell support the id {log_fault(error)}."
    return HttpError(500, "INTERNAL", sentence)


def result_response(result: ExecutionResult, liked: Accepted) -> Response:
    """Return the answer that tells of a result."""
    if not result.errors:
        return json_response({"data": result.data, "extensions": result.extensions}, 200, liked)
    errors = [error.formatted for error in result.errors]
    codes = codes_of(errors)
    if isinstance(result, PreExecutionError) or "BAD_REQUEST" in codes:
        # Who asks for plain JSON by name is told of mistakes with 200, as older clients expect;
        # never of a limit.
        plain = liked.media_type == JSON and liked.names_json
        plain = plain and not any("limit" in error["extensions"] for error in errors)
        return json_response({"errors": errors}, 200 if plain else 400, liked)
    answer = {"errors": errors, "data": result.data, "extensions": result.extensions}
    if "UNAVAILABLE" not in codes:
        return json_response(answer, 200, liked)
    return json_response(answer, 503, liked, RETRY_SOON)


def error_response(error: HttpError, liked: Accepted) -> Response:
    """Return the answer that tells of an error of the request as such."""
    told = {"message": str(error), "extensions": {"code": error.code}}
    return json_response({"errors": [told]}, error.status, liked, error.headers)


def kept_response(answer: bytes, status: int, liked: Accepted) -> Response:
    """Return an answer that was given before."""
    return JsonResponse(answer, status, liked, {"idempotency-replayed": "true"})


def json_response(
    answer: dict[str, Any],
    status: int,
    liked: Accepted,
    more: Mapping[str, str] = NO_HEADERS,
) -> Response:
    """Return an answer that no cache keeps."""
    return JsonResponse(orjson.dumps(answer), status, liked, more)


class JsonResponse(Response):
    """JSON that no cache keeps; its headers are encoded by now but for a few."""

    def __init__(self, body: bytes, status: int, liked: Accepted, more: Mapping[str, str]) -> None:
        self.body, self.status_code, self.background = body, status, None
        self.raw_headers = [
            *HEADERS[liked.media_type],
            *[(name.encode(), value.encode()) for name, value in more.items()],
        ]

    @override
    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        start: Message = {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
        if WHOLE_ANSWER in scope.get("extensions", ()):
            start[WHOLE_ANSWER] = self.body
            await send(start)
        else:
            self.raw_headers.append((b"content-length", b"%d" % len(self.body)))
            await send(start)
            await send({"type": "http.response.body", "body": self.body})
