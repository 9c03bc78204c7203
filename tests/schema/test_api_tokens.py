"""API tokens: `createApiToken`, `revokeApiToken` and `apiTokens`."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

import auth
from models import ApiToken, User, Viewer
from models.credentials import hash_of
from tests.asking import Ask, gid
from tests.factories import make_organisation, make_token, make_user
from tests.schema.administration import REFUSALS, entries
from tests.schema.refusals import NOT_FOUND, forbidden, invalid

CREATE: Final = (
    "mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) {"
    + REFUSALS
    + """... on CreateApiTokenSuccess {
      secret apiToken { id name scopes user { email } expiresAt revokedAt lastUsedAt }
    } } }"""
)
REVOKE: Final = (
    "mutation ($input: RevokeApiTokenInput!) { revokeApiToken(input: $input) {"
    + REFUSALS.replace("... on InvalidInputError { field }", "")
    + "... on RevokeApiTokenSuccess { apiToken { id revokedAt } } } }"
)
LIST: Final = """query ($filter: ApiTokenFilter) {
  apiTokens(filter: $filter) { nodes { name scopes lastUsedAt revokedAt } }
}"""
BOTH: Final = ("Administrator", "Analyst")


def wanted(**changed: Any) -> dict[str, Any]:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    return {
        "name": "Nightly report",
        "scopes": ["CLIENT_FILE_EXPORT", "CLIENT_FILE_READ"],
        "expiresAt": until.isoformat(),
    } | changed


async def viewer_by(secret: str) -> Viewer:
    auth.forget_trusted()
    return await auth.viewer_of(f"Bearer {secret}")


async def test_makes_a_token_that_can_do_what_it_was_made_for(ask: Ask) -> None:
    admin = await make_user(groups=BOTH)
    asked = wanted()

    answered = (await ask(admin, CREATE, input=asked))["createApiToken"]

    token, secret = answered["apiToken"], answered["secret"]
    row = await ApiToken.get(hash=hash_of(secret))
    until = datetime.fromisoformat(asked["expiresAt"])
    assert token == {
        "id": gid(row),
        "name": "Nightly report",
        "scopes": ["CLIENT_FILE_READ", "CLIENT_FILE_EXPORT"],
        "user": {"email": admin.email},
        "expiresAt": until.isoformat().replace("+00:00", "+00:00"),
        "revokedAt": None,
        "lastUsedAt": None,
    }
    viewer = await viewer_by(secret)
    assert viewer.user_id == admin.id
    assert viewer.permissions == {"CLIENT_FILE_READ", "CLIENT_FILE_EXPORT"}
    assert await entries() == [
        {
            "kind": "API_TOKEN_CREATED",
            "actor": admin.id,
            "user": admin.id,
            "changes": {
                "name": (None, "Nightly report"),
                "scopes": (None, "CLIENT_FILE_READ, CLIENT_FILE_EXPORT"),
                "expiresAt": (None, until.isoformat()),
            },
        }
    ]


async def test_can_do_no_more_than_its_user_at_the_moment(ask: Ask) -> None:
    admin = await make_user(groups=BOTH)
    secret = (await ask(admin, CREATE, input=wanted()))["createApiToken"]["secret"]

    await make_user(groups=["Administrator"])
    await admin.groups.clear()

    assert (await viewer_by(secret)).permissions == frozenset()


async def test_makes_no_token_by_which_a_token_could_do_more(refused: Ask) -> None:
    admin = await make_user(groups=BOTH)
    limited = await viewer_by(await make_token(admin, scopes=["USER_ADMIN"]))

    for viewer, scope in ((admin, "OFFBOARDING_REASON_READ"), (limited, "CLIENT_FILE_READ")):
        refusal = await refused(viewer, CREATE, input=wanted(scopes=["USER_ADMIN", scope]))

        assert refusal == forbidden(scope)


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"name": " "}, "name", "It has 1 to 100 characters and no control character."),
        ({"name": "x" * 101}, "name", "It has 1 to 100 characters and no control character."),
        ({"scopes": []}, "scopes", "A token needs a permission, or it can do nothing."),
        ({"expiresAt": -1}, "expiresAt", "A token ends within a year from now, and not before."),
        ({"expiresAt": 367}, "expiresAt", "A token ends within a year from now, and not before."),
    ],
)
async def test_refuses_values_that_make_no_sense(
    refused: Ask, changed: dict[str, Any], field: str, message: str
) -> None:
    admin = await make_user(groups=BOTH)
    if isinstance(days := changed.get("expiresAt"), int):
        changed = {"expiresAt": (datetime.now(UTC) + timedelta(days=days)).isoformat()}

    assert await refused(admin, CREATE, input=wanted(**changed)) == invalid(field, message)


async def test_takes_a_token_of_a_year(ask: Ask) -> None:
    admin = await make_user(groups=BOTH)
    until = (datetime.now(UTC) + timedelta(days=365)).isoformat()

    answered = await ask(admin, CREATE, input=wanted(expiresAt=until))

    assert answered["createApiToken"]["__typename"] == "CreateApiTokenSuccess"


async def revoke(ask: Ask, by: User, token: ApiToken) -> Any:
    return (await ask(by, REVOKE, input={"apiTokenId": gid(token)}))["revokeApiToken"]


async def test_revokes_a_token_once_and_for_all(ask: Ask) -> None:
    admin, other = await make_user(groups=BOTH), await make_user()
    secret = await make_token(other, name="Old")
    token = await ApiToken.get(hash=hash_of(secret))
    assert (await auth.viewer_of(f"Bearer {secret}")).user_id == other.id

    first = await revoke(ask, admin, token)
    with pytest.raises(auth.UnauthenticatedError):
        await auth.viewer_of(f"Bearer {secret}")
    second = await revoke(ask, admin, token)

    assert first["__typename"] == "RevokeApiTokenSuccess"
    assert first["apiToken"]["id"] == gid(token)
    assert first["apiToken"]["revokedAt"] is not None
    assert second == first
    assert await entries() == [
        {
            "kind": "API_TOKEN_REVOKED",
            "actor": admin.id,
            "user": other.id,
            "changes": {"name": ("Old", None)},
        }
    ]


async def test_lists_tokens_newest_first_with_their_last_use(ask: Ask) -> None:
    admin, other = await make_user(groups=BOTH), await make_user()
    used = await make_token(other, name="Used", scopes=["CLIENT_FILE_READ"])
    await make_token(admin, name="Unused")
    await make_token(await make_user(organisation=await make_organisation()), name="Theirs")
    await viewer_by(used)

    answered = (await ask(admin, LIST))["apiTokens"]["nodes"]
    of_other = (await ask(admin, LIST, filter={"userId": gid(other)}))["apiTokens"]["nodes"]

    assert [token["name"] for token in answered] == ["Unused", "Used"]
    assert [token["scopes"] for token in answered] == [None, ["CLIENT_FILE_READ"]]
    assert [token["lastUsedAt"] is not None for token in answered] == [False, True]
    assert [token["name"] for token in of_other] == ["Used"]


async def test_finds_no_token_of_another_organisation(refused: Ask) -> None:
    admin = await make_user(organisation=await make_organisation(), groups=BOTH)
    stranger = await make_user(organisation=await make_organisation())
    await make_token(stranger)
    theirs = await ApiToken.get(user_id=stranger.id)

    for id_ in (gid(theirs), "api_token_00000000-0000-4000-8000-000000000000", gid(admin), "x"):
        assert await refused(admin, REVOKE, input={"apiTokenId": id_}) == NOT_FOUND


async def test_is_forbidden_to_who_gives_no_access(refused: Ask, told: Ask) -> None:
    viewer = await make_user(groups=["Approver", "Analyst"])
    await make_token(viewer)
    own = gid(await ApiToken.get(user_id=viewer.id))

    refusals = [
        await refused(viewer, CREATE, input=wanted()),
        await refused(viewer, REVOKE, input={"apiTokenId": own}),
    ]
    (error,) = await told(viewer, LIST)

    assert refusals == [forbidden("USER_ADMIN")] * 2
    assert error[0] == "FORBIDDEN"
