"""The page for analysts in a browser: what they click, what they read, and what stays behind."""

import csv
import io
import json
import re
import zipfile
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Download, Page, expect

from tests.explore.conftest import Open, Scheme, answers_what_was_run
from tests.explore.test_pages import MOST_BYTES
from tests.served import Served, until

READY: Final = (
    "Overview",
    "Dashboard",
    "MyTasks",
    "OverdueTasks",
    "Statistics",
    "Log",
)
STEPS: Final = (
    ("Step1_Start", "OPEN"),
    ("Step2_Work", "IN_PROGRESS"),
    ("Step3_Review", "REVIEW"),
    ("Step4_Done", "DONE"),
)
NOBODY_LEAVING: Final = """
{ clientFile { parties(last: 1, filter: {offboardingState: NONE}) { nodes { id name } } } }
"""
START: Final = """
mutation ($party: ID!) { startPartyOffboarding(input: {partyId: $party}) { __typename } }
"""


async def go_to(page: Page, tab: str) -> None:
    """Change to a tab of GraphiQL."""
    button = page.locator(".graphiql-tab-button", has_text=re.compile(f"^{tab}$"))
    await button.click()
    await expect(button).to_have_attribute("aria-current", "true")


async def run(page: Page) -> Any:
    """Run what is in the editor, and return the answer."""
    async with page.expect_response(answers_what_was_run) as waiting:
        await page.locator(".graphiql-execute-button").click()
    answer = await (await waiting.value).json()
    assert "errors" not in answer, answer
    await expect(page.locator(".graphiql-spinner")).to_have_count(0)
    return answer["data"]


async def write(page: Page, document: str) -> None:
    """Write a document in place of what is in the editor."""
    await page.locator(".graphiql-query-editor .monaco-editor").first.click()
    await page.keyboard.press("Control+A")
    await page.keyboard.press("Delete")
    # Not typed: the editor would close brackets by itself.
    await page.keyboard.insert_text(document)


async def cells(page: Page) -> list[list[str]]:
    """Return the texts of the table, its head first."""
    rows = page.locator(".answer-scroll > table tr")
    found: list[list[str]] = await rows.evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    )
    return found


async def content(download: Download) -> bytes:
    return (await download.path()).read_bytes()


