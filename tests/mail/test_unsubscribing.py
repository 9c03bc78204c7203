"""Who holds the link in a digest can stop it, in one click and without a login; and no more."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette

from mail.unsubscribing import unsubscribe_token
from models import Language, User
from routes.letters import unsubscribe_routes
from tests.factories import make_user

pytestmark = pytest.mark.usefixtures("emptied_database")


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    """Yield somebody who shows no credential."""
    transport = httpx2.ASGITransport(Starlette(routes=unsubscribe_routes()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://bank.example") as client:
        yield client


async def make_subscriber(language: Language = Language.EN) -> User:
    user = await make_user()
    user.daily_digest, user.language = True, language
    await user.save()
    return user


async def wants_digest(user: User) -> bool:
    return (await User.get(id=user.id)).daily_digest


async def test_asks_before_it_stops_anything(http: httpx2.AsyncClient) -> None:
    user = await make_subscriber()

    page = await http.get(f"/unsubscribe/{unsubscribe_token(user)}")

    assert page.status_code == 200
    assert "Do you want to stop the daily digest" in page.text
    assert '<form method="post"><button>Stop the digest</button></form>' in page.text
    assert user.email not in page.text
    assert user.name not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["cache-control"] == "no-store"
    assert await wants_digest(user)


async def test_stops_in_one_click_and_stays_stopped(http: httpx2.AsyncClient) -> None:
    user, other = await make_subscriber(), await make_subscriber()
    url = f"/unsubscribe/{unsubscribe_token(user)}"

    first = await http.post(url, data={"List-Unsubscribe": "One-Click"})
    second = await http.post(url, files={"List-Unsubscribe": (None, "One-Click")})

    assert (first.status_code, second.status_code) == (200, 200)
    assert "You will get no daily digest any more." in first.text
    assert "<form" not in first.text
    assert not await wants_digest(user)
    assert await wants_digest(other)


async def test_speaks_the_language_of_the_reader(http: httpx2.AsyncClient) -> None:
    user = await make_subscriber(Language.NL)

    page = await http.get(f"/unsubscribe/{unsubscribe_token(user)}")

    assert '<html lang="nl">' in page.text
    assert "Wil je het dagelijkse overzicht van je open taken stoppen?" in page.text


async def test_stops_nothing_by_a_link_that_is_not_good(http: httpx2.AsyncClient) -> None:
    user, other = await make_subscriber(), await make_subscriber()
    raw = urlsafe_b64decode(unsubscribe_token(user))
    forged = (
        "nobody",
        "é",
        "-" * 64,
        unsubscribe_token(user)[:-4],
        urlsafe_b64encode(other.id.bytes + raw[16:]).decode(),
        urlsafe_b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode(),
        urlsafe_b64encode(bytes(48)).decode(),
    )

    answers = [await http.post(f"/unsubscribe/{token}") for token in forged]

    assert {answer.status_code for answer in answers} == {404}
    assert "This link is not complete" in answers[0].text
    assert await wants_digest(user)
    assert await wants_digest(other)


async def test_each_users_link_is_signed_with_a_key_of_their_own() -> None:
    first, second = await make_subscriber(), await make_subscriber()
    stored = await User.get(id=first.id)

    assert first.mail_key != second.mail_key
    assert unsubscribe_token(stored) == unsubscribe_token(first)
