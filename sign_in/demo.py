"""Signing in to the demo: choose who to be. Only this machine can, and only beside no issuer."""

from itertools import groupby
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from auth.origins import is_loopback
from demo import demo_people
from settings import Settings
from sign_in.sessions import Sessions
from sign_in.views import here, refusal, show

MOST_BYTES: Final = 10_000


def is_offered(settings: Settings) -> bool:
    """Return whether anybody may be anybody: in a demo that no other machine can reach."""
    hosts = (settings.host, urlsplit(settings.address).hostname or "")
    return settings.is_demo and not settings.oidc_issuers and all(map(is_loopback, hosts))


class DemoSignIn:
    """Shows the people of the demo, and signs the browser in as the one who is chosen."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions

    async def choose(self, request: Request) -> Response:
        """Show who there is to be."""
        people = await demo_people()
        organisations = [
            (name, list(of_it)) for name, of_it in groupby(people, lambda u: u.organisation.name)
        ]
        next_ = here(request.query_params.get("next"))
        return show("demo.html", title="Sign in", organisations=organisations, next=next_)

    async def enter(self, request: Request) -> Response:
        """Begin a session as the person who was chosen."""
        if not self.sessions.origins.admit_page(request.scope):
            return refusal("This was not sent by the page for signing in.", 403)
        fields = await _fields(request)
        user = next((u for u in await demo_people() if str(u.id) == fields.get("user")), None)
        if user is None:
            return refusal("There is no such person in the demo.", 400)
        return await self.sessions.begin(request, user, here(fields.get("next")))


async def _fields(request: Request) -> dict[str, str]:
    """Return the fields of a form, or none of one that is no form of ours."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return {}
    try:
        return {name: values[0] for name, values in parse_qs(body.decode()).items()}
    except UnicodeDecodeError:
        return {}
