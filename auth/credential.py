"""What a request shows to say who asks, and for how long it is believed."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, Final

from auth.tokens import is_token, viewer_of_token
from models import Viewer
from models.user import hash_of

# For how long an accepted credential is not looked up again; taking access away waits as long.
TRUSTED_SECONDS: Final = 1.0
MOST_TRUSTED: Final = 10_000


class UnauthenticatedError(Exception):
    """No credential, or one that is not (or no longer) good; of why, only the code is told."""

    def __init__(self, code: str = "UNAUTHENTICATED") -> None:
        super().__init__(code)
        self.code = code


_trusted: OrderedDict[str, tuple[float, Viewer]] = OrderedDict()


def forget_trusted() -> None:
    """Look up every credential afresh at its next use."""
    _trusted.clear()


@dataclass(frozen=True, slots=True)
class Credential:
    """Something that can say who asks, now and again as long as a stream is open."""

    key: str
    look_up: Callable[[], Awaitable[Viewer | None]]

    async def viewer(self) -> Viewer:
        """Return who asks, as of a second ago at most; raise `UnauthenticatedError` for nobody.

        To ask again and again is cheap, and the way to learn that access was changed or taken.
        """
        until, viewer = _trusted.get(self.key, (0.0, None))
        if viewer is not None and until >= monotonic():
            return viewer
        viewer = await self.look_up()
        if viewer is None:
            _trusted.pop(self.key, None)
            raise UnauthenticatedError
        _trusted[self.key] = (monotonic() + TRUSTED_SECONDS, viewer)
        if len(_trusted) > MOST_TRUSTED:
            _trusted.popitem(last=False)
        return viewer


def credential_of(scope: Mapping[str, Any], authorization: str | None = None) -> Credential:
    """Return what a request shows, from its ASGI scope; raise `UnauthenticatedError` for nothing.

    `authorization` stands in for the header of this name where a client cannot send one, as a
    browser that opens a websocket.
    """
    return _bearer(authorization or _header(scope, b"authorization"))


async def viewer_of(authorization: str | None) -> Viewer:
    """Return who shows an `Authorization` header; raise `UnauthenticatedError` for nobody."""
    return await _bearer(authorization or "").viewer()


def _header(scope: Mapping[str, Any], name: bytes) -> str:
    value: bytes
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return ""


def _bearer(authorization: str) -> Credential:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not is_token(token):
        raise UnauthenticatedError
    key = hash_of(token)
    return Credential(key, partial(viewer_of_token, key))
