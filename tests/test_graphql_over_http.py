"""GraphQL over HTTP: what a started server makes of every request, good or bad."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg
import httpx2
import pytest

from database import connected
from models import ApiToken, Offboarding, User
from models.credentials import hash_of
from tests.database.statements import until_so_many_wait
from tests.factories import make_organisation, make_party, make_token, make_user
from tests.served import Served, served, until

HELLO: Final = '{"query": "{ viewer { user { name } } }"}'
START: Final = """
mutation ($id: ID!) {
  startPartyOffboarding(input: {partyId: $id}) {
    ... on StartPartyOffboardingSuccess { offboarding { status } }
  }
}
"""
JSON: Final = "application/json"
GRAPHQL_JSON: Final = "application/graphql-response+json"
UTF_8: Final = "; charset=utf-8"
MAX_BODY_BYTES: Final = 100_000


def document(query: Any, **more: Any) -> bytes:
    return json.dumps({"query": query, **more}).encode()


@dataclass
class Api:
    """A started server, and somebody who may use it."""

    server: Served
    user: User
    token: str
    party: str

    async def post(
        self, content: Any, *, type_: str | None = JSON, method: str = "POST", **headers: str
    ) -> httpx2.Response:
        """Send a body with a good token; headers are named as in Python."""
        sent = {"authorization": f"Bearer {self.token}"}
        if type_ is not None:
            sent["content-type"] = type_
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.server.http.request(method, "/graphql", content=content, headers=sent)

    async def ask(self, query: str, **more: Any) -> httpx2.Response:
        """Send a document with what else belongs in a body."""
        return await self.post(document(query, **more))

    async def has_started(self) -> bool:
        """Return whether the party is being offboarded."""
        response = await self.ask(
            "query ($id: ID) { party(id: $id) { offboarding { id } } }",
            variables={"id": self.party},
        )
        started: bool = response.json()["data"]["party"]["offboarding"] is not None
        return started


@pytest.fixture(scope="module")
async def api(shared_database_url: str) -> AsyncIterator[Api]:
    async with connected(shared_database_url):
        user = await make_user(name="Adam Approver")
        token, party = await make_token(user), await make_party(name="Quirina Zwart")
        async with served(DATABASE_URL=shared_database_url) as server:
            yield Api(server, user, token, f"party_{party.id}")


def code_of(response: httpx2.Response) -> str:
    """Return the code of an answer that is one error and nothing else."""
    answer = response.json()
    assert list(answer) == ["errors"]
    (error,) = answer["errors"]
    assert error["message"]
    code: str = error["extensions"]["code"]
    return code


async def test_answers_who_shows_a_good_token(api: Api) -> None:
    response = await api.post(HELLO)

    assert response.status_code == 200
    assert response.json() == {
        "data": {"viewer": {"user": {"name": "Adam Approver"}}},
        "extensions": {"cost": 3},
    }
    assert response.headers["content-type"] == JSON + UTF_8
    assert response.headers["cache-control"] == "no-store"
    assert "server" not in response.headers


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer nonsense",
        "Bearer offb_" + "x" * 43,
        "Bearer offb_" + "x" * 30_000,
        "Bearer offb_\xfc",
        "Basic YWRhbTphcHByb3Zlcg==",
    ],
)
@pytest.mark.parametrize("content", [HELLO, "not JSON", "x" * (MAX_BODY_BYTES + 1)])
@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_turns_away_who_shows_no_good_token_before_it_reads_anything(
    api: Api, authorization: str | None, content: str, method: str
) -> None:
    shown = [] if authorization is None else [authorization.encode("latin-1")]
    headers = [(b"authorization", value) for value in shown]

    response = await api.server.http.request(method, "/graphql", content=content, headers=headers)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert code_of(response) == "UNAUTHENTICATED"


async def test_knows_no_other_scheme_for_a_good_token(api: Api) -> None:
    for authorization in (api.token, f"Token {api.token}", f"Basic {api.token}"):
        response = await api.post(HELLO, authorization=authorization)

        assert response.status_code == 401
        assert code_of(response) == "UNAUTHENTICATED"


async def test_turns_away_an_expired_token(api: Api) -> None:
    expired = await make_token(api.user, lifetime=timedelta(seconds=-1))

    response = await api.post(HELLO, authorization=f"Bearer {expired}")

    assert response.status_code == 401
    assert code_of(response) == "UNAUTHENTICATED"


async def test_turns_away_a_revoked_token_even_after_it_was_used(api: Api) -> None:
    token = await make_token(api.user)
    authorization = f"Bearer {token}"
    before = await api.post(HELLO, authorization=authorization)

    await ApiToken.filter(hash=hash_of(token)).update(revoked_at=datetime.now(UTC))

    async def is_refused() -> bool:
        return (await api.post(HELLO, authorization=authorization)).status_code == 401

    assert before.status_code == 200
    await until(is_refused)


async def test_turns_away_the_token_of_a_disabled_user(api: Api) -> None:
    token = await make_token(await make_user(enabled=False))

    response = await api.post(HELLO, authorization=f"Bearer {token}")

    assert response.status_code == 401
    assert code_of(response) == "UNAUTHENTICATED"


async def test_shows_each_token_its_own_organisation(api: Api) -> None:
    stranger = await make_user(organisation=await make_organisation("Other Bank"))
    token = await make_token(stranger)

    response = await api.post(
        document(
            "query ($id: ID!) { viewer { organisation { name } } node(id: $id) { id } }",
            variables={"id": api.party},
        ),
        authorization=f"Bearer {token}",
    )

    assert response.json()["data"] == {
        "viewer": {"organisation": {"name": "Other Bank"}},
        "node": None,
    }


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_serves_no_other_method_than_post(api: Api, method: str) -> None:
    response = await api.post(HELLO, method=method)

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


async def test_mutates_nothing_by_get(api: Api) -> None:
    parameters = {"query": START, "variables": json.dumps({"id": api.party})}

    response = await api.server.http.get(
        "/graphql", params=parameters, headers={"authorization": f"Bearer {api.token}"}
    )

    assert response.status_code == 405
    assert code_of(response) == "METHOD_NOT_ALLOWED"
    assert not await api.has_started()


@pytest.mark.parametrize(
    "type_",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain,application/json",
        "text/plain; application/json",
        "application/json,text/plain",
        "application/json-patch+json",
        "application/graphql",
        "application/json; charset=latin1",
        "application/json; charset=utf-16",
    ],
)
async def test_takes_no_other_type_of_body_than_json(api: Api, type_: str | None) -> None:
    response = await api.post(document(START, variables={"id": api.party}), type_=type_)

    assert response.status_code == 415
    assert code_of(response) == "UNSUPPORTED_MEDIA_TYPE"
    assert not await api.has_started()


@pytest.mark.parametrize(
    "type_",
    [
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "APPLICATION/JSON",
        "application/json ; odata=verbose",
    ],
)
async def test_takes_json_however_it_is_spelt(api: Api, type_: str) -> None:
    response = await api.post(HELLO, type_=type_)

    assert response.status_code == 200


async def test_takes_no_compressed_body(api: Api) -> None:
    response = await api.post(gzip.compress(HELLO.encode()), content_encoding="gzip")
    plain = await api.post(HELLO, content_encoding="identity")

    assert response.status_code == 415
    assert response.headers["accept-encoding"] == "identity"
    assert plain.status_code == 200


async def test_takes_all_lines_of_a_header_for_one_list(api: Api) -> None:
    good = [("authorization", f"Bearer {api.token}"), ("content-type", JSON)]

    async def send(*more: tuple[str, str]) -> httpx2.Response:
        return await api.server.http.post("/graphql", content=HELLO, headers=[*good, *more])

    liked = await send(("accept", f"{JSON};q=0.5"), ("accept", GRAPHQL_JSON))
    types = await send(("content-type", "text/plain"))
    tokens = await send(("authorization", "Bearer another"))

    assert liked.headers["content-type"] == GRAPHQL_JSON + UTF_8
    assert (types.status_code, tokens.status_code) == (415, 401)


async def test_takes_a_body_of_exactly_the_largest_size(api: Api) -> None:
    response = await api.post(HELLO.ljust(MAX_BODY_BYTES))

    assert response.status_code == 200


async def test_takes_no_larger_body(api: Api) -> None:
    response = await api.post(HELLO.ljust(MAX_BODY_BYTES + 1))

    assert response.status_code == 413
    assert code_of(response) == "PAYLOAD_TOO_LARGE"


async def test_takes_no_larger_body_that_comes_in_pieces(api: Api) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield HELLO.encode()
        for _ in range(11):
            yield b" " * 10_000

    response = await api.post(pieces())

    assert response.status_code == 413
    assert code_of(response) == "PAYLOAD_TOO_LARGE"


async def test_takes_a_body_that_comes_in_pieces(api: Api) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for letter in HELLO.encode():
            yield bytes([letter])

    response = await api.post(pieces())

    assert response.status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"{",
        b"query { __typename }",
        b"5",
        b"null",
        b"[]",
        b'"x"',
        b"{}",
        b'{"query": NaN}',
        b'[{"query": "{ __typename }"}]',
        b'{"query": "{ __typename }"} trailing',
        b'{"query": "{ __typename } \xff"}',
        b'{"query": "{ __typename } \xed\xa0\x80"}',
        b'{"query": "{ __typename } \\ud800"}',
        b'{"query": "{ __typename }", "variables": {"\\udfff": 1}}',
        '{"query": "{ __typename }"}'.encode("utf-16"),
        b"[" * 10_000 + b"]" * 10_000,
        b'{"query": ' * 9_000 + b"1" + b"}" * 9_000,
        b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}}",
    ],
)
async def test_refuses_a_body_that_is_no_json_object(api: Api, content: bytes) -> None:
    response = await api.post(content)

    assert response.status_code == 400
    assert code_of(response) == "BAD_REQUEST"


@pytest.mark.parametrize(
    "content",
    [
        document(None),
        document(5),
        document(["{ __typename }"]),
        document({"a": 1}),
        document("{ __typename }", variables=[]),
        document("{ __typename }", variables="{}"),
        document("{ __typename }", variables=5),
        document("{ __typename }", operationName=5),
        document("{ __typename }", operationName={}),
        document("{ __typename }", extensions=[]),
    ],
)
async def test_refuses_a_body_whose_parts_are_of_the_wrong_kind(api: Api, content: bytes) -> None:
    response = await api.post(content)

    assert response.status_code == 400
    assert code_of(response) == "BAD_REQUEST"


@pytest.mark.parametrize(
    "content",
    [
        document(""),
        document("   "),
        document("{"),
        document("\0"),
        document("{ __typename } \N{SNOWMAN}"),
        document("{" * 300),
        document("fragment A on Query { __typename }"),
        document("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"),
        document("{ nope }"),
        document("{ viewer { user { nope } } }"),
        document("{ viewer }"),
        document('{ node(id: "x", nope: 1) { id } }'),
        document("{ node { id } }"),
        document("{ node(id: $id) { id } }"),
        document("query ($id: Nope!) { node(id: $id) { id } }"),
        document("query ($id: ID!) { node(id: $id) { id } }"),
        document("query ($id: ID!) { node(id: $id) { id } }", variables={"id": None}),
        document("query ($id: ID!) { node(id: $id) { id } }", variables={"id": {}}),
        document("query ($n: Int) { activity(first: $n) { totalCount } }", variables={"n": 2**40}),
        document("query ($n: Int) { activity(first: $n) { totalCount } }", variables={"n": "1"}),
        document("query A { __typename } query A { __typename }"),
        document("query A { __typename } query B { __typename }"),
        document("query A { __typename } query B { __typename }", operationName="C"),
        document("{ __typename }", operationName="A"),
        document("subscription { activity { id } }"),
        document("type Query { a: Int }"),
    ],
)
async def test_refuses_a_document_that_can_never_be_right(api: Api, content: bytes) -> None:
    response = await api.post(content)

    assert response.status_code == 400
    answer = response.json()
    assert list(answer) == ["errors"]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_REQUEST"}


async def test_executes_the_operation_that_is_named(api: Api) -> None:
    operations = "query A { a: __typename } query B { b: __typename }"

    response = await api.ask(operations, operationName="B")

    assert response.json()["data"] == {"b": "Query"}


async def test_executes_none_of_several_operations_without_a_name(api: Api) -> None:
    operations = START.replace("mutation", "mutation A") + " query B { __typename }"

    response = await api.ask(operations, variables={"id": api.party})

    assert response.status_code == 400
    assert code_of(response) == "BAD_REQUEST"
    assert not await api.has_started()


async def test_ignores_variables_that_the_operation_does_not_have(api: Api) -> None:
    response = await api.ask("{ __typename }", variables={"unused": 1}, operationName=None)

    assert response.json()["data"] == {"__typename": "Query"}


async def test_tells_of_a_few_mistakes_only(api: Api) -> None:
    response = await api.ask("{" + " nope" * 5_000 + "}")

    assert response.status_code == 400
    assert len(response.json()["errors"]) <= 5
    assert len(response.content) < 2_000


@pytest.mark.parametrize(
    ("accept", "type_", "status"),
    [
        ("*/*", JSON, 400),
        ("application/*", JSON, 400),
        ("text/html", JSON, 400),
        ("nonsense;q=x", JSON, 400),
        (GRAPHQL_JSON, GRAPHQL_JSON, 400),
        (f"{GRAPHQL_JSON}, {JSON};q=0.9", GRAPHQL_JSON, 400),
        (f"{JSON};q=0.5, {GRAPHQL_JSON};q=0.8", GRAPHQL_JSON, 400),
        # Who asks for plain JSON by name may be an older client: its errors come with 200.
        (JSON, JSON, 200),
        (f"{GRAPHQL_JSON};q=0.1, {JSON}", JSON, 200),
        (f"{JSON}, */*", JSON, 200),
    ],
)
async def test_answers_in_the_type_that_is_asked_for(
    api: Api, accept: str, type_: str, status: int
) -> None:
    good = await api.post(HELLO, accept=accept)
    mistaken = await api.post(document("{ nope }"), accept=accept)
    unreadable = await api.post(b"not JSON", accept=accept)
    stranger = await api.post(HELLO, accept=accept, authorization="Bearer nobody")

    answers = (good, mistaken, unreadable, stranger)
    assert {answer.headers["content-type"] for answer in answers} == {type_ + UTF_8}
    assert {answer.headers["vary"] for answer in answers} == {"Accept"}
    assert good.status_code == 200
    assert mistaken.status_code == status
    assert (unreadable.status_code, stranger.status_code) == (400, 401)


@pytest.mark.parametrize(
    "field",
    [
        "activity(first: 101) { totalCount }",
        'activity(after: "nonsense") { totalCount }',
        'node(id: "nonsense") { id }',
        "party { name }",
    ],
)
async def test_answers_nothing_of_a_query_with_a_mistake_in_its_values(
    api: Api, field: str
) -> None:
    response = await api.ask(f"{{ viewer {{ user {{ name }} }} {field} }}")

    assert response.status_code == 400
    assert code_of(response) == "BAD_REQUEST"


async def test_changes_nothing_where_a_value_in_the_answer_is_a_mistake(api: Api) -> None:
    start = START.replace("status }", "status activity(first: 0) { totalCount } }")

    response = await api.ask(start, variables={"id": api.party})

    assert response.status_code == 400
    assert code_of(response) == "BAD_REQUEST"
    assert not await api.has_started()


@pytest.mark.parametrize(
    ("fields", "limit", "code"),
    [
        (
            " ".join(f"a{number}: __typename" for number in range(31)),
            "MAX_ALIASES",
            "LIMIT_EXCEEDED",
        ),
        ("offboardings(first: 101) { totalCount }", "MAX_PAGE_SIZE", "BAD_REQUEST"),
        (
            f"offboardings(filter: {{status: [{'DONE ' * 251}]}}) {{ totalCount }}",
            "MAX_LIST_ITEMS",
            "BAD_REQUEST",
        ),
    ],
    ids=["fields", "page", "list"],
)
async def test_refuses_what_is_over_a_limit_with_400_to_older_clients_too(
    api: Api, fields: str, limit: str, code: str
) -> None:
    response = await api.post(document(f"{{ {fields} }}"), accept=JSON)

    (error,) = response.json()["errors"]
    assert response.status_code == 400
    assert (error["extensions"]["code"], error["extensions"]["limit"]) == (code, limit)


async def test_answers_queries_by_get_only_where_told_to(
    shared_database_url: str, api: Api
) -> None:
    authorization = {"authorization": f"Bearer {api.token}"}
    query = "query ($n: Int) { offboardings(first: $n) { totalCount } }"
    good = {"query": query, "variables": '{"n": 1}'}

    async with served(DATABASE_URL=shared_database_url, ALLOW_GET="true") as server:

        async def get(parameters: dict[str, str]) -> httpx2.Response:
            return await server.http.get("/graphql", params=parameters, headers=authorization)

        answered = await get(good)
        mutation = await get({"query": START, "variables": json.dumps({"id": api.party})})
        broken = [
            await get({"query": query, "variables": variables}) for variables in ("{", "5", "[]")
        ]
        nothing = await get({})
        other = await server.http.delete("/graphql", headers=authorization)

    assert (answered.status_code, answered.json()["data"]) == (
        200,
        {"offboardings": {"totalCount": 0}},
    )
    assert (mutation.status_code, mutation.headers["allow"]) == (405, "POST")
    assert [response.status_code for response in (*broken, nothing)] == [400] * 4
    assert (other.status_code, other.headers["allow"]) == (405, "GET, POST")
    assert not await api.has_started()


async def test_waits_for_no_body_longer_than_told(shared_database_url: str, api: Api) -> None:
    head = f"""POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {api.token}\r
