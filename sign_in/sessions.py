"""The session of a browser, as it begins and ends; its cookie is out of reach of scripts."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

import auth
from auth.sessions import COOKIE, Voucher, secret_of
from models import User
from settings import Settings


class Sessions:
    """Begins and ends the sessions of browsers, whoever vouched for the user."""

    def __init__(self, settings: Settings, origins: auth.Origins) -> None:
        self.lifetime = timedelta(hours=settings.session_hours)
        self.origins = origins

    async def begin(
        self, request: Request, user: User, next_: str, voucher: Voucher | None = None
    ) -> Response:
        """Begin a session in place of the one that the browser has, and go on."""
        await self.end(request)
        secret = await auth.begin_session(user, self.lifetime, voucher)
        response = RedirectResponse(next_, 303)
        response.set_cookie(
            COOKIE,
            secret,
            max_age=int(self.lifetime.total_seconds()),
            secure=self.origins.secure,
            httponly=True,
            samesite="lax",
        )
        return response

    async def end(self, request: Request) -> Voucher | None:
        """End the session of the browser, if it has one, and return who had vouched for it."""
        secret = secret_of(request.scope)
        return None if secret is None else await auth.end_session(secret)

    def leave(self, place: str) -> Response:
        """Go on without a cookie."""
        response = RedirectResponse(place, 303)
        secure = self.origins.secure
        response.delete_cookie(COOKIE, secure=secure, httponly=True, samesite="lax")
        return response
