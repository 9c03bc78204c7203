"""Which pages of which sites may use a browser's session: ours, and those that are named."""

import ipaddress
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from settings import Settings

# A request, as ASGI tells of it.
Scope = MutableMapping[str, Any]

LOOPBACK_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")
# Where a request keeps its headers by their names once one was asked for.
_HEADERS: Final = "headers_by_name"
_PORTS: Final = {"http": 80, "https": 443}
# What a browser says of a request that a page of ours, or the address bar, began.
_BEGUN_HERE: Final = {"same-origin", "none"}


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """Return the headers of a request by their names.

    One that is sent several times is a list (RFC 9110, 5.3), so that no two readers of a request
    take different ones of them for the only one.
    """
    values: dict[bytes, bytes] | None = scope.get(_HEADERS)
    if values is None:
        headers = scope["headers"]
        values = dict(headers)
        if len(values) < len(headers):
            values = {}
            for name, value in headers:
                values[name] = values[name] + b", " + value if name in values else value
        scope[_HEADERS] = values
    return values


def header(scope: Scope, name: bytes) -> str | None:
    """Return the value of a header of a request, or None where it has none."""
    found = (scope.get(_HEADERS) or headers_of(scope)).get(name)
    return None if found is None else found.decode("latin-1")


def is_loopback(host: str) -> bool:
    """Return whether a host can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _origin(scheme: str, host: str, port: int | None) -> str:
    default = port in {None, _PORTS[scheme]}
    return f"{scheme}://{host}" if default else f"{scheme}://{host}:{port}"


def _own(url: str) -> frozenset[str]:
    """Return the origins of our own pages; on loopback each of its names."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    names = LOOPBACK_NAMES if is_loopback(host) else (f"[{host}]" if ":" in host else host,)
    return frozenset(_origin(parts.scheme, name, parts.port) for name in names)


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins, `scheme://host[:port]`, whose pages are trusted with a session."""

    own: frozenset[str]
    others: frozenset[str]
    secure: bool

    @classmethod
    def of(cls, settings: Settings) -> "Origins":
        """Return the origins that the settings name; cookies are for HTTPS only but on loopback."""
        loopback = is_loopback(urlsplit(settings.address).hostname or "")
        secure = settings.address.startswith("https://") or not loopback
        return cls(_own(settings.address), frozenset(settings.origins), secure)

    def admit(self, scope: Scope) -> bool:
        """Return whether a session may be used: only from a page that is trusted with it.

        Browsers send no origin with what a page of ours merely fetches; that they call by another
        header, which no page can forge. Who sends neither is no browser and has no session.
        """
        origin = header(scope, b"origin")
        if origin:
            return origin in self.own or origin in self.others
        reads = scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}
        return reads and header(scope, b"sec-fetch-site") in _BEGUN_HERE

    def admit_socket(self, scope: Scope) -> bool:
        """Return whether a socket may be opened: by a trusted page, or by what is no browser.

        No other rule of a browser stands in its way: those about sites end where sockets begin.
        """
        origin = header(scope, b"origin")
        return not origin or origin in self.own or origin in self.others

    def admit_page(self, scope: Scope) -> bool:
        """Return whether a form was sent by a page of our own."""
        return header(scope, b"origin") in self.own
