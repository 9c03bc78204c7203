"""The pages for analysts as a browser gets them: compressed, kept for ever, and from here only."""

import gzip
import json
import re
from collections.abc import AsyncIterator
from typing import Final

import httpx2
import pytest
from graphql import build_schema
from starlette.applications import Starlette

from routes.explorer import STATIC, explorer_routes
from schema import sdl
from settings import ROOT, Settings
from settings.issuers import Issuer

# What a browser loads of the first page until everything in it works.
MOST_BYTES: Final = 2_500_000


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    routes = explorer_routes(Settings(demo=True), sign_in=True, mail=False)
    transport = httpx2.ASGITransport(app=Starlette(routes=routes))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def assets(html: str) -> list[str]:
    return re.findall(r'(?:src|href)="(/assets/[^"]+)"', html)


@pytest.mark.parametrize("page", ["/", "/schema"])
async def test_a_page_runs_no_script_but_ours(http: httpx2.AsyncClient, page: str) -> None:
    response = await http.get(page)

    policy = response.headers["content-security-policy"]
    directives = {name: set(values) for name, *values in map(str.split, policy.split(";"))}
    assert directives["default-src"] == {"'none'"}
    assert directives["script-src"] - {"'wasm-unsafe-eval'"} == {"'self'"}
    assert ("'wasm-unsafe-eval'" in policy) is (page == "/schema")
    assert "'unsafe-eval'" not in policy
    assert directives["connect-src"] == {"'self'"}
    assert "<script>" not in response.text
    assert " onload=" not in response.text
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["x-frame-options"] == "DENY"


async def test_signing_out_may_lead_on_to_the_provider() -> None:
    issuer = {
        "issuer": "https://id.bank.example/realm",
        "organisation": "Bank",
        "audience": "offboarding",
    }
    settings = Settings(demo=True, oidc_issuers=[Issuer.model_validate(issuer)])
    routes = explorer_routes(settings, sign_in=True, mail=False)
    transport = httpx2.ASGITransport(app=Starlette(routes=routes))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        policy = (await client.get("/")).headers["content-security-policy"]
        offers = (await client.get("/explore.json")).json()

    assert "form-action 'self' https://id.bank.example;" in policy
    assert offers["demo"] is False


@pytest.mark.parametrize("page", ["/", "/schema"])
async def test_what_a_page_loads_is_kept_for_ever(http: httpx2.AsyncClient, page: str) -> None:
    loaded = assets((await http.get(page)).text)

    assert len(loaded) > 1
    for asset in loaded:
        response = await http.get(asset)
        assert response.status_code == 200
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["content-type"].startswith(("text/javascript", "text/css"))


@pytest.mark.parametrize("encoding", ["br", "gzip"])
async def test_sends_what_was_compressed_when_it_was_built(
    http: httpx2.AsyncClient, encoding: str
) -> None:
    (script, *_) = assets((await http.get("/")).text)
    stored = (STATIC / f"{script[1:]}.{'br' if encoding == 'br' else 'gz'}").read_bytes()

    async with http.stream("GET", script, headers={"accept-encoding": encoding}) as response:
        sent = b"".join([part async for part in response.aiter_raw()])

    assert (response.headers["content-encoding"], sent) == (encoding, stored)
    assert response.headers["vary"] == "accept-encoding"


@pytest.mark.parametrize("accepted", ["identity", "br;q=0, gzip;q=0", ""])
async def test_sends_plain_bytes_to_who_takes_nothing_else(
    http: httpx2.AsyncClient, accepted: str
) -> None:
    response = await http.get("/icon.svg", headers={"accept-encoding": accepted})

    assert "content-encoding" not in response.headers
    assert response.content == gzip.decompress((STATIC / "icon.svg.gz").read_bytes())


async def test_tells_who_has_it_already_that_it_is_the_same(http: httpx2.AsyncClient) -> None:
    first = await http.get("/")

    again = await http.get("/", headers={"if-none-match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")


async def test_serves_the_schema_for_code_generators(http: httpx2.AsyncClient) -> None:
    response = await http.get("/schema.graphql")

    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.text == sdl()
    assert build_schema(response.text).query_type


async def test_says_what_this_server_offers_before_anybody_signs_in(
    http: httpx2.AsyncClient,
) -> None:
    response = await http.get("/explore.json")

    offers = {"demo": True, "signIn": True, "mail": False, "signedIn": False}
    assert response.json() == offers


@pytest.mark.parametrize(
    "path", ["/assets/none.js", "/assets/..%2findex.html", "/static/index.html"]
)
async def test_there_is_nothing_else(http: httpx2.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 404


def test_the_first_page_is_light() -> None:
    for suffix in ("br", "gz"):
        files = [p for p in STATIC.rglob(f"*.{suffix}") if not p.name.startswith("schema")]
        assert sum(path.stat().st_size for path in files) < MOST_BYTES


def test_names_the_licence_of_everything_that_was_bundled() -> None:
    licences = gzip.decompress((STATIC / "licences.txt.gz").read_bytes()).decode()
    packages = json.loads((ROOT / "explore" / "package.json").read_text(encoding="utf-8"))

    for name in packages["dependencies"]:
        assert f"\n{name} {packages['dependencies'][name]} (" in licences
    assert "monaco-editor" in licences
    assert "Eclipse Public License" in licences


def test_what_is_built_from_comes_without_the_address_of_a_registry() -> None:
    lock = (ROOT / "explore" / "package-lock.json").read_text(encoding="utf-8")

    assert '"resolved"' not in lock
    assert '"integrity": "sha512-' in lock
