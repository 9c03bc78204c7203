"""`GET /export/<list>.<format>`: who asks, for what of a list, and then row by row."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from exporting.text import Rows, csv_of, ndjson_of
from exporting.workbook import xlsx_of
from models import ForbiddenError
from rates import Rates
from resolvers.errors import BadRequestError
from resolvers.exports import Exported, export
from schema.asker import context_of
from schema.exports import EXPORTS, Export
from schema.requests import HttpError
from schema.responses import mishap

# Each holds a connection and a state of the database: so many of them, and for so long.
MOST_AT_ONCE: Final = 2
LONGEST_SECONDS: Final = 900
# For how long one more waits for its turn.
PATIENCE_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: its media type, and how rows become its bytes."""

    media_type: str
    bytes_of: Callable[[Export, Rows], AsyncGenerator[bytes]]


FORMATS: Final[Mapping[str, Format]] = {
    "csv": Format("text/csv; charset=utf-8", lambda of, rows: csv_of(of.columns, rows)),
    "ndjson": Format("application/x-ndjson", lambda _of, rows: ndjson_of(rows)),
    "xlsx": Format(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        lambda of, rows: xlsx_of(of.name, of.columns, rows),
    ),
}


class ExportEndpoint:
    """The ASGI application at `/export/`."""

    def __init__(
        self, rates: Rates, at_once: int = MOST_AT_ONCE, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._rates = rates
        self._turns = asyncio.Semaphore(at_once)
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        async with AsyncExitStack() as held:
            try:
                response = await self._answer(Request(scope, receive), held)
            except HttpError as error:
                response = _refusal(error)
            except Exception as error:  # noqa: BLE001 - whatever it is, nothing of it may leave
                response = _refusal(mishap(error))
            # What breaks from here on breaks the connection off, so that no half file passes
            # for a whole one.
            async with asyncio.timeout(LONGEST_SECONDS):
                await response(scope, receive, send)

    async def _answer(self, request: Request, held: AsyncExitStack) -> Response:
        viewer = (await context_of(request.scope, self._rates)).viewer
        if request.method != "GET":
            raise HttpError(405, "METHOD_NOT_ALLOWED", "Use GET.", allow="GET")
        of, format_ = _wanted(file := request.path_params["file"])
        try:
            asked = of.asked(request.query_params.multi_items())
            await held.enter_async_context(self._turn())
            found = await export(viewer, asked, of.type_name, file, request.url.query)
        except BadRequestError as error:
            raise HttpError(400, "BAD_REQUEST", str(error)) from error
        except ForbiddenError as error:
            raise HttpError(403, "FORBIDDEN", str(error)) from error
        body = await held.enter_async_context(aclosing(format_.bytes_of(of, found.rows)))
        return StreamingResponse(body, headers=_headers(file, format_, found))

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._patience):
                await self._turns.acquire()
        except TimeoutError as error:
            message = "Other exports are under way; try again in half a minute."
            raise HttpError(503, "BUSY", message, **{"retry-after": "30"}) from error
        try:
            yield
        finally:
            self._turns.release()


def _wanted(file: str) -> tuple[Export, Format]:
    name, _, suffix = file.partition(".")
    if name not in EXPORTS or suffix not in FORMATS:
        lists, suffixes = ", ".join(EXPORTS), ", ".join(FORMATS)
        message = f"There are exports of {lists}, each as {suffixes}: /export/{file} is none."
        raise HttpError(404, "NOT_FOUND", message)
    return EXPORTS[name], FORMATS[suffix]


def _headers(file: str, format_: Format, found: Exported) -> dict[str, str]:
    dated = file.replace(".", f"-{datetime.now(UTC):%Y-%m-%d}.")
    return {
        "content-type": format_.media_type,
        "content-disposition": f'attachment; filename="{dated}"',
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-total-count": str(found.total),
    }


def _refusal(error: HttpError) -> Response:
    told = {"message": str(error), "extensions": {"code": error.code}}
    headers = {"content-type": "application/json", "cache-control": "no-store", **error.headers}
    return Response(orjson.dumps({"errors": [told]}), error.status, headers)


def export_routes(rates: Rates) -> list[BaseRoute]:
    """Return the routes of the files."""
    return [Route("/export/{file}", ExportEndpoint(rates))]
