"""The public keys of an issuer: fetched, kept, and fetched again when one is not among them."""

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from settings.issuers import Issuer

logger = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 5.0
# A key that the issuer has withdrawn is good for as long as this.
KEPT_SECONDS: Final = 600.0
# However many tokens name a key that nobody knows, the issuer is asked as often as this at most.
ASKED_AGAIN_SECONDS: Final = 60.0
# After a failure; no request waits for an issuer that has just not answered.
FAILED_SECONDS: Final = 5.0


class IssuerUnavailableError(Exception):
    """The keys of an issuer cannot be had."""


class IssuerKeys:
    """The keys of one issuer, for one process."""

    def __init__(self, issuer: Issuer, clock: Callable[[], float] = monotonic) -> None:
        self.issuer = issuer
        self._clock = clock
        self._lock = asyncio.Lock()
        self._keys: KeySet | None = None
        self._stale_at = self._failed_until = self._asked_again_at = float("-inf")

    async def for_key_id(self, key_id: str | None) -> KeySet:
        """Return the keys, fetched anew where they are old or a key is not among them."""
        async with self._lock:
            now = self._clock()
            keys = self._keys
            if keys is None or now >= self._stale_at:
                return await self._fetch()
            known = key_id is None or any(key.kid == key_id for key in keys)
            if known or now < self._asked_again_at:
                return keys
            self._asked_again_at = now + ASKED_AGAIN_SECONDS
            return await self._fetch()

    async def _fetch(self) -> KeySet:
        """Fetch the keys; where that fails go on with those that are there."""
        now = self._clock()
        if now >= self._failed_until:
            try:
                self._keys = await _keys_of(self.issuer.issuer)
                self._stale_at = now + KEPT_SECONDS
            except (httpx2.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
                self._failed_until = now + FAILED_SECONDS
                logger.warning("no keys from %s: %r", self.issuer.issuer, error)
        if self._keys is None:
            raise IssuerUnavailableError
        return self._keys


async def _keys_of(issuer: str) -> KeySet:
    async with httpx2.AsyncClient(timeout=PATIENCE_SECONDS) as http:
        about = await _json(http, issuer.removesuffix("/") + "/.well-known/openid-configuration")
        if about["issuer"] != issuer:
            raise ValueError("its configuration names another issuer")
        place = about["jwks_uri"]
        if issuer.startswith("https://") and not place.startswith("https://"):
            raise ValueError("its keys are not behind TLS")
        return KeySet.import_key_set(await _json(http, place))


async def _json(http: httpx2.AsyncClient, url: str) -> Any:  # noqa: ANN401 - JSON of another
    response = await http.get(url)
    response.raise_for_status()
    return response.json()
