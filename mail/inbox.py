"""The page that shows caught letters: a list, and one letter rendered and as it came in."""

from collections.abc import Iterable

from mail.catcher import Caught
from mail.wording import worded
from models import Language


def inbox_page(messages: Iterable[Caught], path: str = "/mail") -> str:
    """Return the list of letters, newest first; each is linked as `<path>/<number>`."""
    newest_first = sorted(messages, key=lambda caught: caught.number, reverse=True)
    return worded(Language.EN, "inbox.html", {"messages": newest_first, "path": path})


def message_page(caught: Caught, path: str = "/mail") -> str:
    """Return one letter: headers, HTML in a frame that runs no script, text and source."""
    words = {
        "caught": caught,
        "headers": [(name, caught.header(name)) for name in dict.fromkeys(caught.message.keys())],
        "text": caught.body("plain"),
        "html": caught.body("html"),
        "source": caught.content.decode(errors="replace"),
        "path": path,
    }
    return worded(Language.EN, "message.html", words)
