"""Letters: the demo's are read here, and a digest is stopped."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mail import Catcher
from mail.inbox import inbox_page, message_page
from mail.unsubscribing import invalid_page, stop_digest, unsubscribe_page, user_of
from routes.pages import page

STYLED: Final = "style-src 'unsafe-inline'"


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


def mail_routes(catcher: Catcher) -> list[BaseRoute]:
    """Return the pages on which letters of the demo are read."""
    allowed = (STYLED, "frame-src 'self'", "img-src data:")

    async def inbox(_request: Request) -> Response:
        return page(inbox_page(catcher.messages), *allowed)

    async def letter(request: Request) -> Response:
        number = request.path_params["number"]
        for caught in catcher.messages:
            if str(caught.number) == number:
                return page(message_page(caught), *allowed)
        return page("There is no such letter.", status=404)

    return [Route("/mail", inbox), Route("/mail/{number}", letter)]
