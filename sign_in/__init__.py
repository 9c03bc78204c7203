"""Signing in and out with a browser."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

import auth
from settings import Settings
from sign_in.demo import DemoSignIn, is_offered
from sign_in.sessions import Sessions
from sign_in.views import refusal


def sign_in_routes(settings: Settings, origins: auth.Origins) -> list[BaseRoute]:
    """Return the routes of signing in, where there is a way to, and out."""
    if not is_offered(settings):
        return []
    sessions = Sessions(settings, origins)
    demo = DemoSignIn(sessions)

    async def sign_out(request: Request) -> Response:
        if not origins.admit_page(request.scope):
            return refusal("This was not sent by a page of this server.", 403)
        await sessions.end(request)
        return sessions.leave("/")

    return [
        Route("/sign-in", demo.choose, methods=["GET"]),
        Route("/sign-in", demo.enter, methods=["POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
    ]
