"""The header `Idempotency-Key`: a mutation that is sent again gets its first answer again."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Final

import orjson
from starlette.responses import Response

from models import Viewer
from resolvers import repeats
from schema.requests import HttpError
from schema.responses import kept_response
from schema.streams import Operation

KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
LOOK_SECONDS: Final = 0.1
# What a repeat may change: nothing was done, or it is not known what was.
UNDONE: Final = frozenset({"BAD_REQUEST", "INTERNAL", "LIMIT_EXCEEDED"})
UNKNOWN: Final = frozenset({"TIMEOUT", "UNAVAILABLE"})

# Returns an answer, and the code of its first error.
Execute = Callable[[], Awaitable[tuple[Response, str | None]]]


def _hash_of(operation: Operation) -> str:
    parts = [operation.query, operation.variables, operation.name, operation.extensions]
    return sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def once(
    viewer: Viewer,
    key: str,
    operation: Operation,
    liked: dict[str, float],
    seconds: float,
    execute: Execute,
) -> Response:
    """Answer a mutation under a key: by doing it, or as it was answered before."""
    if not KEY.fullmatch(key):
        sentence = "Idempotency-Key must be 1 to 255 visible characters of ASCII."
        raise HttpError(400, "BAD_REQUEST", sentence)
    digest = _hash_of(operation)
    if not await repeats.claim(viewer.user_id, key, digest):
        return await _again(viewer, key, digest, liked, seconds)
    try:
        response, code = await execute()
    except BaseException:
        await repeats.release(viewer.user_id, key)
        raise
    if code in UNDONE:
        await repeats.release(viewer.user_id, key)
    elif code not in UNKNOWN:
        await repeats.keep(viewer.user_id, key, response.status_code, bytes(response.body))
    return response


async def _again(
    viewer: Viewer, key: str, digest: str, liked: dict[str, float], seconds: float
) -> Response:
    """Wait for the first answer and return it; refuse another request under its key."""
    for _ in range(int(seconds / LOOK_SECONDS)):
        kept = await repeats.look(viewer.user_id, key)
        if kept is None:
            break
        if kept.request_hash != digest:
            sentence = "This Idempotency-Key stands for another request; take a new one."
            raise HttpError(422, "IDEMPOTENCY_KEY_REUSED", sentence)
        if kept.answer is not None and kept.status is not None:
            return kept_response(kept.answer, kept.status, liked)
        await asyncio.sleep(LOOK_SECONDS)
    sentence = (
        "The first request under this Idempotency-Key has no answer yet; send it again later."
    )
    raise HttpError(409, "IDEMPOTENCY_KEY_IN_USE", sentence, **{"retry-after": "2"})
