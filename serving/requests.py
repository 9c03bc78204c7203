"""Requests as they are read from a connection: uvicorn's protocol, in fewer steps for each."""

import asyncio
from typing import Any
from urllib.parse import unquote

import httptools
from typing_extensions import override
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from schema.responses import WHOLE_ANSWER
from serving.exchange import Exchange


class Requests(HttpToolsProtocol):
    """Makes an exchange of each request, from what the parser of uvicorn's protocol tells of it."""

    cycle: Exchange | None  # type: ignore[assignment] # which uvicorn leaves out of its type

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - what uvicorn gives
        super().__init__(*arguments, **options)
        self._in_header = self._in_trailer = False
        # Bytes of the reads since which headers, or trailers, do not end.
        self._endless = 0
        # Whether what is read is to become a websocket.
        self._upgrades = False
        # What all scopes of a connection have, and what they have of the address that was asked for
        # last: most clients have but one.
        self._always: dict[str, Any] = {}
        self._url = b""
        self._target: dict[str, Any] = {}

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self._always = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": self.root_path,
            "extensions": {WHOLE_ANSWER: {}},
        }

    @override
    def on_message_begin(self) -> None:
        # The scope, which uvicorn begins here, is made when the head is known.
        self._in_header, self._in_trailer = True, False
        self._endless = 0
        self.url = b""
        self.headers = []

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        # A trailer is no header: who reads those has read them by then.
        if self._in_header:
            self.headers.append((name.lower(), value))

    @override
    def on_headers_complete(self) -> None:
        self._in_header = False
        parser = self.parser
        version = parser.get_http_version()
        scope: Any = {
            **self._always,
            "http_version": version,
            "method": parser.get_method().decode("ascii"),
            "headers": self.headers,
            "state": self.app_state.copy(),
        }
        self.scope = scope
        self._upgrades = parser.should_upgrade() and self._should_upgrade()
        if self._upgrades:
            return
        if self.url != self._url:
            self._read_url()
        scope.update(self._target)
        keep_alive = version != "1.0" and parser.should_keep_alive()
        self._begin(Exchange(self, scope, keep_alive=keep_alive))

    def _read_url(self) -> None:
        parsed = httptools.parse_url(self.url)
        path = parsed.path.decode("ascii")
        self._target = {
            "path": self.root_path + (unquote(path) if "%" in path else path),
            "raw_path": self.root_path.encode("ascii") + parsed.path,
            "query_string": parsed.query or b"",
        }
        self._url = self.url

    def _begin(self, exchange: Exchange) -> None:
        """Answer a request, or let it wait for those that came before it."""
        before, self.cycle = self.cycle, exchange
        if before is None or before.response_complete:
            self._start_asgi_task(exchange, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((exchange, self.app))

    def on_chunk_header(self) -> None:
        """Take what follows for trailers, as it is after the last chunk, until it is none."""
        self._in_trailer, self._endless = True, 0

    @override
    def on_body(self, body: bytes) -> None:
        self._in_trailer = False
        exchange = self.cycle
        if self._upgrades or exchange is None or exchange.response_complete:
            return
        exchange.body += body
        if len(exchange.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        if exchange.waited:
            exchange.message_event.set()

    @override
    def on_message_complete(self) -> None:
        exchange = self.cycle
        if self._upgrades or exchange is None or exchange.response_complete:
            return
        exchange.more_body = False
        if exchange.waited:
            exchange.message_event.set()

    def _is_busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete
