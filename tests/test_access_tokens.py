"""Access tokens of an OpenID provider: which are good, and every way in which one is not."""

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest
from joserfc import jwk

from auth import Issuers
from auth.keys import ASKED_AGAIN_SECONDS, FAILED_SECONDS, KEPT_SECONDS, IssuerKeys
from database import connected
from models import ClientAccess, User
from settings.issuers import Issuer
from tests.factories import make_organisation, make_user
from tests.issuing import AUDIENCE, TokenIssuer, issuing, segment
from tests.served import Served, served

WHO: Final = "{ viewer { user { email } organisation { name } permissions } }"
ADA: Final = "ada@bank.example"
REFUSED: Final = (401, "UNAUTHENTICATED")


@dataclass
class Api:
    """A server that takes the word of two issuers, one of them for another organisation."""

    server: Served
    issuer: TokenIssuer
    other: TokenIssuer

    async def who(self, token: str) -> Any:
        """Return who a token is, or status and code of the refusal."""
        response = await self.server.http.post(
            "/graphql", json={"query": WHO}, headers={"authorization": f"Bearer {token}"}
        )
        answer = response.json()
        if response.status_code == 200:
            viewer = answer["data"]["viewer"]
            return viewer["user"]["email"], viewer["organisation"]["name"]
        (error,) = answer["errors"]
        # Of why there is nothing but the code.
        assert (
            error["message"] == "Show a valid token as Authorization: Bearer <token>, or sign in."
        )
        assert response.headers["www-authenticate"] == "Bearer"
        return response.status_code, error["extensions"]["code"]


@pytest.fixture(scope="module")
async def api(shared_database_url: str) -> AsyncIterator[Api]:
    with issuing() as issuer, issuing() as other:
        issuers = [
            {
                "issuer": issuer.url,
                "organisation": "Northbank",
                "audience": AUDIENCE,
                "groups_claim": "groups",
            },
            {"issuer": other.url, "organisation": "Southbank", "audience": AUDIENCE},
        ]
        # Who has groups named in the token needs none here.
        async with connected(shared_database_url):
            north = await make_organisation("Northbank")
            south = await make_organisation("Southbank")
            for organisation in (north, south):
                await make_user(organisation=organisation, email=ADA)
            await make_user(organisation=north, email="gone@bank.example", enabled=False)
            given = {"DATABASE_URL": shared_database_url, "OIDC_ISSUERS": json.dumps(issuers)}
            async with served(**given) as server:
                yield Api(server, issuer, other)


async def test_knows_a_person_by_each_issuer_in_its_own_organisation(api: Api) -> None:
    for issuer, organisation in ((api.issuer, "Northbank"), (api.other, "Southbank")):
        token = issuer.sign(issuer.claims(ADA))

        assert await api.who(token) == (ADA, organisation)


@pytest.mark.parametrize(
    ("kind", "size", "alg"),
    [
        ("RSA", 2048, "RS256"),
        ("RSA", 2048, "PS256"),
        ("EC", "P-256", "ES256"),
        ("OKP", "Ed25519", "EdDSA"),
    ],
)
@pytest.mark.usefixtures("api")
async def test_takes_four_algorithms(kind: str, size: Any, alg: str) -> None:
    with issuing() as issuer:
        issuer.keys.clear()
        issuer.add(kind, size, "only")
        given = {"issuer": issuer.url, "organisation": "Northbank", "audience": AUDIENCE}
        token = issuer.sign(issuer.claims(ADA), alg=alg)

        viewer = await Issuers([Issuer.model_validate(given)]).viewer_of(token)

    assert viewer is not None
    assert viewer.user_id == (await User.get(email=ADA, organisation__name="Northbank")).id


@pytest.mark.parametrize(
    "changed",
    [
        {"typ": "application/at+jwt"},
        {"typ": "AT+JWT"},
        {"x5t": "abc"},
    ],
)
async def test_takes_another_word_for_the_same_header(api: Api, changed: dict[str, str]) -> None:
    token = api.issuer.sign(api.issuer.claims(ADA), **changed)

    assert await api.who(token) == (ADA, "Northbank")


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": ["another", AUDIENCE]},
        {"email": ADA.upper()},
        {"exp": -20},
        {"nbf": 40},
        {"iat": 40},
        {"nbf": None},
    ],
)
async def test_takes_claims_that_are_good_within_a_minute(
    api: Api, changed: dict[str, Any]
) -> None:
    token = api.issuer.sign(api.issuer.claims(ADA, **at(changed)))

    assert await api.who(token) == (ADA, "Northbank")


