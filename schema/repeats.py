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
from resolvers.repeats import Claim
from schema.requests import HttpError
from schema.responses import Accepted, kept_response
from schema.streams import Operation

KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
LOOK_SECONDS: Final = 0.1
# Who died holds a request for as long as it may take; who waits for them waits a moment longer.
LOOKS_MORE: Final = 5
# What a repeat may change: it goes on from what was done, if anything.
UNFINISHED: Final = frozenset(
    {"BAD_REQUEST", "INTERNAL", "LIMIT_EXCEEDED", "TIMEOUT", "UNAVAILABLE"}
)

# Returns an answer, and the codes of its errors.
Execute = Callable[[], Awaitable[tuple[Response, frozenset[str]]]]


def _hash_of(operation: Operation) -> str:
    parts = [operation.query, operation.variables, operation.name, operation.extensions]
    return sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def once(
    viewer: Viewer,
    key: str,
    operation: Operation,
    liked: Accepted,
    seconds: float,
    execute: Execute,
) -> Response:
    """Answer a mutation under a key: by doing it, or as it was answered before."""
    if not KEY.fullmatch(key):
        sentence = "Idempotency-Key must be 1 to 255 visible characters of ASCII."
        raise HttpError(400, "BAD_REQUEST", sentence)
    claim = Claim(viewer.user_id, key, _hash_of(operation))
    for _ in range(int(seconds / LOOK_SECONDS) + LOOKS_MORE):
        if await repeats.take(claim, seconds):
            return await _first(claim, execute)
        kept = await repeats.look(claim)
        if kept is not None and kept.request_hash != claim.request_hash:
            sentence = "This Idempotency-Key stands for another request; take a new one."
            raise HttpError(422, "IDEMPOTENCY_KEY_REUSED", sentence)
        if kept is not None and kept.answer is not None and kept.status is not None:
            return kept_response(kept.answer, kept.status, liked)
        await asyncio.sleep(LOOK_SECONDS)
    sentence = (
        "The first request under this Idempotency-Key has no answer yet; send it again later."
    )
    raise HttpError(409, "IDEMPOTENCY_KEY_IN_USE", sentence, **{"retry-after": "2"})


async def _first(claim: Claim, execute: Execute) -> Response:
    """Execute a mutation and keep its answer for who repeats it."""
    try:
        with repeats.doing(claim):
            response, codes = await execute()
    except BaseException:
        await repeats.release(claim)
        raise
    if codes & UNFINISHED:
        await repeats.release(claim)
    else:
        await repeats.keep(claim, response.status_code, bytes(response.body))
    return response
