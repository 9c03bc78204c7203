"""A credential is asked again and again, and says at once that access was taken."""

from datetime import UTC, datetime

import pytest

import auth
from models import ApiToken, Viewer
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
