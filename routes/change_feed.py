"""`GET /events`: the log as server-sent events, for those who have no GraphQL client.

Each event is a CloudEvent, with the cursor of the entry as its id. Who comes back shows the last
one as `Last-Event-ID`, as browsers and many libraries do by themselves, or as `after`.
"""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from typing_extensions import override

from models import ForbiddenError
from rates import Rates
from resolvers import cloud_events
from resolvers.errors import BadRequestError
from resolvers.following import Followed
from schema import schema
from schema.asker import context_of
from schema.event_stream import EventStream, StreamResponse, framed
from schema.parameters import arguments_of
from schema.requests import HttpError
from schema.responses import mishap
from schema.streams import Streams, TooManyStreamsError

_ROOT: Final[Any] = schema._schema.subscription_type  # noqa: SLF001 - Strawberry has no public way
_ARGUMENTS: Final = _ROOT.fields["activity"].args


class CloudEvents(EventStream):
    """Entries of the log as server-sent events, as their statement made them."""

    # After a cut line, clients come back as soon.
    opening = b"retry: 1000\n\n"
    end = b""

    @staticmethod
    @override
    def answers(batch: tuple[bytes, ...]) -> bytes:
        """Return entries as they are sent."""
        return b"".join(batch)

    @override
    def errors(self, errors: list[Any]) -> bytes:
        """Return errors that end the stream as they are sent."""
        return b"event: error\ndata: " + orjson.dumps({"errors": errors}) + b"\n\n"


def followed(given: Iterable[tuple[str, str]], last_event_id: str | None) -> Followed:
    """Return what parameters ask to follow; refuse with `BadRequestError` what makes no sense."""
    filters = [(name, value) for name, value in given if name != "after"]
    after = [value for name, value in given if name == "after"]
    arguments = dict(arguments_of(_ARGUMENTS, "ID", filters))
    if len(after) > 1:
        raise BadRequestError("Give after once.")
    # A browser that comes back repeats the address it began with, and knows better by now.
    arguments["after"] = last_event_id or next(iter(after), None)
    about = {id for id in (arguments.get("filter") or {}).values() if isinstance(id, UUID)}
    return Followed(cloud_events.asked(arguments), about=frozenset(about))


class ChangeFeed:
    """Answers at `/events`."""

    def __init__(self, streams: Streams, rates: Rates) -> None:
        self.streams = streams
        self.rates = rates

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        try:
            return await self._stream(request)
        except HttpError as error:
            refusal = error
        except BadRequestError as error:
            refusal = HttpError(400, "BAD_REQUEST", str(error))
        except ForbiddenError as error:
            refusal = HttpError(403, "FORBIDDEN", str(error))
        except TooManyStreamsError as error:
            refusal = HttpError(429, "TOO_MANY_STREAMS", str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing of it may leave
            refusal = mishap(error)
        return _refused(refusal)

    async def _stream(self, request: Request) -> Response:
        context = await context_of(request.scope, self.rates)
        asked = followed(request.query_params.multi_items(), request.headers.get("last-event-id"))
        self.streams.take(context.viewer)
        try:
            answers = await cloud_events.follow(context.current, asked)
        except BaseException:
            self.streams.give_back(context.viewer)
            raise
        framing = CloudEvents()
        chunks = framed(answers, context, self.streams, framing)
        return StreamResponse(chunks, context.viewer, self.streams, framing.content_type)


def _refused(error: HttpError) -> Response:
    told = {"message": str(error), "extensions": {"code": error.code}}
    headers = {"content-type": "application/json", "cache-control": "no-store", **error.headers}
    return Response(orjson.dumps({"errors": [told]}), error.status, headers)


def change_feed_routes(streams: Streams, rates: Rates) -> list[BaseRoute]:
    """Return the route of the feed."""
    return [Route("/events", ChangeFeed(streams, rates).__call__, methods=["GET"])]
