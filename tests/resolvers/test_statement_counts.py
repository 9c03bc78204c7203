"""Statements that are really sent: one for each root field, however much is asked of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Final

import pytest
from asyncpg.connection import LoggedQuery
from tortoise.connection import get_connection

from database import connected
from models import Activity, ActivityKind, Permission, Viewer
from schema import schema
from tests.asking import answer, data, gid
from tests.factories import (
    STARTED_AT,
    make_holding,
    make_offboarding,
    make_party,
    make_product,
    make_user,
    viewer_for,
)

# What is asked here is larger than a client's operation may be.
pytestmark = pytest.mark.usefixtures("boundless")

GRAPHQL: Final[Any] = schema._schema  # noqa: SLF001 - Strawberry has no public way to it


@pytest.fixture
async def statements(database_url: str) -> AsyncIterator[list[str]]:
    """Yield what is sent to PostgreSQL over the only connection there is."""
    sent: list[str] = []
    async with connected(database_url, pool_size=1):
        async with get_connection("default").acquire_connection() as connection:
            # The driver asks once for each connection what a list of ids is.
            await connection.fetch("select $1::uuid[]", [])
            connection.add_query_logger(lambda query: keep(sent, query))
        yield sent


async def told(statements: list[str]) -> list[str]:
    """Return what was sent, once all of it is told of: that is a turn of the loop later."""
    await asyncio.sleep(0)
    return statements


def keep(sent: list[str], query: LoggedQuery) -> None:
    """Keep a statement, also one that failed; that others are told of a change is no part of it."""
    if "pg_notify" not in query.query:
        sent.append(str(query.query))


async def make_clients(count: int) -> Viewer:
    """Make parties that each have two products, an offboarding, an assignee and a log."""
    viewer = await make_user(name="Ada")
    grace = await make_user(name="Grace")
    joint = await make_product()
    for number in range(count):
        party = await make_party(reference=f"C-{number}", name=f"{number:03}", manager=viewer)
        await make_holding(party, await make_product(number=f"A-{number}"))
        await make_holding(party, joint)
        offboarding = await make_offboarding(party=party, assignee=grace)
        await Activity.create(
            organisation_id=viewer.organisation_id,
            kind=ActivityKind.OFFBOARDING_STARTED,
            occurred_at=STARTED_AT,
            actor=viewer,
            offboarding=offboarding,
            party=party,
            changes=[{"field": "status", "before": None, "after": "OPEN"}],
        )
    return await viewer_for(viewer)


PARTIES: Final = """{ clientFile { parties(first: 50) {
  totalCount
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  edges { cursor node {
    id name reference type status offboardingState viewerCanStartOffboarding
    manager { name }
    products { number name status parties { reference } }
    offboarding { id status assignee { name } startedBy { name } openProducts { number } }
    offboardings(first: 3) { totalCount nodes { version activity { nodes { kind } } } }
  } }
} } }"""


async def test_reads_a_page_of_fifty_parties_in_one_statement(statements: list[str]) -> None:
    viewer = await make_clients(51)
    (await told(statements)).clear()

    answered = await data(viewer, PARTIES)

    edges = answered["clientFile"]["parties"]["edges"]
    assert len(await told(statements)) == 1
    assert len(edges) == 50
    assert answered["clientFile"]["parties"]["totalCount"] == 51
    assert all(len(edge["node"]["products"]) == 2 for edge in edges)
    assert {edge["node"]["offboarding"]["assignee"]["name"] for edge in edges} == {"Grace"}


ROOT_FIELDS: Final = {
    "viewer": "viewer { user { name } organisation { name } permissions openTaskCount }",
    "node": "node(id: $party) { ... on Party { products { parties { manager { name } } } } }",
    "nodes": """nodes(ids: [$party, $offboarding, $party]) {
      id ... on Party { offboardings { nodes { activity { nodes { changes { field } } } } } }
      ... on Offboarding { subject { ... on Party { holdings { product { number } } } } }
    }""",
    "clientFile": """clientFile {
      a: parties(first: 2) { nodes { products { number } } }
      b: parties(last: 2) { nodes { name } totalCount }
      products { edges { node { holdings { party { offboarding { status } } } } } }
    }""",
    "party": "party(id: $party) { manager { name } holdings { product { holdings { role } } } }",
    "product": 'product(number: "A-1") { parties { offboarding { activity { totalCount } } } }',
    "offboarding": "offboarding(id: $offboarding) { assignee { name } openProducts { number } }",
    "offboardings": """offboardings(filter: { assignedToMe: false }) {
      nodes { subject { ... on Party { products { number } } } assignee { name } } totalCount
    }""",
    "assignableUsers": 'assignableUsers(search: "a") { nodes { name } totalCount }',
    "activity": "activity { nodes { actor { name } offboarding { assignee { name } } } }",
    "mails": "mails { nodes { status recipient { name } offboarding { status } } totalCount }",
    "users": "users { nodes { name } totalCount }",
    "userGroups": "userGroups { nodes { name permissions } totalCount }",
    "apiTokens": "apiTokens { nodes { name user { name } } totalCount }",
    "webhooks": "webhooks { nodes { url createdBy { name } } totalCount }",
    "webhookDeliveries": "webhookDeliveries { nodes { webhook { url } activity { kind } } }",
    "statistics": "statistics { total byStatus { count } byAssignee { assignee { name } } }",
}
ROOTS: Final = list(GRAPHQL.query_type.fields)


@pytest.mark.parametrize("name", ROOTS)
async def test_reads_every_root_field_in_one_statement(name: str, statements: list[str]) -> None:
    viewer = replace(await make_clients(3), permissions=frozenset(Permission))
    offboarding = await data(
        viewer, "{ offboardings { nodes { id subject { ... on Party { id } } } } }"
    )
    first = offboarding["offboardings"]["nodes"][0]
    wanted = [
        (variable, value)
        for variable, value in (("party", first["subject"]["id"]), ("offboarding", first["id"]))
        if f"${variable}" in ROOT_FIELDS[name]
    ]
    declared = ", ".join(f"${variable}: ID!" for variable, _ in wanted)
    document = f"query {f'({declared})' if declared else ''} {{ {ROOT_FIELDS[name]} }}"
    (await told(statements)).clear()

    answered = await data(viewer, document, **dict(wanted))

    assert len(await told(statements)) == 1
    assert answered[name] is not None
    assert statements[0].startswith("select ")


async def test_reads_root_fields_together_in_a_statement_each(statements: list[str]) -> None:
    viewer = await make_clients(2)
    (await told(statements)).clear()

    await data(
        viewer,
        """{ __typename viewer { clientAccess } again: viewer { clientAccess }
             clientFile { parties { totalCount } products { totalCount } } }""",
    )

    assert len(await told(statements)) == 3


async def test_reads_a_selection_that_is_switched_off_without_any(statements: list[str]) -> None:
    viewer = await make_clients(1)
    (await told(statements)).clear()

    answered = await data(
        viewer,
        'query ($yes: Boolean!) { party(reference: "C-0") @include(if: $yes) { name } }',
        yes=False,
    )

    assert answered == {}
    assert await told(statements) == []


async def test_sends_nothing_for_what_makes_no_sense(statements: list[str]) -> None:
    viewer = await make_clients(1)
    (await told(statements)).clear()

    for document in (
        "{ clientFile { parties(first: 0) { totalCount } } viewer { clientAccess } }",
        '{ party(id: "x") { name } }',
        "{ party { name } }",
        '{ node(id: "x") { id } }',
        "{ shoeSize }",
    ):
        assert (await answer(viewer, document, {}))["errors"]

    assert await told(statements) == []


async def test_saves_a_status_in_three_statements_to_look_to_write_and_to_show(
    statements: list[str],
) -> None:
    viewer = await make_clients(1)
    row = await make_offboarding(product=await make_product())
    (await told(statements)).clear()

    await data(
        viewer,
        """mutation ($id: ID!) {
          setOffboardingStatus(input: { offboardingId: $id, status: REVIEW }) {
            ... on SetOffboardingStatusSuccess { offboarding {
              status assignee { name } activity { nodes { actor { name } } }
              subject { ... on Product { parties { name } } }
            } }
          }
        }""",
        id=gid(row),
    )

    looked, written, shown = await told(statements)
    assert looked.startswith("select wanted.place, x.*, '' as shown from unnest(")
    assert written.startswith("with written as (update offboarding set ")
    assert shown.startswith("select wanted.place, ")


async def test_saves_a_status_in_two_statements_where_its_own_row_is_shown(
    statements: list[str],
) -> None:
    viewer = await make_clients(1)
    row = await make_offboarding(assignee=await make_user(name="Ida"))
    (await told(statements)).clear()

    answered = await data(
        viewer,
        """mutation ($id: ID!) {
          setOffboardingStatus(input: { offboardingId: $id, status: REVIEW }) {
            ... on SetOffboardingStatusSuccess { offboarding {
              __typename id state: status version assignee { name } closedBy { name } closedAt
            } }
          }
        }""",
        id=gid(row),
    )

    looked, written = await told(statements)
    assert looked.startswith("select wanted.place, x.*, ")
    assert written.startswith("with written as (update offboarding set ")
    assert answered["setOffboardingStatus"]["offboarding"] == {
        "__typename": "Offboarding",
        "id": gid(row),
        "state": "REVIEW",
        "version": 2,
        "assignee": {"name": "Ida"},
        "closedBy": None,
        "closedAt": None,
    }


async def test_answers_a_save_that_changes_nothing_from_the_look(statements: list[str]) -> None:
    viewer = await make_clients(1)
    row = await make_offboarding(assignee=await make_user(name="Ida"))
    (await told(statements)).clear()

    answered = await data(
        viewer,
        """mutation ($id: ID!) {
          setOffboardingStatus(input: { offboardingId: $id, status: OPEN }) {
            ... on SetOffboardingStatusSuccess { offboarding {
              id status version assignee { name } closedAt
            } }
          }
        }""",
        id=gid(row),
    )

    (looked,) = await told(statements)
    assert looked.startswith("select wanted.place, x.*, ")
    assert answered["setOffboardingStatus"]["offboarding"] == {
        "id": gid(row),
        "status": "OPEN",
        "version": 1,
        "assignee": {"name": "Ida"},
        "closedAt": None,
    }


async def test_reads_the_result_of_a_mutation_in_one_statement_after_the_commit(
    statements: list[str],
) -> None:
    viewer = await make_clients(1)
    row = await make_offboarding(product=await make_product())
    (await told(statements)).clear()

    await data(
        viewer,
        """mutation ($id: ID!, $assignee: ID!) {
          assignOffboarding(input: { offboardingId: $id, assigneeId: $assignee }) {
            ... on AssignOffboardingSuccess { offboarding {
              assignee { name } activity { nodes { actor { name } } }
            } }
          }
        }""",
        id=gid(row),
        assignee=f"user_{viewer.user_id}",
    )

    commit = next(
        i for i, sql in enumerate(await told(statements)) if sql.upper().startswith("COMMIT")
    )
    assert len(statements) == commit + 2
    assert statements[-1].startswith("select wanted.place, ")
