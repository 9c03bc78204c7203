"""Signing in where the firm already does, in a real browser and against a real provider."""

import json
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
import pytest
from playwright.async_api import Browser, Page, Response, async_playwright

from database import connected
from models import BrowserSession, Organisation, User
from tests.factories import make_organisation, make_user
from tests.served import PATIENCE, Served, free_port, served

CHROMIUM: Final = Path("/usr/bin/chromium")
ADA: Final = "ada@bank.example"
WHO: Final = "{ viewer { user { email } } }"
ASK: Final = """async () => {
  const response = await fetch('/graphql', {
    method: 'POST', headers: {'content-type': 'application/json'},
    body: JSON.stringify({query: '{ viewer { user { email } } }'}),
  })
  return response.status
}"""


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """Run an OpenID provider as a program of its own, and yield its address."""
    port = free_port()
    url = f"http://localhost:{port}"
    program = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    with subprocess.Popen(  # noqa: S603 - our own interpreter and words
        program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while not answers(url):
            assert process.poll() is None
            time.sleep(0.05)
        yield url
        process.terminate()


def answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=PATIENCE, trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False


@pytest.fixture(scope="module")
async def bank(shared_database_url: str, issuer: str) -> AsyncIterator[Served]:
    port = str(free_port())
    given = [
        {
            "issuer": issuer,
            "organisation": "Northbank",
            "audience": "offboarding",
            "client_id": "offboarding",
            "client_secret": "not so secret",
        }
    ]
    async with connected(shared_database_url):
        north = await make_organisation("Northbank")
        await make_user(organisation=north, email=ADA)
        await make_user(organisation=north, email="gone@bank.example", enabled=False)
        await make_user(organisation=await make_organisation("Southbank"), email="s@bank.example")
        environment = {
            "DATABASE_URL": shared_database_url,
            "OIDC_ISSUERS": json.dumps(given),
            "DEMO": "true",
            "PORT": port,
        }
        async with served(**environment) as server:
            yield server


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    if not CHROMIUM.exists():
        pytest.skip(f"There is no browser at {CHROMIUM}.")
    async with async_playwright() as playwright, chromium(playwright) as browser:
        page = await browser.new_page()
        page.set_default_timeout(PATIENCE * 1_000)
        yield page


@asynccontextmanager
async def chromium(playwright: Any) -> AsyncIterator[Browser]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    browser = await playwright.chromium.launch(
        executable_path=str(CHROMIUM), args=flags, timeout=PATIENCE * 1_000
    )
    try:
        yield browser
    finally:
        await browser.close()


def answers_who(response: Response) -> bool:
    """Return whether a response is to what is in the editor; the page itself asks, too."""
    return WHO in (response.request.post_data or "")


async def test_signs_in_runs_a_query_in_graphiql_and_signs_out(bank: Served, page: Page) -> None:
    await page.goto(f"{bank.url}/?query={quote(WHO)}")
    before = await page.evaluate(ASK)

    await page.get_by_role("link", name="Sign in").first.click()
    await page.fill("input[name=sub]", ADA)
    await page.click("button:not([value=deny])")
    await page.locator(".graphiql-query-editor .view-line").first.wait_for()
    async with page.expect_response(answers_who) as waiting:
        await page.locator(".graphiql-execute-button").click()
    answered = await (await waiting.value).json()
    scripts_see = await page.evaluate("document.cookie")
    cookies = {cookie["name"]: cookie for cookie in await page.context.cookies(bank.url)}

    await page.locator(".identity-button").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url(re.compile(r".*/oauth2/end_session\?.*"))
    leaving = parse_qs(urlsplit(page.url).query)
    await page.goto(bank.url)
    after = await page.evaluate(ASK)

    assert (before, after) == (401, 401)
    assert answered == {
        "data": {"viewer": {"user": {"email": ADA}}},
        "extensions": {"cost": 3},
    }
    assert scripts_see == ""
    assert cookies["session"]["httpOnly"]
    assert cookies["session"]["sameSite"] == "Lax"
    assert leaving["post_logout_redirect_uri"] == [f"{bank.url}/"]
    assert leaving["id_token_hint"][0].count(".") == 2
    assert await BrowserSession.all().count() == 0


class Client:
    """A browser without a window, that follows no redirect by itself."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http
        self.away = ""

    async def leave(self, **query: str) -> dict[str, str]:
        """Go to the provider and return what is asked of it."""
        response = await self.http.get("/sign-in", params=query)
        assert response.status_code == 302, response.text
        self.away = response.headers["location"]
        return {name: values[0] for name, values in parse_qs(urlsplit(self.away).query).items()}

    async def confirm(self, subject: str = ADA) -> str:
        """Say at the provider who one is, and return where it sends the browser."""
        async with httpx2.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
            response = await http.post(self.away, data={"sub": subject})
        return str(response.headers["location"])

    async def come_back(self, place: str) -> httpx2.Response:
        return await self.http.get(place)


@asynccontextmanager
async def without_window(bank: Served) -> AsyncIterator[Client]:
    async with httpx2.AsyncClient(base_url=bank.url, timeout=PATIENCE, trust_env=False) as http:
        yield Client(http)


@pytest.fixture
async def client(bank: Served) -> AsyncIterator[Client]:
    async with without_window(bank) as client:
        yield client


@pytest.fixture
async def victim(bank: Served) -> AsyncIterator[Client]:
    async with without_window(bank) as victim:
        yield victim


async def test_asks_with_a_state_a_nonce_and_a_challenge(client: Client, bank: Served) -> None:
    first, second = await client.leave(), await client.leave()

    for asked in (first, second):
        assert asked["response_type"] == "code"
        assert asked["redirect_uri"] == f"{bank.url}/sign-in/callback"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
    for secret in ("state", "nonce", "code_challenge"):
        assert first[secret] != second[secret]
        assert len(first[secret]) >= 20


async def test_begins_a_session_and_goes_on_where_one_was(client: Client) -> None:
    await client.leave(next="/explore")

    response = await client.come_back(await client.confirm())

    assert response.status_code == 303
    assert response.headers["location"] == "/explore"
    user = await User.get(email=ADA)
    session = await BrowserSession.get(user_id=user.id)
    assert session.id_token is not None
    await session.delete()


async def test_leaves_by_the_provider(client: Client, bank: Served, issuer: str) -> None:
    await client.leave()
    await client.come_back(await client.confirm())

    response = await client.http.post("/sign-out", headers={"origin": bank.url})

    assert response.status_code == 303
    assert response.headers["location"].startswith(f"{issuer}/oauth2/end_session?"), bank.log
    assert "session" not in client.http.cookies
    assert await BrowserSession.all().count() == 0


async def test_begins_no_session_in_a_browser_that_has_not_asked(
    client: Client, victim: Client
) -> None:
    await client.leave()
    place = await client.confirm()

    response = await victim.come_back(place)

    assert response.status_code == 400
    assert "session" not in victim.http.cookies
    assert await BrowserSession.all().count() == 0


async def test_begins_no_session_by_the_state_of_another_browser(
    client: Client, victim: Client
) -> None:
    await client.leave()
    place = await client.confirm()
    await victim.leave()

    response = await victim.come_back(place)

    assert response.status_code == 400
    assert await BrowserSession.all().count() == 0


async def test_takes_an_answer_once(client: Client) -> None:
    await client.leave()
    place = await client.confirm()
    first = await client.come_back(place)

    second = await client.come_back(place)

    assert [first.status_code, second.status_code] == [303, 400]
    await BrowserSession.all().delete()


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("nobody@bank.example", "You are not known here"),
        ("s@bank.example", "You are not known here"),
        ("gone@bank.example", "You have no access any more"),
    ],
)
async def test_lets_in_nobody_whom_the_organisation_does_not_know(
    client: Client, subject: str, said: str
) -> None:
    await client.leave()

    response = await client.come_back(await client.confirm(subject))

    assert response.status_code == 403
    assert said in response.text
    assert await BrowserSession.all().count() == 0


@pytest.mark.parametrize("query", ["error=access_denied", "code=x", "code=x&state=y", ""])
async def test_begins_no_session_when_the_provider_does_not_confirm(
    client: Client, query: str
) -> None:
    await client.leave()

    response = await client.come_back(f"/sign-in/callback?{query}")

    assert response.status_code == 400
    assert await BrowserSession.all().count() == 0


async def test_offers_no_choice_of_a_person_beside_a_provider(client: Client, bank: Served) -> None:
    assert await Organisation.exists(name="Demo Bank")
    user = await User.get(email="admin@demo.example")

    headers = {"origin": bank.url}
    response = await client.http.post("/sign-in", data={"user": str(user.id)}, headers=headers)

    assert response.status_code == 405


async def test_says_so_when_the_provider_does_not_answer(shared_database_url: str) -> None:
    given = [
        {
            "issuer": f"http://127.0.0.1:{free_port()}",
            "organisation": name,
            "audience": "offboarding",
            "client_id": "offboarding",
            "client_secret": "x",
        }
        for name in ("Northbank", "Southbank")
    ]
    environment = {"DATABASE_URL": shared_database_url, "OIDC_ISSUERS": json.dumps(given)}
    async with served(**environment) as server:
        choice = await server.http.get("/sign-in", params={"next": "/a?b=c"})
        links = re.findall(r'href="(/sign-in\?[^"]+)"', choice.text)
        silent = await server.http.get(links[0].replace("&amp;", "&"))

    assert choice.status_code == 200
    assert links == [f"/sign-in?provider={place}&amp;next=%2Fa%3Fb%3Dc" for place in (0, 1)]
    assert silent.status_code == 502
