"""The mutation `setMailPreferences`: the viewer chooses which letters to get, for themselves."""

from typing import Any, Final

import pytest

from models import Language, User
from tests.asking import Ask
from tests.factories import make_user

SET: Final = """
mutation ($input: SetMailPreferencesInput!) {
  setMailPreferences(input: $input) {
    ... on SetMailPreferencesSuccess { viewer { user { id } language dailyDigest } }
  }
}
"""


async def saved(user: User) -> tuple[Language, bool]:
    row = await User.get(id=user.id)
    return row.language, row.daily_digest


@pytest.mark.parametrize(
    ("given", "language", "digest"),
    [
        ({"dailyDigest": True}, "EN", True),
        ({"language": "NL"}, "NL", False),
        ({"language": "NL", "dailyDigest": True}, "NL", True),
        ({"language": None, "dailyDigest": None}, "EN", False),
        ({}, "EN", False),
    ],
)
async def test_changes_what_is_given(
    ask: Ask, given: dict[str, Any], language: str, *, digest: bool
) -> None:
    viewer, other = await make_user(groups=[]), await make_user()

    answered = await ask(viewer, SET, input=given)

    assert answered["setMailPreferences"]["viewer"] == {
        "user": {"id": f"user_{viewer.id}"},
        "language": language,
        "dailyDigest": digest,
    }
    assert await saved(viewer) == (Language(language), digest)
    assert await saved(other) == (Language.EN, False)


async def test_takes_a_choice_back(ask: Ask) -> None:
    viewer = await make_user()
    await ask(viewer, SET, input={"language": "NL", "dailyDigest": True})

    await ask(viewer, SET, input={"language": "EN", "dailyDigest": False})

    assert await saved(viewer) == (Language.EN, False)


async def test_refuses_a_language_that_nobody_writes(told: Ask) -> None:
    viewer = await make_user()

    ((code, _, _),) = await told(viewer, SET, input={"language": "FR"})

    assert code == "BAD_REQUEST"
