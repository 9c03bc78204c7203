"""Signing in where the firm already does: OpenID's code flow, with PKCE, state and nonce.

What is kept between going there and coming back is in a cookie of its own, signed with a key that
all processes can make, from the client's secret.
"""

import hashlib
import logging
from collections.abc import Iterable
from typing import Any, Final

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import Response

import auth
from auth.bearer import ALGORITHMS
from auth.keys import PATIENCE_SECONDS
from auth.people import groups_of, user_named
from auth.sessions import Voucher
from settings.issuers import Issuer
from sign_in.sessions import Sessions
from sign_in.views import here, refusal, show

logger = logging.getLogger(__name__)

CALLBACK: Final = "/sign-in/callback"
AWAY_SECONDS: Final = 600
LEEWAY_SECONDS: Final = 60

# What can go wrong at a provider, or with what it or somebody else sends us.
_FAILURES: Final = (
    AuthlibBaseError,
    JoseError,
    httpx2.HTTPError,
    KeyError,
    RuntimeError,
    ValueError,
)


class ProviderSignIn:
    """Sends the browser to a provider, and signs it in as whom that vouches for."""

    def __init__(self, sessions: Sessions, issuers: Iterable[Issuer], address: str) -> None:
        self.sessions = sessions
        self.issuers = tuple(issuers)
        self.address = address
        self._oauth = OAuth()
        for place, issuer in enumerate(self.issuers):
            self._register(place, issuer)

    def _register(self, place: int, issuer: Issuer) -> None:
        secret = issuer.client_secret
        self._oauth.register(
            str(place),
            client_id=issuer.client_id,
            client_secret=None if secret is None else secret.get_secret_value(),
            server_metadata_url=issuer.issuer.removesuffix("/")
            + "/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid email profile",
                "code_challenge_method": "S256",
                "timeout": PATIENCE_SECONDS,
            },
        )

    @property
    def middleware(self) -> list[Middleware]:
        """The cookie that says to where, and why, the browser went away."""
        secrets = [i.client_secret.get_secret_value() for i in self.issuers if i.client_secret]
        return [
            Middleware(
                SessionMiddleware,
                secret_key=hashlib.sha256(repr(secrets).encode()).hexdigest(),
                session_cookie="sign_in",
                max_age=AWAY_SECONDS,
                path="/sign-in",
                same_site="lax",
                https_only=self.sessions.origins.secure,
            )
        ]

    async def leave(self, request: Request) -> Response:
        """Go to the provider, or choose one of several."""
        next_ = here(request.query_params.get("next"))
        place = request.query_params.get("provider", "0" if len(self.issuers) == 1 else "")
        if place not in map(str, range(len(self.issuers))):
            providers = list(enumerate(self.issuers))
            return show("providers.html", title="Sign in", providers=providers, next=next_)
        request.session["next"] = next_
        request.session["provider"] = place
        try:
            client = await self._client(int(place))
            response: Response = await client.authorize_redirect(request, self.address + CALLBACK)
        except _FAILURES as error:
            logger.warning("no sign-in at %s: %r", self.issuers[int(place)].issuer, error)
            return refusal("The sign-in of your organisation does not answer.", 502)
        response.headers["cache-control"] = "no-store"
        return response

    async def come_back(self, request: Request) -> Response:
        """Begin a session as whom the provider names, if it answers what this browser asked."""
        place = request.session.pop("provider", None)
        next_ = here(request.session.pop("next", None))
        if place is None:
            return refusal("This browser has not asked to sign in, or too long ago.", 400)
        issuer = self.issuers[int(place)]
        try:
            token = await (await self._client(int(place))).authorize_access_token(
                request, leeway=LEEWAY_SECONDS
            )
            user = await user_named(issuer, token["userinfo"])
        except auth.UnauthenticatedError:
            return refusal("You are not known here; ask an administrator to invite you.", 403)
        except _FAILURES as error:
            logger.warning("no sign-in at %s: %r", issuer.issuer, error)
            return refusal("Your organisation did not confirm who you are.", 400)
        if user is None:
            return refusal("You have no access any more; ask an administrator.", 403)
        groups = groups_of(issuer, token["userinfo"])
        voucher = Voucher(issuer.issuer, token["id_token"], groups)
        return await self.sessions.begin(request, user, next_, voucher)

    async def after(self, voucher: Voucher) -> str:
        """Return where to sign out of the provider, too, or else the first page."""
        for place, issuer in enumerate(self.issuers):
            if issuer.issuer == voucher.issuer:
                try:
                    client = await self._client(place)
                    leaving = await client.create_logout_url(
                        post_logout_redirect_uri=f"{self.address}/",
                        id_token_hint=voucher.id_token,
                        client_id=issuer.client_id,
                    )
                except _FAILURES as error:
                    logger.warning("no sign-out at %s: %r", issuer.issuer, error)
                else:
                    return str(leaving["url"])
        return "/"

    async def _client(self, place: int) -> Any:  # noqa: ANN401 - authlib has no types
        """Return the client of a provider, which takes no weaker signature than a bearer's."""
        client = self._oauth.create_client(str(place))
        metadata = await client.load_server_metadata()
        if metadata.get("issuer") != self.issuers[place].issuer:
            raise ValueError("its configuration names another issuer")
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [a for a in offered if a in ALGORITHMS]
        return client
