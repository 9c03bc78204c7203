"""Access tokens of OpenID providers: a signed statement of who asks, believed if all of it holds.

Which keys and algorithms there are is our matter: what a token says of its own key is refused.
"""

from collections.abc import Iterable
from json import loads
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jws import JWSRegistry
from typing_extensions import override

from auth.errors import UnauthenticatedError
from auth.keys import IssuerKeys, IssuerUnavailableError
from auth.people import email_of, viewer_named
from models import Viewer
from settings.issuers import Issuer

LONGEST_TOKEN: Final = 8_000
LEEWAY_SECONDS: Final = 60
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
# RFC 9068: an ID token, which is for the one who asked for it, is no access token.
TYPES: Final = {"at+jwt", "application/at+jwt"}
# All that a header may hold; with `jwk`, `jku`, `x5u` or `crit` it would tell us what to trust.
HEADERS: Final = {"alg", "typ", "kid", "x5t", "x5t#S256"}


# What joserfc and JSON stumble over in what is no token for us.
_UNACCEPTABLE: Final = (
    JoseError,
    AttributeError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)


class Registry(JWSRegistry):
    """The algorithms that we take; EdDSA, too, without the library's warning about its name."""

    @override
    def get_alg(self, name: str) -> JWSAlgModel:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


REGISTRY: Final = Registry(algorithms=ALGORITHMS)


def is_signed(text: str) -> bool:
    """Return whether a text looks like a signed token; what does not is never looked at."""
    return len(text) <= LONGEST_TOKEN and text.isascii() and text.count(".") == 2  # noqa: PLR2004 - header, claims, signature


class Issuers:
    """The OpenID providers whose word is taken, by what they call themselves."""

    def __init__(self, issuers: Iterable[Issuer]) -> None:
        self._keys = {issuer.issuer: IssuerKeys(issuer) for issuer in issuers}

    async def viewer_of(self, token: str) -> Viewer | None:
        """Return who shows an access token; None where anything about it is not as it must be."""
        try:
            issuer, claims = await self._claims_of(token)
            email_of(issuer, claims)
        except IssuerUnavailableError as error:
            raise UnauthenticatedError("ISSUER_UNAVAILABLE") from error
        except _UNACCEPTABLE:
            return None
        return await viewer_named(issuer, claims)

    async def _claims_of(self, token: str) -> tuple[Issuer, dict[str, Any]]:
        """Return the claims of a token that its issuer has made for us, and that is good now."""
        seen = jws.extract_compact(token.encode())
        header, claims = seen.headers(), loads(seen.payload)
        if not HEADERS.issuperset(header) or str(header["typ"]).lower() not in TYPES:
            raise ValueError("not the header of an access token")
        REGISTRY.get_alg(header["alg"])
        keys = self._keys[claims["iss"]]
        if not jws.validate_compact(
            seen, await keys.for_key_id(header.get("kid")), registry=REGISTRY
        ):
            raise ValueError("not signed by its issuer")
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": keys.issuer.issuer},
            aud={"essential": True, "value": keys.issuer.audience},
            exp={"essential": True},
        ).validate(claims)
        return keys.issuer, claims
