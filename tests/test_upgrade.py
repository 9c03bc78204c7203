"""An upgrade without downtime: the release before is served by the new schema, both of them."""

import re
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
from graphql import (
    FieldNode,
    OperationDefinitionNode,
    OperationType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    visit,
)
from graphql.utilities import find_breaking_changes

from database import connected
from settings import ROOT
from tests.factories import make_offboarding, make_token, make_user
from tests.released.record import BETWEEN, MIGRATIONS, SCHEMA, STATEMENTS
from tests.released.requests import DOCUMENT, answers
from tests.served import Served, served

# What a release still in use would miss, or fail at; a contract says in its name that none is.
TAKES_AWAY: Final = re.compile(
    r"""\bdrop\s+(table|column|view|function|type|default)\b | \brename\b | \bset\s+not\s+null\b
    | \balter\s+column\s+\w+\s+(set\s+data\s+)?type\b | \btruncate\b
    | \b(Delete|Rename|Alter)Model\b | \b(Remove|Rename|Alter)Field\b
    | \badd\s+column\s+(?!(?:[^,;]*\bdefault\b))[^,;]*\bnot\s+null\b""",
    re.IGNORECASE | re.VERBOSE,
)
SAVE: Final = """mutation ($id: ID!, $comment: String, $to: ID) {
  saveOffboarding(input: {offboardingId: $id, comment: $comment, assigneeId: $to}) { __typename }
}"""
READ: Final = """query ($id: ID!) { offboarding(id: $id) {
  comment subject { ... on Party { name } } activity { nodes { kind } }
} }"""
MUTATIONS: Final = {
    node.name.value
    for node in DOCUMENT.definitions
    if isinstance(node, OperationDefinitionNode) and node.operation is OperationType.MUTATION
    if node.name is not None
}
EXPANDED: Final = ("offboarding", "party", "activity", "outgoing_mail", "app_user", "api_token")


def test_takes_no_part_of_the_schema_away_that_the_release_has() -> None:
    released = build_schema(SCHEMA.read_text(encoding="utf-8"))
    now = build_schema((ROOT / "schema/schema.graphql").read_text(encoding="utf-8"))

    assert [change.description for change in find_breaking_changes(released, now)] == []


class Roots(Visitor):
    """Collects the root fields that operations ask for."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.found: set[str] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent = self.types.get_parent_type()
        if parent is not None:
            self.found.add(f"{parent.name}.{node.name.value}")


def test_keeps_a_request_of_the_release_for_each_root_field() -> None:
    released = build_schema(SCHEMA.read_text(encoding="utf-8"))
    types = TypeInfo(released)
    asked = Roots(types)

    visit(DOCUMENT, TypeInfoVisitor(types, asked))

    roots = [type_ for type_ in (released.query_type, released.mutation_type) if type_ is not None]
    fields = {f"{type_.name}.{field}" for type_ in roots for field in type_.fields}
    assert fields - asked.found == set()


@pytest.mark.usefixtures("database", "boundless")
async def test_answers_the_requests_of_the_release() -> None:
    async for name, answer in answers():
        assert "errors" not in answer, name
        for value in answer["data"].values():
            assert value is not None, name
            if name in MUTATIONS:
                assert value["__typename"].endswith("Success"), (name, value)


async def test_serves_each_statement_of_the_release(database_url: str) -> None:
    statements = STATEMENTS.read_text(encoding="utf-8").strip().split(BETWEEN)
    connection = await asyncpg.connect(database_url)
    for statement in statements:
        await connection.prepare(statement)
    await connection.close()

    assert len(statements) > 100


def later_migrations() -> list[Path]:
    released = MIGRATIONS.read_text(encoding="utf-8").split()
    known = sorted((ROOT / "models/migrations").glob("[0-9]*.py"))
    assert set(released) <= {path.stem for path in known}
    return [path for path in known if path.stem not in released]


def test_only_adds_while_the_release_is_in_use() -> None:
    for path in later_migrations():
        found = TAKES_AWAY.search(path.read_text(encoding="utf-8"))

        assert "contract" in path.stem or found is None, (path.stem, found)


@pytest.mark.parametrize(
    ("change", "takes_away"),
    [
        ("alter table party add column nickname text", False),
        ("alter table party add column nickname text not null default ''", False),
        ("create index party_nickname on party (nickname)", False),
        ("alter table party add column nickname text not null", True),
        ("alter table party drop column name", True),
        ("alter table party rename column name to title", True),
        ("alter table party alter column name type varchar(10)", True),
        ("alter table party alter column email set not null", True),
        ("drop table party", True),
        ('ops.RemoveField(model_name="Party", name="name")', True),
    ],
)
def test_knows_what_takes_away(change: str, takes_away: bool) -> None:  # noqa: FBT001 - of a table
    assert (TAKES_AWAY.search(change) is not None) is takes_away


async def test_goes_on_while_the_schema_grows_beneath_it(database_url: str) -> None:
    async with connected(database_url):
        people = [await make_user() for _ in range(2)]
        token, offboarding = await make_token(people[0]), await make_offboarding()
    id = f"offboarding_{offboarding.id}"
    owner = await asyncpg.connect(database_url)

    async def work(server: Served, comment: str, colleague: int) -> Any:
        client = server.client(token)
        to = f"user_{people[colleague].id}"
        saved = [
            await client.ask(SAVE, id=id, comment=f"{comment}, with a letter", to=to),
            await client.ask(SAVE, id=id, comment=comment),
        ]
        assert {one["saveOffboarding"]["__typename"] for one in saved} == {"SaveOffboardingSuccess"}
        return (await client.ask(READ, id=id))["offboarding"]

    async with served(DATABASE_URL=database_url) as server:
        await work(server, "first", 1)
        before = await work(server, "before", 0)
        async with owner.transaction():
            for table in EXPANDED:
                await owner.execute(f"alter table {table} add column grown text default 'x'")
            await owner.execute(
                "insert into tortoise_migrations (app, name, applied_at)"
                " values ('models', '9999_of_tomorrow', now())"
            )
        after = await work(server, "after", 1)
        ready = await server.http.get("/health/ready")

        assert '"level":"error"' not in server.log
    await owner.close()

    assert before["comment"] == "before"
    assert after["comment"] == "after"
    assert len(after["activity"]["nodes"]) == len(before["activity"]["nodes"]) + 3
    assert ready.status_code == 200
