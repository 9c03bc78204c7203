"""A GraphQL request as HTTP brings it: its body, the type of that, and what is in it."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from auth.origins import header
from schema.deadline import Deadline
from schema.streams import Operation
from settings.limits import Limits

JSON: Final = "application/json"
# Where the scope of a request holds what returns its body if all of it is there by now, else None.
WHOLE_BODY: Final = "whole_body"


class HttpError(Exception):
    """A request that is answered with a status of its own."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers


def _bad(sentence: str) -> HttpError:
    return HttpError(400, "BAD_REQUEST", sentence)


def _too_large(most: int) -> HttpError:
    return HttpError(413, "PAYLOAD_TOO_LARGE", f"The body may have at most {most} bytes.")


async def body_of(scope: Scope, receive: Receive, limits: Limits) -> bytes:
    """Return the body of a request, or refuse one that is too large (413) or comes late (408)."""
    most = limits.max_body_bytes
    take: Callable[[], bytes | None] | None = scope.pop(WHOLE_BODY, None)
    if take is not None and (whole := take()) is not None:
        if len(whole) > most:
            raise _too_large(most)
        return whole
    length = header(scope, b"content-length") or ""
    if length.isdecimal() and int(length) > most:
        raise _too_large(most)
    body, more = bytearray(), True
    try:
        with Deadline(limits.body_seconds):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > most:
                    raise _too_large(most)
    except TimeoutError as error:
        sentence = "The body did not come within the time that is allowed."
        raise HttpError(408, "REQUEST_TIMEOUT", sentence, connection="close") from error
    return bytes(body)


def _decoded(name: str, text: str | bytes) -> Any:  # noqa: ANN401 - whatever the JSON is
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _bad(f"{name} is not JSON: {error}.") from error


def operation_of(body: bytes) -> Operation:
    """Return the operation in a body, or refuse with 400."""
    data = _decoded("The body", body)
    if not isinstance(data, dict):
        raise _bad("The body must be a JSON object.")
    return operation_in(data)


def operation_of_url(query: str) -> Operation:
    """Return the operation in the query of a URL, or refuse with 400."""
    try:
        data: dict[str, Any] = dict(parse_qsl(query, errors="strict", max_num_fields=20))
    except ValueError as error:
        raise _bad("The URL's query is malformed.") from error
    for name in ("variables", "extensions"):
        if name in data:
            data[name] = _decoded(f"`{name}`", data[name])
    return operation_in(data)


def operation_in(data: Mapping[str, Any]) -> Operation:
    """Return the operation that a client asks for by these parts, or refuse with 400."""
    query, variables, name = data.get("query"), data.get("variables"), data.get("operationName")
    extensions, id = data.get("extensions"), data.get("documentId")
    if variables is not None and not isinstance(variables, dict):
        raise _bad("`variables` must be an object or null.")
    if name is not None and not isinstance(name, str):
        raise _bad("`operationName` must be a string or null.")
    if extensions is not None and not isinstance(extensions, dict):
        raise _bad("`extensions` must be an object or null.")
    if isinstance(id, str):
        extensions = {"persistedQuery": {"sha256Hash": id}}
    if not (isinstance(query, str) and query) and not (query is None and extensions):
        raise _bad("There must be a `query`, a string.")
    return Operation(query, variables, name or None, extensions)


def _text(value: bytes | None) -> str:
    return (value or b"").decode("latin-1")


@lru_cache(maxsize=256)
def check_content_type(value: bytes | None, encoding: bytes | None = None) -> None:
    """Refuse all but plain JSON in UTF-8: no form of another site can post that."""
    type_, *parameters = (item.strip().lower() for item in _text(value).split(";"))
    charset = next((p[8:].strip('"') for p in parameters if p.startswith("charset=")), "utf-8")
    if type_ != JSON or charset not in {"utf-8", "utf8"}:
        raise HttpError(415, "UNSUPPORTED_MEDIA_TYPE", f"The body must be {JSON} in UTF-8.")
    if encoding is not None and _text(encoding).strip().lower() != "identity":
        sentence = "The body must not be compressed."
        raise HttpError(415, "UNSUPPORTED_MEDIA_TYPE", sentence, **{"accept-encoding": "identity"})
