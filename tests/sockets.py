"""A client of websockets that says exactly what a test wants it to say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson
import pytest
from websockets import ClientConnection, ConnectionClosed, Subprotocol, connect

from tests.served import PATIENCE

PROTOCOL: Final = "graphql-transport-ws"


class Socket:
    """A websocket that was opened."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, **message: Any) -> None:
        await self.connection.send(orjson.dumps(message).decode())

    async def subscribe(self, id: str, query: str, /, **variables: Any) -> None:
        await self.say(id=id, type="subscribe", payload={"query": query, "variables": variables})

    async def hear(self) -> Any:
        """Return the next message."""
        return orjson.loads(await asyncio.wait_for(self.connection.recv(), PATIENCE))

    async def hear_of(self, id: str) -> Any:
        """Return the next message about an operation."""
        while (message := await self.hear()).get("id") != id:
            pass
        return message

    async def begin(self, **payload: Any) -> None:
        """Say who it is, and hear that this is known."""
        await self.say(type="connection_init", payload=payload)
        assert await self.hear() == {"type": "connection_ack"}

    async def until_live(self) -> None:
        """Wait until all that was subscribed to is: messages are obeyed in order."""
        await self.subscribe("live", "{ __typename }")
        assert (await self.hear_of("live"))["type"] == "next"
        assert (await self.hear_of("live"))["type"] == "complete"

    async def closed(self) -> tuple[int, str]:
        """Return the code and the reason with which the server closes."""

        async def hear_all() -> None:
            while True:
                await self.connection.recv()

        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(hear_all(), PATIENCE)
        assert closed.value.rcvd is not None, "the line was cut without a word"
        return closed.value.rcvd.code, closed.value.rcvd.reason


@asynccontextmanager
async def socket(
    url: str, token: str | None = None, *, protocol: str = PROTOCOL, **headers: str
) -> AsyncIterator[Socket]:
    """Open a websocket, and say whose it is if a token is given."""
    address = url.replace("http://", "ws://") + "/graphql"
    async with connect(
        address,
        subprotocols=[Subprotocol(protocol)],
        additional_headers=headers,
        compression=None,
        open_timeout=PATIENCE,
        ping_interval=None,
    ) as connection:
        opened = Socket(connection)
        if token is not None:
            await opened.begin(authToken=token)
        yield opened
