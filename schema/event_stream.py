"""Answers as a stream over HTTP: server-sent events, or Apollo's multipart subscriptions.

A stream that ends because the process does is cut off without the word that it is complete, so
that clients come back.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from functools import lru_cache
from typing import Any, Final

import orjson
from graphql import located_error
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from auth import UnauthenticatedError
from events import StoppedError
from models import Viewer
from schema.context import Context
from schema.execution import OperationRefusedError
from schema.faults import told
from schema.streams import EXPIRED, RESTARTING, Answers, Operation, Streams, checked


class EventStream:
    """GraphQL over server-sent events, in the mode of distinct connections."""

    content_type = "text/event-stream; charset=utf-8"
    opening = b":\n\n"
    heartbeat = b":\n\n"
    end = b"event: complete\ndata:\n\n"
    stopped = b""

    @staticmethod
    def answers(batch: tuple[bytes, ...]) -> bytes:
        """Return answers as they are sent."""
        return b"".join(b"event: next\ndata: " + answer + b"\n\n" for answer in batch)

    def errors(self, errors: list[Any]) -> bytes:
        """Return errors that end the operation as they are sent."""
        return self.answers((orjson.dumps({"errors": errors}),))


class Multipart:
    """GraphQL in parts, as Apollo Client reads subscriptions over HTTP."""

    content_type = 'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"'
    opening = b"\r\n--graphql"
    end = b"--\r\n"

    @staticmethod
    def _part(content: bytes) -> bytes:
        # A reader takes a part for whole when it sees the boundary after it.
        return b"\r\ncontent-type: application/json\r\n\r\n" + content + b"\r\n--graphql"

    @property
    def heartbeat(self) -> bytes:
        """A part that says nothing."""
        return self._part(b"{}")

    @property
    def stopped(self) -> bytes:
        """What is sent when the process ends: an error of the transport, not of the operation."""
        told = {"message": RESTARTING, "extensions": {"code": "RESTARTING"}}
        return self._part(orjson.dumps({"payload": None, "errors": [told]})) + self.end

    def answers(self, batch: tuple[bytes, ...]) -> bytes:
        """Return answers as they are sent."""
        return b"".join(self._part(b'{"payload":' + answer + b"}") for answer in batch)

    def errors(self, errors: list[Any]) -> bytes:
        """Return errors that end the operation as they are sent."""
        return self.answers((orjson.dumps({"errors": errors}),))


Framing = EventStream | Multipart

_EVENTS: Final = EventStream()
_PARTS: Final = Multipart()
_ONE_ANSWER: Final = {
    "*/*",
    "application/*",
    "application/json",
    "application/graphql-response+json",
}


@lru_cache(maxsize=256)
def framing_of(accept: str) -> Framing | None:
    """Return how a client wants a stream; None where it can take none."""
    types = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    if "multipart/mixed" in types and "subscriptionspec" in accept.lower():
        return _PARTS
    return _EVENTS if "text/event-stream" in types else None


@lru_cache(maxsize=256)
def takes_only_streams(accept: str) -> bool:
    """Whether a client takes even a single answer only as a stream."""
    types = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    return "text/event-stream" in types and not types & _ONE_ANSWER


async def stream_response(
    operation: Operation, context: Context, streams: Streams, framing: Framing
) -> Response:
    """Begin to execute an operation and return its stream; refuse with `TooManyStreamsError`."""
    streams.take(context.viewer)
    try:
        answers = await operation.answers(context)
    except OperationRefusedError as error:
        answers = _refused(error)
    except BaseException:
        streams.give_back(context.viewer)
        raise
    chunks = framed(answers, context, streams, framing)
    return StreamResponse(chunks, context.viewer, streams, framing.content_type)


def streamed(answer: Response) -> Response:
    """Return an answer that there is for who takes it only as a stream."""
    answer.body = _EVENTS.opening + _EVENTS.answers((bytes(answer.body),)) + _EVENTS.end
    answer.status_code = 200
    answer.headers["content-type"] = _EVENTS.content_type
    answer.headers["content-length"] = str(len(answer.body))
    return answer


async def _refused(error: OperationRefusedError) -> Answers:
    yield (orjson.dumps({"errors": error.errors}),)


async def framed(
    answers: Answers, context: Context, streams: Streams, framing: Framing
) -> AsyncGenerator[bytes, None]:
    """Yield the bytes of a stream, to its end or until it is not to go on."""
    yield framing.opening
    try:
        async with aclosing(checked(answers, context, streams.keep_alive_seconds)) as batches:
            async for batch in batches:
                yield framing.heartbeat if batch is None else framing.answers(batch)
    except StoppedError:
        yield framing.stopped
        return
    except OperationRefusedError as error:
        yield framing.errors(error.errors)
    except UnauthenticatedError as error:
        yield framing.errors([{"message": EXPIRED, "extensions": {"code": error.code}}])
    except Exception as error:  # noqa: BLE001 - told of as any fault is
        yield framing.errors([told(located_error(error)).formatted])
    yield framing.end


class StreamResponse(Response):
    """A response that goes on for as long as the client stays and reads.

    It gives the viewer's place back, which was taken for it.
    """

    def __init__(
        self, chunks: AsyncGenerator[bytes, None], viewer: Viewer, streams: Streams, type_: str
    ) -> None:
        super().__init__(media_type=type_)
        del self.headers["content-length"]
        self.headers["content-type"] = type_
        self.headers["cache-control"] = "no-store"
        self.headers["vary"] = "Accept"
        self.headers["x-accel-buffering"] = "no"
        self._chunks = chunks
        self._viewer = viewer
        self._streams = streams

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        tasks = [asyncio.create_task(self._send(send)), asyncio.create_task(_until_gone(receive))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._streams.give_back(self._viewer)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        # Who takes nothing for long is cut off, and comes back when they can read again.
        async with aclosing(self._chunks) as chunks:
            with suppress(TimeoutError, OSError):
                async for chunk in chunks:
                    async with asyncio.timeout(self._streams.patience_seconds):
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
