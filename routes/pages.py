"""What every page of ours has in common: headers by which a browser keeps others out of it."""

from typing import Final

from starlette.responses import HTMLResponse

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


def page(html: str, *allowed: str, status: int = 200) -> HTMLResponse:
    """Return a page; `allowed` are the directives of its content security policy beyond ours."""
    policy = {"content-security-policy": "; ".join((POLICY, *allowed))}
    return HTMLResponse(html, status, headers=HEADERS | policy)
