"""A browser as an analyst has one, on a started server of the demo."""

import re
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Page, Response, async_playwright, expect

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


@pytest.fixture
def open_page(browser: Browser, demo: Served) -> Open:
    """Return what opens a page for somebody; it must neither complain nor call anybody else."""

    @asynccontextmanager
    async def open_(who: str | None = None, path: str = "/", **options: Any) -> AsyncIterator[Page]:
        context = await browser.new_context(base_url=demo.url, **options)
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = await context.new_page()
        page.set_default_timeout(MILLISECONDS)
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None,
        )
        own = (demo.url, demo.url.replace("http", "ws"), "data:", "blob:")
        page.on(
            "request",
            lambda request: None if request.url.startswith(own) else complaints.append(request.url),
        )
        if who is not None:
            await sign_in(page, who)
        if who is None or path != "/":
            await page.goto(path)
        try:
            yield page
        finally:
            await context.close()
        assert complaints == []

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