Content-Type: {JSON}\r\nContent-Length: 1000\r\n\r\n"""
    async with served(DATABASE_URL=shared_database_url, BODY_SECONDS="1") as server:
        port = int(server.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        writer.write(head.encode() + b"{")
        answer = (await reader.read()).decode()
        writer.close()

    assert answer.startswith("HTTP/1.1 408 ")
    assert "connection: close" in answer
    assert "REQUEST_TIMEOUT" in answer


async def test_answers_404_elsewhere(api: Api) -> None:
    for path in ("/graphql/x", "/mail", "/health", "/../settings.py"):
        response = await api.server.http.get(path)

        assert response.status_code == 404, path


@pytest.mark.usefixtures("database")
async def test_masks_a_fault_and_logs_it_under_the_id_that_it_tells(database_url: str) -> None:
    token = await make_token(await make_user())
    party = await make_party()
    connection = await asyncpg.connect(database_url)
    async with served(DATABASE_URL=database_url) as server:
        await connection.execute("alter table holding rename to holding_is_away")

        read = await server.http.post(
            "/graphql",
            content=document(f'{{ party(id: "party_{party.id}") {{ holdings {{ role }} }} }}'),
            headers={"authorization": f"Bearer {token}", "content-type": JSON},
        )
        written = await server.http.post(
            "/graphql",
            content=document(
                START.replace(
                    "(input: {",
                    '(input: {status: DONE, resolution: DONE, confirmation: "TERMINATE", ',
                ),
                variables={"id": f"party_{party.id}"},
            ),
            headers={"authorization": f"Bearer {token}", "content-type": JSON},
        )
        log = server.log
    await connection.close()

    for response in (read, written):
        (error,) = response.json()["errors"]
        assert set(error) == {"message", "locations", "path", "extensions"}
        assert error["extensions"]["code"] == "INTERNAL"
        assert error["message"].endswith(f"tell support the id {error['extensions']['id']}.")
        assert f"fault {error['extensions']['id']}" in log
        for secret in ("holding_is_away", "relation", "select", "SELECT", "asyncpg", "Traceback"):
            assert secret not in response.text
    assert log.count('relation \\"holding\\" does not exist') >= 2
    assert await Offboarding.all().count() == 0


async def test_is_live_and_ready(api: Api) -> None:
    live = await api.server.http.get("/health/live")
    ready = await api.server.http.get("/health/ready")

    assert (live.status_code, live.json()) == (200, {"status": "live"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


async def test_is_not_ready_while_the_database_is_away_and_ready_again_after(
    database_url: str, administrator: asyncpg.Connection
) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    async with served(DATABASE_URL=database_url) as server:
        await administrator.execute(f"alter database {name} allow_connections false")
        await administrator.execute(
            "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = $1", name
        )

        away = await server.http.get("/health/ready")
        live = await server.http.get("/health/live")
        asked = await server.http.post(
            "/graphql", content=HELLO, headers={"authorization": "Bearer offb_" + "x" * 43}
        )
        await administrator.execute(f"alter database {name} allow_connections true")
        await until(server.is_ready)

    assert away.status_code == 503
    assert away.json() == {
        "status": "not ready",
        "reason": "the database cannot be reached or used",
    }
    assert live.status_code == 200
    assert (asked.status_code, asked.headers["retry-after"]) == (503, "1")
    assert code_of(asked) == "UNAVAILABLE"


async def test_is_not_ready_while_migrations_are_missing(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    async with served(DATABASE_URL=database_url) as server:
        taken = await connection.fetch("delete from tortoise_migrations returning *")

        missing = await server.http.get("/health/ready")
        await connection.executemany(
            "insert into tortoise_migrations (id, app, name, applied_at) values ($1, $2, $3, $4)",
            [(row["id"], row["app"], row["name"], row["applied_at"]) for row in taken],
        )
        back = await server.http.get("/health/ready")
    await connection.close()

    assert missing.status_code == 503
    names = ", ".join(sorted(row["name"] for row in taken))
    assert missing.json() == {"status": "not ready", "reason": f"migrations are missing: {names}"}
    assert back.status_code == 200


async def test_does_nothing_for_who_has_gone_while_it_was_found_out_who_they_are(
    api: Api, shared_database_url: str
) -> None:
    async with connected(shared_database_url):
        token = await make_token(api.user)
    blocker = await asyncpg.connect(shared_database_url)
    transaction = blocker.transaction()
    await transaction.start()
    await blocker.execute("lock table api_token in access exclusive mode")
    url = urlsplit(api.server.url)
    _, writer = await asyncio.open_connection(url.hostname, url.port)
    content = document(START, variables={"id": api.party})
    writer.write(
        b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        b"authorization: Bearer %b\r\ncontent-length: %d\r\n\r\n%b"
        % (token.encode(), len(content), content)
    )
    await until_so_many_wait(blocker, 1)

    writer.close()
    await writer.wait_closed()
    await api.server.http.get("/health/live")  # by then the server knows that they have gone
    await transaction.rollback()
    await blocker.close()

    assert not await api.has_started()
    await api.ask("{ viewer { openTaskCount } }")
    assert not await api.has_started()