async def view(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()


async def test_the_ready_queries_run_as_they_are(open_page: Open) -> None:
    async with open_page("Adam Approver") as page:
        answers = {}
        for tab in READY:
            await go_to(page, tab)
            first = await page.locator(".graphiql-query-editor .view-line").first.inner_text()
            assert first.startswith("#"), "each has a line of explanation"
            answers[tab] = await run(page)

    assert answers["Overview"]["clientFile"]["parties"]["totalCount"] > 200
    assert answers["Dashboard"]["party"]["offboarding"] is not None
    assert answers["MyTasks"]["offboardings"]["nodes"]
    assert answers["OverdueTasks"]["offboardings"]["nodes"]
    assert answers["Statistics"]["statistics"]["total"] > 50
    assert answers["Log"]["offboarding"]["activity"]["nodes"]


async def test_leads_from_start_to_done(open_page: Open) -> None:
    async with open_page("Adam Approver") as page:
        await go_to(page, "Step1_Start")
        reached = []
        button = page.locator(".graphiql-execute-button")
        for step, _ in STEPS:
            # Only once the editor's text is understood, and nothing runs, is there a choice.
            await expect(button).to_have_attribute("aria-haspopup", "menu")
            await button.click()
            async with page.expect_response(answers_what_was_run) as waiting:
                await page.get_by_role("menuitem", name=step).click()
            answer = await (await waiting.value).json()
            (result,) = answer["data"].values()
            reached.append((step, result["offboarding"]["status"]))
            editor = page.locator(".graphiql-editor-tool .view-lines").first
            await expect(editor).to_contain_text("offboarding_")

    assert reached == list(STEPS)


async def test_clicks_a_query_together(open_page: Open) -> None:
    async with open_page("Alma Analyst") as page:
        await page.get_by_role("button", name="New tab").click()
        await page.get_by_role("button", name="Show GraphiQL Explorer").click()
        for field in ("viewer", "organisation", "name"):
            place = page.locator(".graphiql-explorer-root span", has_text=re.compile(f"^{field}$"))
            await place.first.click()

        answer = await run(page)

        assert answer == {"viewer": {"organisation": {"name": "Demo Bank"}}}


async def test_documents_every_field_and_keeps_what_was_asked(open_page: Open) -> None:
    async with open_page("Ruth Reader") as page:
        await go_to(page, "Statistics")
        await run(page)
        await page.get_by_role("button", name="Show Documentation Explorer").click()
        pane = page.locator(".graphiql-plugin")
        await pane.get_by_text("Query", exact=True).click()
        await expect(pane).to_contain_text("Overview of the viewer's parties and products.")

        await page.get_by_role("button", name="Show History").click()

        await expect(pane).to_contain_text("Statistics")


async def test_completes_variables_by_the_query(open_page: Open) -> None:
    async with open_page("Ruth Reader") as page:
        await go_to(page, "Dashboard")
        await page.locator(".graphiql-editor-tool .monaco-editor").first.click()
        await page.keyboard.press("Control+A")
        await page.keyboard.type("{")
        await page.keyboard.press("Enter")

        # Which variables there are becomes known a moment after the query was opened.
        suggested = page.locator(".suggest-widget.visible", has_text="reference")
        for turn in range(40):
            await page.keyboard.press("Control+Space")
            await page.wait_for_timeout(100 + 50 * turn)
            if await suggested.is_visible():
                break
            await page.keyboard.press("Escape")

        await expect(suggested).to_be_visible()


# ---------------------------------------------------------------- the answer


async def test_shows_an_answer_as_a_table_and_gives_it_away(open_page: Open) -> None:
    async with open_page("Alma Analyst") as page:
        await go_to(page, "Log")
        answer = await run(page)
        nodes = answer["offboarding"]["activity"]["nodes"]
        await view(page, "Table")
        shown = await cells(page)
        async with page.expect_download() as waiting:
            await view(page, "CSV")
        saved = await content(await waiting.value)
        async with page.expect_download() as waiting:
            await view(page, "Excel")
        book = await content(await waiting.value)
        await view(page, "Copy")
        await expect(page.get_by_text("Copied")).to_be_visible()
        copied = await page.evaluate("navigator.clipboard.readText()")

    assert shown[0] == ["occurredAt", "kind", "actor.name", "changes"]
    for row, node in zip(shown[1:], nodes, strict=True):
        actor = node["actor"]["name"] if node["actor"] else ""
        assert row[:3] == [node["occurredAt"], node["kind"], actor]
    table = list(csv.reader(io.StringIO(saved.decode(), newline="")))
    assert table == shown
    assert list(csv.reader(io.StringIO(copied, newline=""), delimiter="\t")) == shown
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        texts = " ".join(archive.read(n).decode() for n in archive.namelist() if "xml" in n)
    assert nodes[0]["occurredAt"] in texts


async def test_sorts_by_a_click_and_defuses_formulas(open_page: Open) -> None:
    async with open_page("Alma Analyst") as page:
        await page.route("**/graphql", _formulas)
        await write(page, "{ list { name count } }")
        await page.keyboard.press("Control+Enter")
        await view(page, "Table")
        await page.get_by_role("button", name="count", exact=True).click()
        up = [row[1] for row in (await cells(page))[1:]]
        await page.get_by_role("button", name="count").click()
        down = [row[1] for row in (await cells(page))[1:]]
        await expect(page.locator("th").nth(1)).to_have_attribute("aria-sort", "descending")
        async with page.expect_download() as waiting:
            await view(page, "CSV")
        saved = await content(await waiting.value)

    assert (up, down) == (["2", "10", ""], ["10", "2", ""])
    assert saved.decode().splitlines() == ["name,count", "'@SUM(A1),10", "'=1+1,2", "'-3,"]


async def _formulas(route: Any) -> None:
    rows = [{"name": "=1+1", "count": 2}, {"name": "@SUM(A1)", "count": 10}]
    body = json.dumps({"data": {"list": [*rows, {"name": "-3", "count": None}]}})
    await route.fulfill(body=body, content_type="application/json")


async def test_draws_statistics_with_a_table_for_screen_readers(open_page: Open) -> None:
    async with open_page("Ruth Reader") as page:
        await go_to(page, "Statistics")
        statistics = (await run(page))["statistics"]
        await view(page, "Chart")

        charts = page.locator("figure.chart")
        await expect(charts).to_have_count(4)
        for number, name in enumerate(("byStatus", "byResolution", "byAssignee", "ageInDays")):
            bars = charts.nth(number).locator("svg[role=img] rect")
            await expect(bars).to_have_count(len(statistics[name]))
            counts = await charts.nth(number).locator("table tbody td").all_inner_texts()
            assert [int(count) for count in counts] == [
                entry["count"] for entry in statistics[name]
            ]


async def test_exports_all_rows_of_what_is_asked(open_page: Open, demo: Served) -> None:
    async with open_page("Alma Analyst") as page:
        await go_to(page, "OverdueTasks")
        total = (await run(page))["offboardings"]["totalCount"]
        await view(page, "Export all …")
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("overdue=true orderBy=DUE_ON")
        async with page.expect_download() as waiting:
            await dialog.get_by_role("button", name="Export").click()
        saved = await content(await waiting.value)
        await expect(dialog).to_contain_text("The file is complete.")
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)

    answer = await demo.http.get(
        "/export/offboardings.csv?overdue=true&orderBy=DUE_ON",
        headers={"authorization": f"Bearer {demo.tokens['analyst@demo.example']}"},
    )
    assert saved == answer.content
    assert len(list(csv.reader(io.StringIO(answer.text, newline="")))) == total + 1


