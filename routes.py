"""The small routes beside `/graphql`: health, where letters link to, and the demo's letters."""

import asyncio
import logging
import re
from typing import Final
from urllib.parse import quote

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from database import missing_migrations
from mail import Catcher
from mail.inbox import inbox_page, message_page
from mail.unsubscribing import invalid_page, stop_digest, unsubscribe_page, user_of
from pages import page

OFFBOARDING_ID: Final = re.compile(r"offboarding_[0-9a-f-]{36}", re.ASCII)
TASK: Final = """{
  offboarding(id: "%s") {
    status
    dueOn
    assignee { name }
    startedBy { name }
    subject {
      ... on Party { reference name }
      ... on Product { number name }
    }
  }
}
"""
STYLED: Final = "style-src 'unsafe-inline'"

logger = logging.getLogger(__name__)


async def live(_request: Request) -> Response:
    """Say that the process lives; the database has no part in it."""
    return Response(orjson.dumps({"status": "live"}), media_type="application/json")


async def ready(_request: Request) -> Response:
    """Say whether requests can be answered: the database is reachable and at head."""
    try:
        async with asyncio.timeout(3):
            missing = await missing_migrations()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is why we are not ready
        logger.warning("not ready: %s", error)
        reason = "the database cannot be reached or used"
    else:
        reason = f"migrations are missing: {', '.join(missing)}" if missing else ""
    answer = {"status": "not ready", "reason": reason} if reason else {"status": "ready"}
    body = orjson.dumps(answer)
    return Response(body, 503 if reason else 200, media_type="application/json")


def unsubscribe_routes() -> list[BaseRoute]:
    """Return where a digest's link leads: a page that asks, and what stops it (RFC 8058)."""

    async def unsubscribe(request: Request) -> Response:
        user = await user_of(request.path_params["token"])
        if user is None:
            return page(invalid_page(), STYLED, status=404)
        stops = request.method == "POST"
        if stops:
            await stop_digest(user)
        return page(unsubscribe_page(user, stopped=stops), STYLED)

    return [Route("/unsubscribe/{token}", unsubscribe, methods=["GET", "POST"])]


def task_routes() -> list[BaseRoute]:
    """Return where a letter's link leads while no front end has its place: the page for queries."""

    async def task(request: Request) -> Response:
        id = request.path_params["id"]
        if not OFFBOARDING_ID.fullmatch(id):
            return page("There is no such task.", status=404)
        return RedirectResponse(f"/?query={quote(TASK % id)}", 303)

    return [Route("/tasks/{id}", task)]


def mail_routes(catcher: Catcher) -> list[BaseRoute]:
    """Return the pages on which letters of the demo are read."""
    allowed = (STYLED, "frame-src 'self'", "img-src data:")

    async def inbox(_request: Request) -> Response:
        return page(inbox_page(catcher.messages), *allowed)

    async def letter(request: Request) -> Response:
        number = request.path_params["number"]
        for caught in catcher.messages:
            if caught.number == number:
                return page(message_page(caught), *allowed)
        return page("There is no such letter.", status=404)

    return [Route("/mail", inbox), Route("/mail/{number:int}", letter)]
