"""What a request shows to say who asks, and for how long it is believed."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from auth.bearer import Issuers, is_signed
from auth.errors import UnauthenticatedError
from auth.origins import Origins, Scope, header
from auth.sessions import secret_of, viewer_of_session
from auth.tokens import is_token, viewer_of_token
from models import Viewer
from models.credentials import hash_of

# For how long an accepted credential is not looked up again; taking access away waits as long.
TRUSTED_SECONDS: Final = 1.0
MOST_TRUSTED: Final = 10_000


Trusted = OrderedDict[str, tuple[float, Viewer]]

_trusted: Trusted = OrderedDict()
_looking: dict[str, asyncio.Task[Viewer | None]] = {}


def forget_trusted() -> None:
    """Look up every credential afresh at its next use."""
    _trusted.clear()


@dataclass(eq=False, slots=True)
class Credential:
    """Something that can say who asks, now and again as long as a stream is open.

    Tokens are trusted across requests. A session is looked up anew by each, so that signing out
    ends it at the next one.
    """

    key: str
    look_up: Callable[[str], Awaitable[Viewer | None]]
    trusted: Trusted = field(default_factory=OrderedDict)

    async def viewer(self) -> Viewer:
        """Return who asks, as of a second ago at most; raise `UnauthenticatedError` for nobody.

        To ask again and again is cheap, and the way to learn that access was changed or taken.
        """
        until, viewer = self.trusted.get(self.key, (0.0, None))
        if viewer is not None and until >= monotonic():
            return viewer
        viewer = await self._found()
        if viewer is None:
            self.trusted.pop(self.key, None)
            raise UnauthenticatedError
        self.trusted[self.key] = (monotonic() + TRUSTED_SECONDS, viewer)
        if len(self.trusted) > MOST_TRUSTED:
            self.trusted.popitem(last=False)
        return viewer

    async def _found(self) -> Viewer | None:
        """Look it up; of all the streams of one token that ask at a time, one does so for all."""
        if self.trusted is not _trusted:
            return await self.look_up(self.key)
        task = _looking.get(self.key)
        if task is None:
            # Apart from who asks first, whose going away must not fail the others.
            task = asyncio.get_running_loop().create_task(self._look(), context=Context())
            _looking[self.key] = task
        return await asyncio.shield(task)

    async def _look(self) -> Viewer | None:
        try:
            return await self.look_up(self.key)
        finally:
            del _looking[self.key]


def credential_of(scope: Scope, authorization: str | None = None) -> Credential:
    """Return what a request shows, from its ASGI scope; raise `UnauthenticatedError` for nothing.

    It is the header `Authorization` or, without one, the cookie of a session. `authorization`
    stands in for the header where a client cannot send one, as a browser that opens a websocket.
    """
    if scope["type"] == "websocket" and not _origins(scope).admit_socket(scope):
        raise UnauthenticatedError("ORIGIN_NOT_ALLOWED")
    shown = authorization or header(scope, b"authorization")
    if shown:
        token = _bearer(shown)
        return _api_token(token) if is_token(token) else _access_token(scope, token)
    secret = secret_of(scope)
    if secret is None:
        raise UnauthenticatedError
    if not _origins(scope).admit(scope):
        raise UnauthenticatedError("ORIGIN_NOT_ALLOWED")
    return Credential(hash_of(secret), viewer_of_session)


def _origins(scope: Scope) -> Origins:
    origins: Origins = scope["app"].state.origins
    return origins


async def viewer_of(authorization: str | None) -> Viewer:
    """Return who shows an API token; raise `UnauthenticatedError` for nobody."""
    token = _bearer(authorization or "")
    if not is_token(token):
        raise UnauthenticatedError
    return await _api_token(token).viewer()


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise UnauthenticatedError
    return token


def _api_token(token: str) -> Credential:
    return Credential(hash_of(token), viewer_of_token, _trusted)


def _access_token(scope: Scope, token: str) -> Credential:
    """Return the credential that a token of an issuer is; whether it is good is seen on asking."""
    if not is_signed(token):
        raise UnauthenticatedError
    issuers: Issuers = scope["app"].state.issuers

    async def look_up(_key: str) -> Viewer | None:
        return await issuers.viewer_of(token)

    return Credential(hash_of(token), look_up, _trusted)
