"""The body of an answer that goes on, read as it comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from tests.served import PATIENCE


class Stream:
    """An answer whose body has no end yet."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._chunks = response.aiter_bytes()
        self.kept = b""

    async def read(self, until: bytes) -> bytes:
        """Return what comes up to and with some bytes."""
        async with asyncio.timeout(PATIENCE):
            while until not in self.kept:
                self.kept += await anext(self._chunks)
        found, until, self.kept = self.kept.partition(until)
        return found + until

    async def rest(self) -> bytes:
        """Return all that comes until the other side ends it."""
        async with asyncio.timeout(PATIENCE):
            async for chunk in self._chunks:
                self.kept += chunk
        return self.kept


@asynccontextmanager
async def streamed(
    url: str, method: str, path: str, headers: dict[str, str], **body: Any
) -> AsyncIterator[Stream]:
    """Ask for an answer that goes on."""
    async with (
        httpx2.AsyncClient(base_url=url, timeout=PATIENCE, trust_env=False) as http,
        http.stream(method, path, headers=headers, json=body or None) as response,
    ):
        yield Stream(response)