async def test_says_why_somebody_cannot_export(open_page: Open) -> None:
    async with open_page("Ruth Reader") as page:
        button = page.get_by_role("button", name="Export all …")

        await expect(button).to_be_disabled()
        await expect(button).to_have_attribute("title", re.compile("CLIENT_FILE_EXPORT"))


async def test_shows_at_once_what_another_user_changes(open_page: Open, demo: Served) -> None:
    other = demo.client(demo.tokens["officer@demo.example"])
    async with open_page("Alma Analyst") as page:
        await go_to(page, "Live")
        frames: list[str] = []
        page.on("websocket", lambda s: s.on("framesent", lambda frame: frames.append(str(frame))))
        await page.locator(".graphiql-execute-button").click()
        await until(lambda: any('"subscribe"' in frame for frame in frames))
        (party,) = (await other.ask(NOBODY_LEAVING))["clientFile"]["parties"]["nodes"]
        await other.ask(START, party=party["id"])

        answer = page.locator(".result-window .view-lines")
        await expect(answer).to_contain_text("OFFBOARDING_STARTED")
        await expect(answer).to_contain_text("Olga Officer")
        await page.get_by_role("button", name=re.compile("Stop")).click()


# ---------------------------------------------------------------- who is signed in


async def test_says_who_is_signed_in_and_lets_them_switch(open_page: Open) -> None:
    async with open_page("Marc Manager") as page:
        await page.get_by_role("button", name="Marc Manager").click()
        card = page.locator("#identity-card")
        await expect(card).to_contain_text("manager@demo.example")
        await expect(card).to_contain_text("Demo Bank")
        await expect(card).to_contain_text("Own clients only")
        await card.get_by_role("link", name="Switch user").click()
        await page.get_by_role("button", name=re.compile("Otto Other")).click()

        await expect(page.locator(".identity-button")).to_contain_text("Other Bank")


async def test_nothing_stays_in_the_browser_after_signing_out(open_page: Open) -> None:
    async with open_page("Adam Approver") as page:
        await go_to(page, "Dashboard")
        await run(page)
        kept = await page.evaluate("JSON.stringify(localStorage)")
        await page.get_by_role("button", name="Adam Approver").click()
        await page.get_by_role("button", name="Sign out").click()
        await page.get_by_role("heading", name="Explore the client file").wait_for()
        left = await page.evaluate(
            """async () => [JSON.stringify(localStorage), JSON.stringify(sessionStorage),
              (await indexedDB.databases()).length, (await caches.keys()).length]"""
        )
        cookies = await page.context.cookies()

    assert "Dashboard" in kept
    assert left == ["{}", "{}", 0, 0]
    assert cookies == []


async def test_takes_a_token_from_who_does_not_sign_in(open_page: Open, demo: Served) -> None:
    async with open_page() as page:
        await page.get_by_role("button", name="Use an API token instead").click()
        await page.get_by_role("button", name="Headers").wait_for()
        await page.locator(".graphiql-editor-tool .monaco-editor").last.click()
        token = demo.tokens["reader@demo.example"]
        for key in ("Control+Home", "ArrowDown", "End", "ArrowLeft"):
            await page.keyboard.press(key)
        await page.keyboard.insert_text(token)
        await write(page, "{ viewer { user { name } } }")

        assert await run(page) == {"viewer": {"user": {"name": "Ruth Reader"}}}
        assert token not in await page.evaluate("JSON.stringify(localStorage)")


