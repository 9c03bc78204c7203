"""Signing in and out with a browser."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

import auth
from settings import Settings
from sign_in.demo import DemoSignIn, is_offered
from sign_in.provider import CALLBACK, ProviderSignIn
from sign_in.sessions import Sessions
from sign_in.views import refusal


def sign_in_routes(settings: Settings, origins: auth.Origins) -> list[BaseRoute]:
    """Return the routes of signing in, where there is a way to, and out."""
    sessions = Sessions(settings, origins)
    providers = [issuer for issuer in settings.oidc_issuers or () if issuer.client_id is not None]
    if providers:
        at_provider = ProviderSignIn(sessions, providers, settings.address)
        ways, leave = _through(at_provider), at_provider.after
    elif is_offered(settings):
        demo = DemoSignIn(sessions)
        ways, leave = _in_the(demo), None
    else:
        return []

    async def sign_out(request: Request) -> Response:
        if not origins.admit_page(request.scope):
            return refusal("This was not sent by a page of this server.", 403)
        voucher = await sessions.end(request)
        return sessions.leave("/" if voucher is None or leave is None else await leave(voucher))

    return [*ways, Route("/sign-out", sign_out, methods=["POST"])]


def _in_the(demo: DemoSignIn) -> list[BaseRoute]:
    return [
        Route("/sign-in", demo.choose, methods=["GET"]),
        Route("/sign-in", demo.enter, methods=["POST"]),
    ]


def _through(provider: ProviderSignIn) -> list[BaseRoute]:
    away = provider.middleware
    return [
        Route("/sign-in", provider.leave, methods=["GET"], middleware=away),
        Route(CALLBACK, provider.come_back, methods=["GET"], middleware=away),
    ]
