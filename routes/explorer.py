"""The page for analysts at `/`, the picture of the schema at `/schema`, and what both ask for.

The files in `static/` are built from `explore/`. They are kept compressed, and read once.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

import auth
from routes.pages import HEADERS, POLICY
from schema import sdl
from settings import ROOT, Settings

STATIC: Final = ROOT / "static"
_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
}
# What both pages need: editor and picture write styles into the page, with small images in them.
_PAGE: Final = (
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self' data:",
    "img-src 'self' data:",
    "connect-src 'self'",
)
_EXPLORE: Final = ("script-src 'self'", "worker-src 'self'")
# The picture is laid out by WebAssembly in a worker that the page makes of its own text.
_SCHEMA: Final = ("script-src 'self' 'wasm-unsafe-eval'", "worker-src 'self' blob:")


@dataclass(frozen=True)
class File:
    """A file to be sent: its bytes by the name of their encoding."""

    media_type: str
    encoded: Mapping[str, bytes]
    cache_control: str

    @cached_property
    def etag(self) -> str:
        """What changes when the file does."""
        return f'"{hashlib.sha256(self.encoded["gzip"]).hexdigest()[:32]}"'

    def response(self, request: Request, **headers: str) -> Response:
        """Return the file in the best encoding that is understood, unless it is known already."""
        sent = {
            "cache-control": self.cache_control,
            "etag": self.etag,
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
            **headers,
        }
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=sent)
        sent["content-type"] = self.media_type
        accepted = _encodings(request.headers.get("accept-encoding", ""))
        for encoding, content in self.encoded.items():
            if encoding in accepted:
                return Response(content, headers={**sent, "content-encoding": encoding})
        return Response(gzip.decompress(self.encoded["gzip"]), headers=sent)


def _encodings(header: str) -> set[str]:
    """Return the encodings that a client understands."""
    parts = (part.replace(" ", "").partition(";") for part in header.lower().split(","))
    return {name for name, _, quality in parts if quality not in {"q=0", "q=0.0"}}


def files_of(folder: Path) -> dict[str, File]:
    """Return the files of a folder by their paths; each is there as `.br` and as `.gz`."""
    found = {}
    for packed in sorted(folder.rglob("*.gz")):
        path = packed.with_suffix("")
        name = path.relative_to(folder).as_posix()
        encoded = {
            "br": path.with_name(f"{path.name}.br").read_bytes(),
            "gzip": packed.read_bytes(),
        }
        # The name of an asset changes with its content.
        forever = name.startswith("assets/")
        cache = "public, max-age=31536000, immutable" if forever else "no-cache"
        found[name] = File(_TYPES[path.suffix], encoded, cache)
    return found


def _compressed(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


async def _is_signed_in(request: Request) -> bool:
    try:
        await auth.credential_of(request.scope).viewer()
    except auth.UnauthenticatedError:
        return False
    return True


def _headers(settings: Settings, *allowed: str) -> dict[str, str]:
    """Return the headers of a page; `allowed` are the directives that only this one has."""
    # Who signs out here is sent on to the provider to sign out there, too.
    providers = {urlsplit(issuer.issuer) for issuer in settings.oidc_issuers or ()}
    origins = sorted({f"{parts.scheme}://{parts.netloc}" for parts in providers})
    policy = POLICY.replace("form-action 'self'", " ".join(("form-action 'self'", *origins)))
    return {
        **HEADERS,
        "cache-control": "no-cache",
        "content-security-policy": "; ".join((policy, *_PAGE, *allowed)),
    }


def explorer_routes(settings: Settings, *, sign_in: bool, mail: bool) -> list[BaseRoute]:
    """Return the routes of the pages; the arguments say what else this server offers to them."""
    files = files_of(STATIC)
    sdl_file = File("text/plain; charset=utf-8", {"gzip": _compressed(sdl())}, "no-cache")
    # Nobody is just anybody where a provider says who they are.
    demo = settings.is_demo and not settings.oidc_issuers
    offers = {"demo": demo, "signIn": sign_in, "mail": mail}
    explore_headers = _headers(settings, *_EXPLORE)
    schema_headers = _headers(settings, *_SCHEMA)

    async def explore(request: Request) -> Response:
        return files["index.html"].response(request, **explore_headers)

    async def picture(request: Request) -> Response:
        return files["schema.html"].response(request, **schema_headers)

    async def language(request: Request) -> Response:
        return sdl_file.response(request)

    async def offered(request: Request) -> Response:
        body = orjson.dumps({**offers, "signedIn": await _is_signed_in(request)})
        return Response(body, headers={"cache-control": "no-store"}, media_type="application/json")

    async def file(request: Request) -> Response:
        found = files.get(request.url.path.removeprefix("/"))
        if found is None:
            return Response("There is no such file.", 404, media_type="text/plain")
        return found.response(request, **{"cross-origin-resource-policy": "same-origin"})

    return [
        Route("/", explore),
        Route("/schema", picture),
        Route("/schema.graphql", language),
        Route("/explore.json", offered),
        Route("/assets/{name}", file),
        Route("/icon.svg", file),
        Route("/licences.txt", file),
    ]