def at(changed: dict[str, Any]) -> dict[str, Any]:
    """Return claims in which a number is so many seconds from now."""
    now = int(time.time())
    return {n: now + v if type(v) is int else v for n, v in changed.items()}


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": -70},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"nbf": 100},
        {"iat": 100},
        {"aud": "another"},
        {"aud": None},
        {"aud": []},
        {"aud": {"offboarding": 1}},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"iss": ["a"]},
        {"email": None},
        {"email": ""},
        {"email": ["ada@bank.example"]},
        {"email_verified": False},
    ],
    ids=str,
)
async def test_refuses_claims_that_are_not_good(api: Api, changed: dict[str, Any]) -> None:
    token = api.issuer.sign(api.issuer.claims(ADA, **at(changed)))

    assert await api.who(token) == REFUSED


@pytest.mark.parametrize(
    "changed",
    [
        {"typ": None},
        {"typ": "JWT"},
        {"typ": "at+jwt2"},
        {"typ": ["at+jwt"]},
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["abc"]},
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"kid": "unknown"},
        {"kid": "../../first"},
        {"alg": "none"},
    ],
    ids=str,
)
async def test_refuses_a_header_that_is_not_good(api: Api, changed: dict[str, Any]) -> None:
    header = {"alg": "RS256", "typ": "at+jwt", "kid": "first"} | changed
    token = api.issuer.sign_as(header, api.issuer.claims(ADA))

    assert await api.who(token) == REFUSED


def own_key(issuer: TokenIssuer) -> str:
    """Return a token that brings the key it is signed with."""
    key = jwk.generate_key("RSA", 2048, parameters={"kid": "mine"})
    shown = key.as_dict(private=False)
    return issuer.sign(issuer.claims(ADA), key, jwk=shown)


def stolen_name(issuer: TokenIssuer) -> str:
    """Return a token that is signed with a key of one's own by the name of a good one."""
    key = jwk.generate_key("RSA", 2048, parameters={"kid": "first"})
    return issuer.sign(issuer.claims(ADA), key)


