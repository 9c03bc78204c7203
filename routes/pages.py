"""What every page of ours has in common: headers by which a browser keeps others out of it."""

from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response

from database import is_away, took_too_long
from observing import log_fault
from observing.requests import TOLD

# Nothing but what a page adds. The referrer stays at home; without any, a form would not say where
# it comes from.
POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
HEADERS: Final = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "referrer-policy": "same-origin",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


async def mishap_page(request: Request, error: Exception) -> Response:
    """Return the page that answers what is no visitor's fault; the log has all of it."""
    request.scope[TOLD] = True
    if isinstance(error, ClientDisconnect):
        return Response(status_code=499)  # nobody is there to read it
    if is_away(error) or took_too_long(error):
        return page("The database is not there at the moment; try again.", status=503)
    return page(
        f"Something went wrong on our side; tell support the id {log_fault(error)}.", status=500
    )


def page(html: str, *allowed: str, status: int = 200) -> HTMLResponse:
    """Return a page; `allowed` are the directives of its content security policy beyond ours."""
    policy = {"content-security-policy": "; ".join((POLICY, *allowed))}
    return HTMLResponse(html, status, headers=HEADERS | policy)
