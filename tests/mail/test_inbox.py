"""The page that shows letters cannot be made to do anything by one."""

from datetime import UTC, datetime
from html.parser import HTMLParser

from typing_extensions import override

from mail.catcher import Caught
from mail.inbox import inbox_page, message_page

LETTER = (
    b"From: Bank <tasks@bank.example>\r\n"
    b"To: anna@bank.example\r\n"
    b"Subject: Task <b>C-1</b>\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="x"\r\n'
    b"\r\n"
    b"--x\r\nContent-Type: text/plain\r\n\r\nText <i>one</i>\r\n"
    b'--x\r\nContent-Type: text/html\r\n\r\n<p title="a&quot;b">Page &amp; more</p>\r\n'
    b"<script>alert(1)</script>\r\n"
    b"--x--\r\n"
)


class Page(HTMLParser):
    """The elements and the words of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    @override
    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def caught(number: int = 1, content: bytes = LETTER) -> Caught:
    return Caught(
        number,
        datetime(2026, 3, 4, 10, 30, tzinfo=UTC),
        "tasks@bank.example",
        ("anna@bank.example",),
        content,
    )


def test_lists_letters_newest_first() -> None:
    page = Page(inbox_page([caught(1), caught(2)]))

    assert [link["href"] for link in page.all("a")] == ["/mail/2", "/mail/1"]
    assert "Task <b>C-1</b>" in page.words
    assert "to anna@bank.example, 2026-03-04 10:30:00 UTC" in page.words
    assert page.all("b") == []


def test_an_empty_list_says_how_to_get_a_letter() -> None:
    page = Page(inbox_page([]))

    assert "No letter has come in yet." in page.words
    assert page.all("a") == []


def test_shows_headers_text_and_source_as_text() -> None:
    page = Page(message_page(caught()))

    assert page.all("b") == page.all("i") == page.all("script") == []
    assert "Bank <tasks@bank.example>" in page.words
    assert "tasks@bank.example to anna@bank.example" in page.words
    assert "Text <i>one</i>" in page.words
    assert LETTER.decode().replace("\r\n", "\n") in page.words.replace("\r\n", "\n")


def test_shows_html_in_a_frame_that_runs_no_script() -> None:
    page = Page(message_page(caught()))

    (frame,) = page.all("iframe")
    assert frame["srcdoc"] is not None
    assert frame["srcdoc"].startswith(
        '<base target="_blank"><p title="a&quot;b">Page &amp; more</p>'
    )
    assert frame["sandbox"] == "allow-popups allow-popups-to-escape-sandbox"
    assert "src" not in frame


def test_a_letter_without_html_has_no_frame() -> None:
    page = Page(message_page(caught(content=b"Subject: Plain\r\n\r\nOnly text\r\n")))

    assert page.all("iframe") == []
    assert "Only text" in page.words


def test_loads_nothing_from_anywhere() -> None:
    for html in (inbox_page([caught()]), message_page(caught())):
        page = Page(html)

        (policy,) = (meta for meta in page.all("meta") if "http-equiv" in meta)
        assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"
        assert page.all("link") == page.all("img") == page.all("script") == []


def test_its_links_stay_below_the_path_it_is_shown_at() -> None:
    page = Page(inbox_page([caught()], path="/demo/mail"))
    back = Page(message_page(caught(), path="/demo/mail"))

    assert [link["href"] for link in page.all("a")] == ["/demo/mail/1"]
    assert [link["href"] for link in back.all("a")] == ["/demo/mail"]
