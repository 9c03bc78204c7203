"""The messages of graphql-transport-ws: what a client may say, and how the server closes."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from schema.requests import HttpError, operation_in
from schema.streams import Operation

TYPES: Final = frozenset({"connection_init", "ping", "pong", "subscribe", "complete"})
WITH_ID: Final = frozenset({"subscribe", "complete"})

INVALID: Final = 4400
UNAUTHORIZED: Final = 4401
FORBIDDEN: Final = 4403
WRONG_PROTOCOL: Final = 4406
INIT_TIMEOUT: Final = 4408
ID_IN_USE: Final = 4409
TOO_MANY: Final = 4429
INTERNAL: Final = 1011
RESTART: Final = 1012
TRY_LATER: Final = 1013


class OddMessageError(Exception):
    """A message that makes no sense: the code that closes the socket, and the id it named."""

    def __init__(self, code: int, reason: str, id: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.id = id


@dataclass(frozen=True, slots=True)
class Message:
    """What a client said; `id` names an operation where the type has one."""

    type: str
    id: str
    payload: dict[str, Any] | None


def message_of(text: str | None, most_bytes: int) -> Message:
    """Return the message in a frame, or refuse with `OddMessageError`; None is a binary frame."""
    if text is None:
        raise OddMessageError(INVALID, "A message is a text frame.")
    if len(text) > most_bytes:
        raise OddMessageError(INVALID, f"A message has at most {most_bytes} bytes.")
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise OddMessageError(INVALID, "A message is JSON.") from error
    if not isinstance(data, dict):
        raise OddMessageError(INVALID, "A message is a JSON object.")
    type_, id_, payload = data.get("type"), data.get("id"), data.get("payload")
    named = id_ if isinstance(id_, str) else ""
    if not isinstance(type_, str) or type_ not in TYPES:
        raise OddMessageError(INVALID, "There is no message of this type.", named)
    if type_ in WITH_ID and not named:
        raise OddMessageError(INVALID, "The `id` of an operation is a text.")
    if not isinstance(payload, dict | None):
        raise OddMessageError(INVALID, "A `payload` is an object.", named)
    return Message(type_, named, payload)


def authorization_in(payload: dict[str, Any] | None) -> str | None:
    """Return what a `connection_init` shows in place of the header `Authorization`."""
    for name, value in (payload or {}).items():
        text = str(value)
        if name.lower() == "authorization":
            return text
        if name.lower() == "authtoken":
            return text if text.lower().startswith("bearer ") else f"Bearer {text}"
    return None


def operation_of(message: Message) -> Operation:
    """Return the operation that a `subscribe` asks for, or refuse with `OddMessageError`."""
    try:
        return operation_in(message.payload or {})
    except HttpError as error:
        raise OddMessageError(INVALID, str(error), message.id) from error
