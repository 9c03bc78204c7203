"""Signing in to the demo with a browser: what a session is good for, from where, and how long."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx2
import pytest

from database import connected
from models import BrowserSession, User
from models.credentials import hash_of
from tests.served import PATIENCE, Served, free_port, served

WHO: Final = "{ viewer { user { email } } }"
EVIL: Final = "https://evil.example"
APP: Final = "https://app.bank.example"


class Browser:
    """What a browser does: it keeps its cookie, and says where a request comes from."""

    def __init__(self, server: Served) -> None:
        self.server = server
        self.http = httpx2.AsyncClient(base_url=server.url, timeout=PATIENCE, trust_env=False)

    async def post(self, path: str, **sent: Any) -> httpx2.Response:
        """Send a form or JSON as a page of the server does."""
        headers = {"origin": self.server.url} | sent.pop("headers", {})
        headers = {name: value for name, value in headers.items() if value is not None}
        return await self.http.post(path, headers=headers, **sent)

    async def sign_in(self, email: str, next_: str = "/") -> httpx2.Response:
        """Choose a person on the page."""
        page = await self.http.get("/sign-in", params={"next": next_})
        found = re.search(rf'value="([0-9a-f-]+)">[^<]*\s*<small>{re.escape(email)} ', page.text)
        assert found is not None, page.text
        return await self.post("/sign-in", data={"user": found[1], "next": next_})

    async def who(self, **headers: str | None) -> Any:
        """Return the address of the viewer, or the status and the code of a refusal."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = await self.post("/graphql", json={"query": WHO}, headers=named)
        answer = response.json()
        if response.status_code != 200:
            return response.status_code, answer["errors"][0]["extensions"]["code"]
        return answer["data"]["viewer"]["user"]["email"]


@pytest.fixture(scope="module")
async def demo(shared_database_url: str) -> AsyncIterator[Served]:
    environment = {"DATABASE_URL": shared_database_url, "DEMO": "true", "CORS_ORIGINS": APP}
    async with served(**environment) as server, connected(shared_database_url):
        yield server


@pytest.fixture
async def browser(demo: Served) -> AsyncIterator[Browser]:
    browser = Browser(demo)
    yield browser
    await browser.http.aclose()


async def test_signs_in_as_the_person_who_is_chosen(browser: Browser) -> None:
    before = await browser.who()

    response = await browser.sign_in("officer@demo.example", "/explore?a=1")

    assert before == (401, "UNAUTHENTICATED")
    assert response.status_code == 303
    assert response.headers["location"] == "/explore?a=1"
    assert await browser.who() == "officer@demo.example"


async def test_keeps_the_cookie_from_scripts_and_its_secret_out_of_the_database(
    browser: Browser,
) -> None:
    response = await browser.sign_in("officer@demo.example")

    cookie = response.headers["set-cookie"]
    secret = browser.http.cookies["session"]
    assert cookie == f"session={secret}; HttpOnly; Max-Age=36000; Path=/; SameSite=lax"
    assert len(secret) == 43
    row = await BrowserSession.get(hash=hash_of(secret))
    assert secret not in str(await BrowserSession.filter(id=row.id).values())
    assert timedelta(hours=9.9) < row.expires_at - datetime.now(UTC) <= timedelta(hours=10)


async def test_shows_enabled_people_of_the_demo_on_a_page_that_runs_nothing(
    browser: Browser,
) -> None:
    page = await browser.http.get("/sign-in")

    assert page.status_code == 200
    assert "Olga Officer" in page.text
    assert "Otto Other" in page.text
    assert "Felix Former" not in page.text
    assert "script" not in page.text
    policy = page.headers["content-security-policy"].split("; ")
    assert policy[:4] == [
        "default-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
    assert re.fullmatch(r"style-src 'sha256-[\w+/]+='", policy[4])
    for header, value in {
        "cache-control": "no-store",
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }.items():
        assert page.headers[header] == value


async def test_signs_out_at_the_next_request_whoever_has_kept_the_cookie(browser: Browser) -> None:
    await browser.sign_in("officer@demo.example")
    kept = browser.http.cookies["session"]
    before = await browser.who()

    response = await browser.post("/sign-out")

    assert before == "officer@demo.example"
    assert response.status_code == 303
    assert response.headers["location"] == "/"
    assert "session" not in browser.http.cookies
    assert await browser.who() == (401, "UNAUTHENTICATED")
    assert await browser.who(cookie=f"session={kept}") == (401, "UNAUTHENTICATED")


async def test_ends_the_session_that_a_new_one_takes_the_place_of(browser: Browser) -> None:
    await browser.sign_in("officer@demo.example")
    first = browser.http.cookies["session"]

    await browser.sign_in("approver@demo.example")

    assert await browser.who() == "approver@demo.example"
    browser.http.cookies.clear()
    assert await browser.who(cookie=f"session={first}") == (401, "UNAUTHENTICATED")


async def test_ends_at_the_next_request_when_the_user_is_disabled_or_its_time_is_over(
    browser: Browser,
) -> None:
    await browser.sign_in("manager@demo.example")
    user = await User.get(email="manager@demo.example")
    before = await browser.who()

    await User.filter(id=user.id).update(enabled=False)
    disabled = await browser.who()
    await User.filter(id=user.id).update(enabled=True)
    enabled = await browser.who()
    await BrowserSession.filter(user_id=user.id).update(expires_at=datetime.now(UTC))

    assert [before, disabled, enabled] == [
        "manager@demo.example",
        (401, "UNAUTHENTICATED"),
        "manager@demo.example",
    ]
    assert await browser.who() == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "origin", [EVIL, "null", None, "http://127.0.0.1:1", APP + ".evil.example"]
)
async def test_takes_no_session_from_the_page_of_another_site(
    browser: Browser, origin: str | None
) -> None:
    await browser.sign_in("officer@demo.example")

    assert await browser.who(origin=origin) == (401, "ORIGIN_NOT_ALLOWED")


