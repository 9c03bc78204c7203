"""Somebody who follows the log of a served bank from now on, by both ways there are."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import orjson

from tests.sockets import Socket, socket
from tests.streaming import Stream, streamed

FOLLOW: Final = """subscription ($kinds: [ActivityKind!]) {
  activity(filter: {kind: $kinds}) { id kind }
}"""

Entries = list[tuple[str, str]]


@asynccontextmanager
async def following(
    url: str, token: str, kinds: Sequence[str]
) -> AsyncIterator[tuple[Entries, Entries]]:
    """Yield the ids and kinds of what is seen over a websocket and at /events, which grow."""
    by_socket: Entries = []
    by_events: Entries = []
    path = "/events?" + "&".join(f"kind={kind}" for kind in kinds)

    async def follow_socket(opened: Socket) -> None:
        async for text in opened.connection:
            entry = orjson.loads(text)["payload"]["data"]["activity"]
            by_socket.append((entry["id"], entry["kind"]))

    async def follow_events(stream: Stream) -> None:
        while True:
            event = (await stream.read(b"\n\n")).decode()
            if data := re.search(r"^data: (.*)$", event, re.MULTILINE):
                entry = orjson.loads(data[1])["data"]
                by_events.append((entry["id"], entry["kind"]))

    async with (
        socket(url, token) as opened,
        streamed(url, "GET", path, {"authorization": f"Bearer {token}"}) as stream,
    ):
        await opened.subscribe("s", FOLLOW, kinds=list(kinds))
        await opened.until_live()
        await stream.read(b"\n\n")
        tasks = [
            asyncio.create_task(follow_socket(opened)),
            asyncio.create_task(follow_events(stream)),
        ]
        try:
            yield by_socket, by_events
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
