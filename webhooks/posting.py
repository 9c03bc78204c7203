"""Posting: one signed request to one address, which must be of the public internet.

The name is looked up first and the request goes to the very address that was checked, so that a
name which means another machine a moment later gets nothing.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import httpx2
from standardwebhooks import Webhook as Signer

from models.webhook import is_public
from observing.figures import WEBHOOK_POSTS
from observing.tracing import asked_span
from observing.tracing import headers as tracing_headers

TIMEOUT_SECONDS: Final = 10.0
PORTS: Final = {"https": 443, "http": 80}
LONGEST_REASON: Final = 300
GONE: Final = 410
CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"


class RefusedError(Exception):
    """The event was not accepted; the status tells how, None where there was no answer at all."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason[:LONGEST_REASON])
        self.status = status

    @property
    def is_for_good(self) -> bool:
        """Whether the receiver says that it wants no more events, ever."""
        return self.status == GONE


@dataclass(frozen=True, slots=True)
class Post:
    """An event on its way: where to, the id that a repeat has too, and the secrets to sign with."""

    url: str
    id: str
    body: bytes
    secrets: Sequence[str]


class Poster:
    """Posts events over a client that follows no redirect; `private` lets any host be posted to."""

    def __init__(self, http: httpx2.AsyncClient, *, private: bool) -> None:
        self._http = http
        self._private = private

    async def post(self, post: Post) -> int:
        """Post an event and return the status, 2xx; raise `RefusedError` for any other end."""
        try:
            with asked_span("POST webhook", {"http.request.method": "POST"}):
                status = await self._accepted(post)
        except RefusedError:
            WEBHOOK_POSTS.labels("refused").inc()
            raise
        WEBHOOK_POSTS.labels("delivered").inc()
        return status

    async def _accepted(self, post: Post) -> int:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status = await self._answered(post)
        except TimeoutError as error:
            raise RefusedError(f"There was no answer within {TIMEOUT_SECONDS:.0f} s.") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            raise RefusedError(f"{type(error).__name__}: {error}") from error
        if not 200 <= status < 300:  # noqa: PLR2004 - what HTTP calls success
            raise RefusedError(f"The answer was {status}.", status)
        return status

    async def _answered(self, post: Post) -> int:
        url = httpx2.URL(post.url)
        address = await self._address_of(url.host, url.port or PORTS[url.scheme])
        headers = {
            "host": url.netloc.decode("ascii"),
            "content-type": CONTENT_TYPE,
            "user-agent": "offboarding-webhooks",
            **tracing_headers(),
            **signed(post),
        }
        request = self._http.build_request(
            "POST",
            url.copy_with(host=address),
            content=post.body,
            headers=headers,
            extensions={"sni_hostname": url.host},
        )
        response = await self._http.send(request, stream=True)
        await response.aclose()
        return response.status_code

    async def _address_of(self, host: str, port: int) -> str:
        """Return an address of a host; refuse with `RefusedError` where any is private."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(place[0]).partition("%")[0] for *_, place in found]
        if not self._private and not all(map(is_public, addresses)):
            raise RefusedError("The host is of a private network; nothing is posted there.")
        return addresses[0]


@asynccontextmanager
async def posting(*, private: bool) -> AsyncIterator[Poster]:
    """Yield what posts, for as long as the context lasts."""
    async with httpx2.AsyncClient(
        timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False
    ) as http:
        yield Poster(http, private=private)


def signed(post: Post) -> dict[str, str]:
    """Return the headers of Standard Webhooks: with a signature for each secret."""
    # In UTC: the library forgets any other zone.
    at = datetime.now(UTC)
    signatures = [Signer(secret).sign(post.id, at, post.body.decode()) for secret in post.secrets]
    return {
        "webhook-id": post.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
