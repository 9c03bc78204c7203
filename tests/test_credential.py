"""A credential is asked again and again, and says at once that access was taken."""

from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

import auth
from models import ApiToken, ClientAccess, Viewer
from schema.context import Context
from schema.streams import check
from tests.factories import make_token, make_user, viewer_for


def scope(*headers: tuple[bytes, bytes]) -> dict[str, object]:
    return {"type": "http", "headers": list(headers)}


async def is_refused(credential: auth.Credential) -> bool:
    auth.forget_trusted()
    try:
        await credential.viewer()
    except auth.UnauthenticatedError as error:
        return error.code == "UNAUTHENTICATED"
    return False


@pytest.mark.usefixtures("database")
async def test_knows_the_viewer_by_a_header_or_what_stands_in_for_it() -> None:
    user = await make_user()
    shown = f"Bearer {await make_token(user)}"

    by_header = auth.credential_of(scope((b"authorization", shown.encode())))
    instead = auth.credential_of(scope(), shown)

    expected: Viewer = await viewer_for(user)
    assert await by_header.viewer() == await instead.viewer() == expected


@pytest.mark.usefixtures("database")
async def test_refuses_from_the_moment_that_a_token_is_revoked_or_its_user_disabled() -> None:
    one, two = await make_user(), await make_user()
    revoked, disabled = [
        auth.credential_of(scope(), f"Bearer {await make_token(user)}") for user in (one, two)
    ]
    before = [await is_refused(revoked), await is_refused(disabled)]

    await ApiToken.filter(user_id=one.id).update(revoked_at=datetime.now(UTC))
    two.enabled = False
    await two.save()

    assert before == [False, False]
    assert [await is_refused(revoked), await is_refused(disabled)] == [True, True]


def test_refuses_at_once_what_is_no_credential() -> None:
    for headers in ([], [(b"authorization", b"Bearer nonsense")], [(b"cookie", b"a=b")]):
        with pytest.raises(auth.UnauthenticatedError):
            auth.credential_of(scope(*headers))


async def test_a_stream_outlives_a_look_that_fails_and_is_ended_by_the_next() -> None:
    looks: list[BaseException | None] = [asyncpg.QueryCanceledError(), OSError(), TypeError(), None]

    async def look_up(_key: str) -> Viewer | None:
        error = looks.pop(0)
        if error is not None:
            raise error
        return None

    context = Context(
        Viewer(uuid4(), uuid4(), frozenset(), ClientAccess.OPEN), auth.Credential("key", look_up)
    )

    for _ in range(3):
        await check(context)
    with pytest.raises(auth.UnauthenticatedError):
        await check(context)

    assert looks == []