async def test_shares_a_query_by_its_address(open_page: Open) -> None:
    async with open_page("Ruth Reader") as page:
        await go_to(page, "Dashboard")
        await page.get_by_role("button", name="Copy an address that opens this query").click()
        await expect(page.get_by_text("The address is copied.")).to_be_visible()
        address = await page.evaluate("navigator.clipboard.readText()")
    parts = urlsplit(address)
    parameters = parse_qs(parts.query)
    assert parameters["query"][0].startswith("# One party")
    assert json.loads(parameters["variables"][0])["reference"].startswith("C-")

    async with open_page("Alma Analyst", f"/?{parts.query}") as page:
        await expect(page.locator(".graphiql-tab-active")).to_contain_text("Dashboard")
        answer = await run(page)

    assert answer["party"]["name"]


# ---------------------------------------------------------------- for everybody


async def test_works_with_the_keyboard_alone(open_page: Open) -> None:
    async with open_page() as page:
        await _press_until(page, "Tab", "Sign in")
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name=re.compile("Alma Analyst")).wait_for()
        await _press_until(page, "Tab", "Alma Analyst")
        await page.keyboard.press("Enter")
        await page.locator(".graphiql-query-editor .view-line").first.wait_for()
        await _press_until(page, "Tab", "Statistics")
        await page.keyboard.press("Enter")
        await _press_until(page, "Tab", "Execute")
        async with page.expect_response(answers_what_was_run):
            await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Chart", exact=True)).to_be_enabled()
        await _press_until(page, "Tab", "Chart")
        await page.keyboard.press("Enter")

        await expect(page.locator("figure.chart")).to_have_count(4)


async def _press_until(page: Page, key: str, name: str) -> None:
    """Press a key until the focus is on what has a name."""
    for _ in range(60):
        focused = await page.evaluate(
            "(document.activeElement.ariaLabel || document.activeElement.innerText || '')"
        )
        if focused.startswith(name):
            return
        # In an editor the key writes, until told to move on.
        if await page.evaluate("!!document.activeElement.closest('.monaco-editor')"):
            await page.keyboard.press("Control+M")
            await page.keyboard.press(key)
            await page.keyboard.press("Control+M")
        else:
            await page.keyboard.press(key)
    raise AssertionError(f"{name} cannot be reached with {key}")


async def serious_faults(page: Page) -> list[str]:
    results = await Axe().run(page)
    return [
        f"{fault['id']}: {node['html']}"
        for fault in results.response["violations"]
        if fault["impact"] in {"serious", "critical"}
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_keeps_nobody_out(open_page: Open, scheme: Scheme) -> None:
    async with open_page(scheme=scheme, anew=True) as page:
        await page.get_by_role("heading").wait_for()
        assert await serious_faults(page) == []
    async with open_page("Alma Analyst", scheme=scheme, anew=True) as page:
        await run(page)
        assert await serious_faults(page) == []
        await view(page, "Table")
        assert await serious_faults(page) == []
        await go_to(page, "Statistics")
        await run(page)
        await view(page, "Chart")
        await page.get_by_role("button", name="Alma Analyst").click()
        assert await serious_faults(page) == []
        await page.keyboard.press("Escape")
        await view(page, "Export all …")
        assert await serious_faults(page) == []


async def test_draws_the_schema(open_page: Open) -> None:
    async with open_page("Ruth Reader", "/schema") as page:
        await page.locator("svg .node").first.wait_for()
        assert await page.locator("svg .node").count() > 10
        assert await serious_faults(page) == []


async def test_fits_a_phone(open_page: Open) -> None:
    phone = {"width": 390, "height": 844}
    async with open_page("Adam Approver", viewport=phone, has_touch=True) as page:
        await run(page)
        await view(page, "Table")
        await page.locator(".answer-scroll").scroll_into_view_if_needed()
        widths = await page.evaluate(
            "[document.documentElement.scrollWidth, document.querySelector('.explore').scrollWidth]"
        )

        assert max(widths) <= 390
        assert len(await cells(page)) == 51


async def test_loads_little(open_page: Open) -> None:
    async with open_page(anew=True) as page:
        session = await page.context.new_cdp_session(page)
        await session.send("Network.enable")
        sizes: list[float] = []
        session.on(
            "Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"])
        )
        await page.get_by_role("link", name="Sign in").first.click()
        await page.get_by_role("button", name=re.compile("Ruth Reader")).click()
        await page.locator(".graphiql-query-editor .view-line").first.wait_for()
        await page.wait_for_load_state("networkidle")

        assert 100_000 < sum(sizes) < MOST_BYTES
