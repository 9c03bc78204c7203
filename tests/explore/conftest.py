"""A browser as an analyst has one, on a started server of the demo."""

import re
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    Page,
    Response,
    async_playwright,
    expect,
)

from tests.served import PATIENCE, Served, served

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")
# As root there is no sandbox, and nothing of the browser's own may go out.
OPTIONS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MILLISECONDS: Final = PATIENCE * 1_000
# What the page asks of its own accord: who is signed in, and what its queries are to be about.
OF_THE_PAGE: Final = ("clientAccess openTaskCount", "pending: clientFile")
EMPTY: Final = "about:blank"
KEPT: Final = "cookies,local_storage,indexeddb,cache_storage"

Scheme = Literal["light", "dark"]
Open = Callable[..., AbstractAsyncContextManager[Page]]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Yield Debian's Chromium, or skip where there is none."""
    if CHROMIUM is None:
        pytest.skip("Chromium is missing: the page is not tried in a browser")
    expect.set_options(timeout=MILLISECONDS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=OPTIONS, timeout=MILLISECONDS
        )
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
async def demo(shared_database_url: str) -> AsyncIterator[Served]:
    """Yield a server of the demo."""
    async with served(DATABASE_URL=shared_database_url, DEMO="true") as server:
        yield server


@dataclass
class Tab:
    """A page, and what it complained of or asked of anybody but the server."""

    page: Page
    url: str
    complaints: list[str]

    @classmethod
    async def of(cls, context: BrowserContext, url: str) -> "Tab":
        """Open one in a context."""
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = await context.new_page()
        page.set_default_timeout(MILLISECONDS)
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None,
        )
        own = (url, url.replace("http", "ws"), "data:", "blob:", EMPTY)
        page.on(
            "request",
            lambda request: None if request.url.startswith(own) else complaints.append(request.url),
        )
        return cls(page, url, complaints)

    async def clear(self) -> None:
        """Leave nothing of whoever used it; but what it has compiled it need not compile again."""
        await self.page.unroute_all()
        await self.page.evaluate("sessionStorage.clear()")
        await self.page.goto(EMPTY)
        session = await self.page.context.new_cdp_session(self.page)
        kept = {"origin": self.url, "storageTypes": KEPT}
        await session.send("Storage.clearDataForOrigin", kept)
        await session.detach()
        self.complaints.clear()


@pytest.fixture(scope="module")
async def tab(browser: Browser, demo: Served) -> AsyncIterator[Tab]:
    """Yield the page that most tests use, one after the other."""
    context = await browser.new_context(base_url=demo.url)
    yield await Tab.of(context, demo.url)
    await context.close()


@asynccontextmanager
async def new_tab(browser: Browser, url: str, **options: Any) -> AsyncIterator[Tab]:
    """Open a page as a browser does that has never been here."""
    context = await browser.new_context(base_url=url, **options)
    try:
        yield await Tab.of(context, url)
    finally:
        await context.close()


@asynccontextmanager
async def same_tab(tab: Tab) -> AsyncIterator[Tab]:
    """Lend the page that most tests use."""
    try:
        yield tab
    finally:
        await tab.clear()


@pytest.fixture
def open_page(browser: Browser, demo: Served, tab: Tab) -> Open:
    """Return what opens a page for somebody; it must neither complain nor call anybody else."""

    @asynccontextmanager
    async def open_(
        who: str | None = None,
        path: str = "/",
        *,
        scheme: Scheme = "light",
        anew: bool = False,
        **options: Any,
    ) -> AsyncIterator[Page]:
        opening = new_tab(browser, demo.url, **options) if anew or options else same_tab(tab)
        async with opening as opened:
            page = opened.page
            await page.emulate_media(color_scheme=scheme)
            if who is not None:
                await sign_in(page, who)
            if who is None or path != "/":
                await page.goto(path)
            yield page
            assert opened.complaints == []

    return open_


def answers_what_was_run(response: Response) -> bool:
    """Return whether a response is to what somebody has run in the editor."""
    asked = response.request.post_data or ""
    return response.url.endswith("/graphql") and not any(own in asked for own in OF_THE_PAGE)


async def sign_in(page: Page, who: str) -> None:
    """Sign in as somebody of the demo, by the page that offers it."""
    await page.goto("/sign-in?next=/")
    await page.get_by_role("button", name=re.compile(who)).click()
    await page.locator(".graphiql-query-editor .view-line").first.wait_for()
