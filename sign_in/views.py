"""The pages of signing in, and where they may lead."""

import base64
import hashlib
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from routes.pages import page

FOLDER: Final = Path(__file__).parent / "templates"
TEMPLATES: Final = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined
)
STYLE: Final = (FOLDER / "style.css").read_text(encoding="utf-8")
_DIGEST: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def show(template: str, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401 - what the template takes
    """Return one of the pages."""
    style = Markup(STYLE)  # noqa: S704 - our own file
    html = TEMPLATES.get_template(template).render(style=style, **values)
    return page(html, f"style-src 'sha256-{_DIGEST}'", status=status)


def refusal(reason: str, status: int) -> HTMLResponse:
    """Return the page that says why somebody is not signed in."""
    return show("refusal.html", status, title="You are not signed in", reason=reason)


def here(place: str | None) -> str:
    """Return a place on this server to go to next; anywhere else becomes the first page."""
    place = place or "/"
    # Nothing is parsed: what begins with one slash has neither a scheme nor another host.
    ours = place.startswith("/") and not place.startswith("//") and "\\" not in place
    return place if ours and place.isprintable() else "/"