def confused(issuer: TokenIssuer) -> str:
    """Return a token that is signed with the public key as if it were a secret."""
    header = {"alg": "HS256", "typ": "at+jwt", "kid": "first"}
    signed = f"{segment(header)}.{segment(issuer.claims(ADA))}"
    mac = hmac.digest(issuer.keys[0].as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def unsigned(issuer: TokenIssuer) -> str:
    header = {"alg": "none", "typ": "at+jwt", "kid": "first"}
    return f"{segment(header)}.{segment(issuer.claims(ADA))}."


def tampered(issuer: TokenIssuer) -> str:
    header, _, signature = issuer.sign(issuer.claims("nobody@bank.example")).split(".")
    return f"{header}.{segment(issuer.claims(ADA))}.{signature}"


def cut(issuer: TokenIssuer) -> str:
    return issuer.sign(issuer.claims(ADA))[:-2]


def id_token(issuer: TokenIssuer) -> str:
    """Return what the issuer tells a client of its user, which is for no API."""
    return issuer.sign(issuer.claims(ADA, nonce="n", at_hash="h"), typ="JWT")


def weaker(issuer: TokenIssuer) -> str:
    return issuer.sign(issuer.claims(ADA), alg="RS512")


def long(issuer: TokenIssuer) -> str:
    return issuer.sign(issuer.claims(ADA, more="x" * 20_000))


@pytest.mark.parametrize(
    "make",
    [own_key, stolen_name, confused, unsigned, tampered, cut, id_token, weaker, long],
    ids=lambda make: make.__name__,
)
async def test_refuses_what_the_issuer_has_not_signed_for_us(
    api: Api, make: Callable[[TokenIssuer], str]
) -> None:
    assert await api.who(make(api.issuer)) == REFUSED


GARBAGE: Final = (
    "a.b.c",
    "..",
    "e30.e30.",
    "e30.e30.e30",
    f"{segment([])}.{segment({})}.x",
    f"{segment({'alg': 1, 'typ': 'at+jwt'})}.{segment({'iss': 'x'})}.x",
    f"{segment({'alg': 'RS256', 'typ': 'at+jwt'})}.{segment([])}.x",
    f"{segment({'alg': 'RS256', 'typ': 'at+jwt'})}.{'W1tb' * 1500}.x",
    f"{segment({'alg': 'RS256', 'typ': 'at+jwt'})}.{segment({'iss': {}})}.x",
    "x" * 30_000,
    "x" * 20_000 + ".y.z",
    "é.é.é",
)


@pytest.mark.parametrize("token", GARBAGE, ids=map(str, range(len(GARBAGE))))
async def test_refuses_garbage(api: Api, token: str) -> None:
    response = await api.server.http.post(
        "/graphql",
        json={"query": WHO},
        headers=[(b"authorization", b"Bearer " + token.encode())],
    )

    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_takes_no_word_of_one_issuer_for_the_people_of_another(api: Api) -> None:
    token = api.other.sign(api.other.claims(ADA, iss=api.issuer.url), api.issuer.keys[0])
    forged = api.issuer.sign(api.issuer.claims(ADA, iss=api.issuer.url), api.other.keys[0])

    assert await api.who(token) == (ADA, "Northbank")  # it was the first one's key that signed
    assert await api.who(forged) == REFUSED


async def test_says_so_to_a_person_of_the_organisation_whom_nobody_has_invited(api: Api) -> None:
    token = api.issuer.sign(api.issuer.claims("new@bank.example"))

    assert await api.who(token) == (401, "USER_UNKNOWN")


async def test_refuses_who_was_disabled(api: Api) -> None:
    token = api.issuer.sign(api.issuer.claims("gone@bank.example"))

    assert await api.who(token) == REFUSED


async def permissions(api: Api, **claims: Any) -> list[str]:
    token = api.issuer.sign(api.issuer.claims(ADA, **claims))
    data = await api.server.client(token).ask("{ viewer { permissions } }")
    named: list[str] = data["viewer"]["permissions"]
    return named


async def test_gives_the_permissions_of_the_groups_that_the_issuer_names(api: Api) -> None:
    named = await permissions(api, groups=["Reader", "Administrator", "Nonsense", 1])
    unnamed = await permissions(api)

    assert named == ["CLIENT_FILE_READ", "USER_ADMIN"]
    assert unnamed == []


async def test_lets_nobody_give_access_who_sees_their_own_clients_only(api: Api) -> None:
    await User.filter(organisation__name="Northbank", email=ADA).update(
        client_access=ClientAccess.OWN
    )

    named = await permissions(api, groups=["Reader", "Administrator"], jti="own")
    await User.filter(email=ADA).update(client_access=ClientAccess.OPEN)

    assert named == ["CLIENT_FILE_READ"]


async def test_survives_a_change_of_keys(api: Api) -> None:
    before = api.other.sign(api.other.claims(ADA))
    assert await api.who(before) == (ADA, "Southbank")

    api.other.keys.clear()
    api.other.add("EC", "P-256", "second")
    after = api.other.sign(api.other.claims(ADA), alg="ES256")

    assert await api.who(after) == (ADA, "Southbank")


def a_source(issuer: TokenIssuer, now: list[float]) -> IssuerKeys:
    given = {"issuer": issuer.url, "organisation": "Northbank", "audience": AUDIENCE}
    return IssuerKeys(Issuer.model_validate(given), lambda: now[0])


async def test_asks_for_an_unknown_key_once_a_minute_however_many_tokens_name_one() -> None:
    now = [0.0]
    with issuing() as issuer:
        keys = a_source(issuer, now)
        await keys.for_key_id("first")
        for _ in range(5):
            await keys.for_key_id("unknown")
        within = issuer.asked.count("/jwks")
        now[0] += ASKED_AGAIN_SECONDS
        await keys.for_key_id("unknown")

        assert within == 2
        assert issuer.asked.count("/jwks") == 3


async def test_drops_a_key_that_the_issuer_has_withdrawn() -> None:
    now = [0.0]
    with issuing() as issuer:
        keys = a_source(issuer, now)
        await keys.for_key_id("first")
        issuer.keys.clear()
        issuer.add("EC", "P-256", "second")

        kept = await keys.for_key_id("first")
        now[0] += KEPT_SECONDS
        fresh = await keys.for_key_id("first")

    assert [key.kid for key in kept] == ["first"]
    assert [key.kid for key in fresh] == ["second"]


async def test_goes_on_with_the_keys_it_has_while_the_issuer_is_away() -> None:
    now = [0.0]
    with issuing() as issuer:
        keys = a_source(issuer, now)
        await keys.for_key_id("first")
    now[0] += KEPT_SECONDS + FAILED_SECONDS

    assert [key.kid for key in await keys.for_key_id("first")] == ["first"]


async def test_says_that_the_issuer_is_away_where_there_are_no_keys(
    shared_database_url: str,
) -> None:
    with issuing() as gone:
        token = gone.sign(gone.claims(ADA))
        given = [{"issuer": gone.url, "organisation": "Northbank", "audience": AUDIENCE}]
    environment = {"DATABASE_URL": shared_database_url, "OIDC_ISSUERS": json.dumps(given)}
    async with served(**environment) as server:
        answered = await Api(server, gone, gone).who(token)

    assert answered == (401, "ISSUER_UNAVAILABLE")