async def test_takes_a_session_from_the_page_of_a_site_that_is_named(browser: Browser) -> None:
    await browser.sign_in("officer@demo.example")

    assert await browser.who(origin=APP) == "officer@demo.example"


async def test_believes_a_browser_that_a_page_of_ours_began_to_read(browser: Browser) -> None:
    await browser.sign_in("officer@demo.example")

    seen = {
        site: (await browser.http.get("/graphql", headers={"sec-fetch-site": site})).status_code
        for site in ("same-origin", "none", "same-site", "cross-site")
    }

    # 405 is what a GET is told once it is known who asks.
    assert seen == {"same-origin": 405, "none": 405, "same-site": 401, "cross-site": 401}


@pytest.mark.parametrize("origin", [EVIL, "null", None, APP])
async def test_neither_signs_in_nor_out_for_a_page_of_another_site(
    browser: Browser, origin: str | None
) -> None:
    await browser.sign_in("officer@demo.example")
    kept = browser.http.cookies["session"]
    user = await User.get(email="admin@demo.example")

    headers = {"origin": origin}
    entered = await browser.post("/sign-in", data={"user": str(user.id)}, headers=headers)
    left = await browser.post("/sign-out", headers=headers)

    assert [entered.status_code, left.status_code] == [403, 403]
    assert browser.http.cookies["session"] == kept
    assert await browser.who() == "officer@demo.example"


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"user": "nobody"},
        {"user": "00000000-0000-0000-0000-000000000000"},
        {"user": "x" * 20_000},
    ],
)
async def test_signs_in_as_nobody_else(browser: Browser, form: dict[str, str]) -> None:
    response = await browser.post("/sign-in", data=form)

    assert response.status_code == 400
    assert "session" not in browser.http.cookies


@pytest.mark.parametrize(
    "place",
    [
        *("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", "\n/a"),
        *("//[", "http://[/", "/\\["),
    ],
)
async def test_leads_to_no_other_site(browser: Browser, place: str) -> None:
    response = await browser.sign_in("officer@demo.example", place)

    assert response.headers["location"] == "/"


async def test_lets_a_token_win_over_a_session(browser: Browser) -> None:
    await browser.sign_in("officer@demo.example")

    assert await browser.who(authorization="Bearer nonsense") == (401, "UNAUTHENTICATED")


async def test_answers_front_ends_of_the_sites_that_are_named_and_no_other(
    demo: Served,
) -> None:
    asked = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,idempotency-key,x-request-id",
    }
    allowed, refused = [
        await demo.http.options("/graphql", headers={"origin": origin, **asked})
        for origin in (APP, EVIL)
    ]
    answered = await demo.http.post("/graphql", json={}, headers={"origin": APP})
    unanswered = await demo.http.post("/graphql", json={}, headers={"origin": EVIL})

    assert (allowed.status_code, refused.status_code) == (200, 400)
    assert allowed.headers["access-control-allow-origin"] == APP
    assert allowed.headers["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in refused.headers
    assert answered.headers["access-control-allow-origin"] == APP
    assert "Origin" in answered.headers["vary"]
    assert {"Idempotency-Replayed", "Retry-After", "X-Request-ID"} <= set(
        answered.headers["access-control-expose-headers"].split(", ")
    )
    assert "access-control-allow-origin" not in unanswered.headers


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    "environment",
    [
        {"DEMO": "false"},
        {"HOST": "0.0.0.0"},  # noqa: S104 - this is what must not be
        {"PUBLIC_URL": "https://demo.bank.example"},
    ],
)
async def test_offers_no_choice_beyond_this_machine_or_the_demo(
    shared_database_url: str, environment: dict[str, str]
) -> None:
    given = {"DATABASE_URL": shared_database_url, "DEMO": "true", "PORT": str(free_port())}
    user = await User.get(email="admin@demo.example")

    async with served(**(given | environment)) as elsewhere:
        page = await elsewhere.http.get("/sign-in")
        form = {"user": str(user.id)}
        entered = await elsewhere.http.post(
            "/sign-in", data=form, headers={"origin": elsewhere.url}
        )
        preflight = await elsewhere.http.options(
            "/graphql", headers={"origin": APP, "access-control-request-method": "POST"}
        )

    assert [page.status_code, entered.status_code] == [404, 404]
    assert "access-control-allow-origin" not in preflight.headers
