"""The read path: whatever a client selects, and however, is answered as GraphQL says."""

import asyncio
from datetime import timedelta
from typing import Any, Final

import pytest

from models import (
    ClientAccess,
    OffboardingResolution,
    OffboardingStatus,
    PartyType,
    Permission,
    User,
)
from models.user_group import DEFAULT_GROUPS
from tests.asking import Ask, answer, gid
from tests.factories import (
    STARTED_AT,
    make_holding,
    make_offboarding,
    make_organisation,
    make_party,
    make_product,
    make_user,
)

# What is asked here is larger than a client's operation may be.
pytestmark = pytest.mark.usefixtures("boundless")

PARTY: Final = "C-1"


async def make_client() -> Any:
    """Make a party with a product, an offboarding and a viewer who sees all of it."""
    viewer = await make_user(name="Ada")
    party = await make_party(reference=PARTY, name="Abel", manager=viewer)
    await make_holding(party, await make_product(number="A-1", name="Account"))
    await make_offboarding(party=party, assignee=viewer)
    return viewer


# ---------------------------------------------------------------- aliases


async def test_answers_under_the_aliases_asked_in_the_order_asked(ask: Ask) -> None:
    viewer = await make_client()
    document = """{
      b: party(reference: "C-1") { second: name first: reference name again: name }
      a: party(reference: "C-2") { name }
      clientFile {
        one: parties(first: 1) { n: totalCount rows: nodes { r: reference } }
        two: parties(first: 1, orderBy: { field: REFERENCE }) { pageInfo { more: hasNextPage } }
      }
    }"""

    answered = await ask(viewer, document)

    assert answered == {
        "b": {"second": "Abel", "first": "C-1", "name": "Abel", "again": "Abel"},
        "a": None,
        "clientFile": {
            "one": {"n": 1, "rows": [{"r": "C-1"}]},
            "two": {"pageInfo": {"more": False}},
        },
    }
    assert list(answered) == ["b", "a", "clientFile"]
    assert list(answered["b"]) == ["second", "first", "name", "again"]


@pytest.mark.parametrize("fields", [49, 50, 51, 99, 100, 101, 250])
async def test_answers_an_object_of_any_number_of_fields(ask: Ask, fields: int) -> None:
    viewer = await make_client()
    aliases = [f"field{number}" for number in range(fields)]
    names = ["name", "reference", "__typename"]
    selected = " ".join(f"{alias}: {names[i % 3]}" for i, alias in enumerate(aliases))

    answered = await ask(
        viewer,
        f'{{ party(reference: "C-1") {{ {selected} products {{ {selected[:0]}number }} }} }}',
    )

    values = ["Abel", "C-1", "Party"]
    expected = {alias: values[i % 3] for i, alias in enumerate(aliases)}
    assert answered == {"party": {**expected, "products": [{"number": "A-1"}]}}
    assert list(answered["party"]) == [*aliases, "products"]


async def test_takes_every_name_that_graphql_allows_as_an_alias(ask: Ask) -> None:
    viewer = await make_client()
    names = ["_", "__", "_0", "select", "null", "true", "t1", "place_", "x" * 200, "NaMe"]
    selected = " ".join(f"{name}: name" for name in names)

    answered = await ask(viewer, f'{{ party(reference: "C-1") {{ {selected} }} }}')

    assert answered == {"party": dict.fromkeys(names, "Abel")}


# ---------------------------------------------------------------- fragments


async def test_merges_what_fragments_and_fields_ask_of_one_key(ask: Ask) -> None:
    viewer = await make_client()
    document = """query {
      party(reference: "C-1") { ...names offboarding { status } ... { email } }
      party(reference: "C-1") { offboarding { assignee { name } } ...names }
    }
    fragment names on Party {
      name offboarding { ...version } ... on Node { id ... on Party { type } }
    }
    fragment version on Offboarding { version assignee { email } }"""

    answered = await ask(viewer, document)

    party = answered["party"]
    assert party.pop("id").startswith("party_")
    assert party == {
        "name": "Abel",
        "offboarding": {
            "version": 1,
            "assignee": {"email": viewer.email, "name": "Ada"},
            "status": "OPEN",
        },
        "type": "NATURAL_PERSON",
        "email": None,
    }
    assert list(party) == ["name", "offboarding", "type", "email"]


async def test_answers_a_union_by_the_type_of_each_row(ask: Ask) -> None:
    viewer = await make_client()
    await make_offboarding(product=await make_product(number="A-9"))
    document = """{ offboardings(orderBy: { field: STARTED_AT }) { nodes { subject {
      __typename
      ... on Node { id }
      ...ofParty
      ... on Product { label: number parties { reference } }
    } } } }
    fragment ofParty on Party { label: reference products { number } }"""

    answered = await ask(viewer, document)

    subjects = [node["subject"] for node in answered["offboardings"]["nodes"]]
    ids = [subject.pop("id") for subject in subjects]
    assert [id_.partition("_")[0] for id_ in ids] == ["party", "product"]
    assert subjects == [
        {"__typename": "Party", "label": "C-1", "products": [{"number": "A-1"}]},
        {"__typename": "Product", "label": "A-9", "parties": []},
    ]


async def test_answers_an_empty_object_where_no_fragment_applies(ask: Ask) -> None:
    viewer = await make_client()

    answered = await ask(
        viewer, "{ offboardings { nodes { subject { ... on Product { number } } } } }"
    )

    assert answered == {"offboardings": {"nodes": [{"subject": {}}]}}


async def test_says_the_type_of_everything(ask: Ask) -> None:
    viewer = await make_client()
    document = """{ __typename clientFile { __typename parties { __typename pageInfo { __typename }
      edges { __typename node { __typename manager { __typename } holdings { __typename
        party { __typename } product { __typename } }
      offboardings { __typename nodes { __typename activity { __typename edges { __typename } } } }
    } } } } }"""

    answered = await ask(viewer, document)

    assert answered == {
        "__typename": "Query",
        "clientFile": {
            "__typename": "ClientFile",
            "parties": {
                "__typename": "PartyConnection",
                "pageInfo": {"__typename": "PageInfo"},
                "edges": [
                    {
                        "__typename": "PartyEdge",
                        "node": {
                            "__typename": "Party",
                            "manager": {"__typename": "User"},
                            "holdings": [
                                {
                                    "__typename": "Holding",
                                    "party": {"__typename": "Party"},
                                    "product": {"__typename": "Product"},
                                }
                            ],
                            "offboardings": {
                                "__typename": "OffboardingConnection",
                                "nodes": [
                                    {
                                        "__typename": "Offboarding",
                                        "activity": {
                                            "__typename": "ActivityConnection",
                                            "edges": [],
                                        },
                                    }
                                ],
                            },
                        },
                    }
                ],
            },
        },
    }


# ---------------------------------------------------------------- @skip and @include


async def test_skips_and_includes_by_the_variables_of_each_request(ask: Ask) -> None:
    viewer = await make_client()
    document = """query ($a: Boolean!, $b: Boolean! = true) {
      party(reference: "C-1") {
        key: reference
        name @include(if: $a)
        type @skip(if: $a)
        email @include(if: $a) @skip(if: $b)
        ... @include(if: $b) { status products { number @include(if: $a) key: name } }
        ...ofParty @skip(if: $b)
      }
    }
    fragment ofParty on Party { offboarding { status @skip(if: $a) version } }"""
    products = [{"key": "Account"}]
    cases: list[tuple[dict[str, bool], dict[str, Any]]] = [
        ({"a": False}, {"type": "NATURAL_PERSON", "status": "ACTIVE", "products": products}),
        ({"a": True, "b": False}, {"name": "Abel", "email": None, "offboarding": {"version": 1}}),
        (
            {"a": True},
            {"name": "Abel", "status": "ACTIVE", "products": [{"number": "A-1", "key": "Account"}]},
        ),
        (
            {"a": False, "b": False},
            {"type": "NATURAL_PERSON", "offboarding": {"status": "OPEN", "version": 1}},
        ),
    ]

    for variables, expected in [*cases, *reversed(cases)]:
        answered = await ask(viewer, document, **variables)

        assert answered == {"party": {"key": "C-1", **expected}}


async def test_answers_an_empty_object_where_all_is_switched_off(ask: Ask) -> None:
    viewer = await make_client()
    document = """query ($yes: Boolean!) {
      party(reference: "C-1") { name @include(if: $yes) }
      clientFile { parties { nodes { products { number @include(if: $yes) } } } }
      viewer { user { name @include(if: $yes) } }
    }"""

    off = await ask(viewer, document, yes=False)
    on = await ask(viewer, document, yes=True)

    assert off == {
        "party": {},
        "clientFile": {"parties": {"nodes": [{"products": [{}]}]}},
        "viewer": {"user": {}},
    }
    assert on == {
        "party": {"name": "Abel"},
        "clientFile": {"parties": {"nodes": [{"products": [{"number": "A-1"}]}]}},
        "viewer": {"user": {"name": "Ada"}},
    }


async def test_leaves_out_switched_off_lists_objects_and_whole_root_fields(ask: Ask) -> None:
    viewer = await make_client()
    document = """query ($yes: Boolean!) {
      party(reference: "C-1") @include(if: $yes) { name }
      clientFile { parties { pageInfo @include(if: $yes) { hasNextPage } totalCount @skip(if: $yes)
        edges @include(if: $yes) { cursor @skip(if: $yes) node { reference } } } }
    }"""

    off = await ask(viewer, document, yes=False)
    on = await ask(viewer, document, yes=True)

    assert off == {"clientFile": {"parties": {"totalCount": 1}}}
    assert on == {
        "party": {"name": "Abel"},
        "clientFile": {
            "parties": {
                "pageInfo": {"hasNextPage": False},
                "edges": [{"node": {"reference": "C-1"}}],
            }
        },
    }


async def test_switches_what_is_merged_at_the_root(ask: Ask) -> None:
    viewer = await make_client()
    document = """query ($yes: Boolean!) {
      party(reference: "C-1") { name }
      ... @include(if: $yes) { party(reference: "C-1") { status } }
    }"""

    answered = [await ask(viewer, document, yes=yes) for yes in (False, True, False)]

    small, large = {"party": {"name": "Abel"}}, {"party": {"name": "Abel", "status": "ACTIVE"}}
    assert answered == [small, large, small]


async def test_switches_what_is_merged_in_the_result_of_a_mutation(ask: Ask) -> None:
    viewer = await make_client()
    offboarding = await make_offboarding(product=await make_product())
    document = """mutation ($id: ID!, $yes: Boolean!) {
      assignOffboarding(input: { offboardingId: $id }) {
        ... on AssignOffboardingSuccess { offboarding { status } }
        ... @include(if: $yes) { ... on AssignOffboardingSuccess { offboarding { version } } }
      }
    }"""

    answered = [
        await ask(viewer, document, id=gid(offboarding), yes=yes) for yes in (True, False, True)
    ]

    small, large = {"status": "OPEN"}, {"status": "OPEN", "version": 1}
    assert [one["assignOffboarding"]["offboarding"] for one in answered] == [large, small, large]


async def test_forgets_no_switch_however_many_there_are(ask: Ask) -> None:
    viewer = await make_client()
    names = [f"v{number}" for number in range(6)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    selected = " ".join(f"{name}: name @include(if: ${name})" for name in names)
    document = f'query ({declared}) {{ party(reference: "C-1") {{ {selected} }} }}'

    for pattern in range(64):
        switches = {name: bool(pattern >> bit & 1) for bit, name in enumerate(names)}

        answered = await ask(viewer, document, **switches)

        assert answered == {"party": {name: "Abel" for name, on in switches.items() if on}}


# ---------------------------------------------------------------- documents of several operations


OPERATIONS: Final = """
query One($reference: String!) { party(reference: $reference) { name } }
query Two($id: ID!, $first: Int!) {
  node(id: $id) { id }
  clientFile { parties(first: $first) { nodes { ...shown } } }
}
query Three { party(reference: "C-1") { ...shown } }
fragment shown on Party { offboardings(first: 1) { totalCount } }
"""


@pytest.mark.usefixtures("database")
async def test_answers_the_operation_named_whatever_the_others_need() -> None:
    viewer = await make_client()

    one = await answer(viewer, OPERATIONS, {"reference": "C-1"}, "One")
    two = await answer(viewer, OPERATIONS, {"id": gid(viewer), "first": 1}, "Two")
    three = await answer(viewer, OPERATIONS, {}, "Three")
    none = await answer(viewer, OPERATIONS, {"id": gid(viewer), "first": 0}, "Two")

    count = {"offboardings": {"totalCount": 1}}
    assert one == {"data": {"party": {"name": "Abel"}}}
    assert two == {
        "data": {"node": {"id": gid(viewer)}, "clientFile": {"parties": {"nodes": [count]}}}
    }
    assert three == {"data": {"party": count}}
    assert [error["extensions"]["code"] for error in none["errors"]] == ["BAD_REQUEST"]


# ---------------------------------------------------------------- connections within connections


async def test_pages_each_connection_by_its_own_arguments(ask: Ask) -> None:
    viewer = await make_user()
    for number in (1, 2):
        party = await make_party(reference=f"C-{number}", name=f"{number}")
        for version in (3, 2, 1):
            done = version > 1
            await make_offboarding(
                party=party,
                version=version,
                started_at=STARTED_AT - timedelta(days=version),
                status=OffboardingStatus.DONE if done else OffboardingStatus.OPEN,
                resolution=OffboardingResolution.CANCELLED if done else None,
            )
    document = """query ($n: Int, $after: Cursor) { clientFile { parties(first: 2) { nodes {
      reference
      one: offboardings(first: $n, after: $after) { totalCount nodes { version }
        pageInfo { hasNextPage hasPreviousPage endCursor } }
      rest: offboardings { edges { cursor node { version } } }
    } } } }"""

    answered = await ask(viewer, document, n=1)
    first, second = answered["clientFile"]["parties"]["nodes"]
    after = first["one"]["pageInfo"]["endCursor"]
    further = await ask(viewer, document, n=1, after=after)

    assert [edge["node"]["version"] for edge in first["rest"]["edges"]] == [1, 2, 3]
    assert first["rest"]["edges"][0]["cursor"] == after
    for party in (first, second):
        assert party["one"]["totalCount"] == 3
        assert party["one"]["nodes"] == [{"version": 1}]
        assert party["one"]["pageInfo"]["hasNextPage"] is True
        assert party["one"]["pageInfo"]["hasPreviousPage"] is False
    same = further["clientFile"]["parties"]["nodes"][0]["one"]
    assert same["nodes"] == [{"version": 2}]
    assert same["pageInfo"]["hasNextPage"] is True
    assert same["pageInfo"]["hasPreviousPage"] is True


PARTS: Final = {
    "__typename": "PartyConnection",
    "totalCount": 3,
    "pageInfo { __typename }": {"__typename": "PageInfo"},
    "pageInfo { hasNextPage }": {"hasNextPage": False},
    "pageInfo { hasPreviousPage }": {"hasPreviousPage": False},
    "nodes { __typename }": [{"__typename": "Party"}] * 3,
    "edges { node { name } }": [{"node": {"name": "same"}}] * 3,
}


async def test_answers_each_part_of_a_connection_alone_with_rows_and_without(ask: Ask) -> None:
    viewer = await make_user()
    stranger = await make_user(organisation=await make_organisation())
    for _ in range(3):
        await make_party(name="same")

    async def alone(asker: User, part: str) -> Any:
        answered = await ask(asker, f"{{ clientFile {{ parties {{ part: {part} }} }} }}")
        return answered["clientFile"]["parties"]["part"]

    full = {part: await alone(viewer, part) for part in PARTS}
    empty = {part: await alone(stranger, part) for part in PARTS}

    assert full == PARTS
    assert empty == {
        **PARTS,
        "totalCount": 0,
        "nodes { __typename }": [],
        "edges { node { name } }": [],
    }


async def test_answers_a_connection_of_which_nothing_is_included(ask: Ask) -> None:
    viewer = await make_user()
    await make_party(name="a")
    await make_party(name="b")
    document = """query ($yes: Boolean!) { clientFile { parties {
      totalCount @include(if: $yes)
      pageInfo { endCursor @include(if: $yes) }
    } } }"""

    answered = await ask(viewer, document, yes=False)

    assert answered == {"clientFile": {"parties": {"pageInfo": {}}}}


async def test_goes_round_in_circles_as_deep_as_asked(ask: Ask) -> None:
    viewer = await make_client()
    inner = "reference"
    for _ in range(3):
        inner = f"reference products {{ number parties {{ {inner} }} }}"

    answered = await ask(viewer, f'{{ party(reference: "C-1") {{ {inner} }} }}')

    found = answered["party"]
    for _ in range(3):
        assert found["reference"] == "C-1"
        (product,) = found["products"]
        assert product["number"] == "A-1"
        (found,) = product["parties"]
    assert found == {"reference": "C-1"}


# ---------------------------------------------------------------- the plans that are kept


SHAPES: Final = """query (
  $first: Int, $last: Int, $after: Cursor, $filter: PartyFilter, $order: PartyOrder, $all: Boolean!
) { clientFile { parties(first: $first, last: $last, after: $after, filter: $filter,
      orderBy: $order, includeOffboarded: $all) { nodes { reference } } } }"""


async def test_tells_requests_apart_that_differ_in_their_arguments_only(ask: Ask) -> None:
    viewer = await make_user()
    for number, type_ in enumerate(PartyType):
        await make_party(reference=f"C-{number}", name=f"{9 - number}", type=type_)
    gone = await make_party(reference="C-3", name="0")
    await make_offboarding(
        party=gone, status=OffboardingStatus.DONE, resolution=OffboardingResolution.DONE
    )
    place = (await ask(viewer, CURSOR))["clientFile"]["parties"]["pageInfo"]["endCursor"]
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"all": False}, ["C-2", "C-1", "C-0"]),
        ({"all": True}, ["C-3", "C-2", "C-1", "C-0"]),
        ({"all": False, "first": 1}, ["C-2"]),
        ({"all": False, "first": 2}, ["C-2", "C-1"]),
        ({"all": False, "last": 1}, ["C-0"]),
        ({"all": True, "first": 1}, ["C-3"]),
        ({"all": False, "after": place}, ["C-1", "C-0"]),
        ({"all": False, "after": place, "first": 1}, ["C-1"]),
        ({"all": False, "order": {"field": "REFERENCE"}}, ["C-0", "C-1", "C-2"]),
        (
            {"all": False, "order": {"field": "REFERENCE", "direction": "DESC"}},
            ["C-2", "C-1", "C-0"],
        ),
        ({"all": False, "filter": {"type": ["LEGAL_ENTITY"]}}, ["C-1"]),
        ({"all": False, "filter": {"type": ["NATURAL_PERSON"]}}, ["C-0"]),
        ({"all": False, "filter": {"type": ["NATURAL_PERSON", "LEGAL_ENTITY"]}}, ["C-1", "C-0"]),
        ({"all": True, "filter": {"status": ["OFFBOARDED"]}}, ["C-3"]),
        ({"all": True, "filter": {"status": ["OFFBOARDED"], "type": ["LEGAL_ENTITY"]}}, []),
        ({"all": True, "filter": {"offboardingState": ["NONE"]}}, ["C-2", "C-1", "C-0"]),
    ]

    for variables, expected in [*cases, *reversed(cases)]:
        answered = await ask(viewer, SHAPES, **variables)

        found = [node["reference"] for node in answered["clientFile"]["parties"]["nodes"]]
        assert found == expected, variables


CURSOR: Final = "{ clientFile { parties(first: 1) { pageInfo { endCursor } } } }"

ALL: Final = """{
  viewer { user { email } clientAccess permissions openTaskCount }
  clientFile { parties { totalCount nodes { reference products { number } } }
    products { nodes { number parties { reference } } } }
  offboardings { totalCount nodes { comment viewerCanEdit subject { ... on Party { reference } } } }
  assignableUsers { nodes { email } }
  activity { totalCount }
}"""


async def test_tells_viewers_apart_who_send_the_same_document(ask: Ask) -> None:
    expected = {}
    for name in ("north", "south"):
        bank = await make_organisation()
        boss = await make_user(organisation=bank, email=f"boss@{name}")
        own = await make_user(
            organisation=bank,
            email=f"own@{name}",
            client_access=ClientAccess.OWN,
            groups=["Reader"],
        )
        mine = await make_party(organisation=bank, reference=f"{name}-1", name="1", manager=own)
        other = await make_party(organisation=bank, reference=f"{name}-2", name="2")
        for number, party in (("1", mine), ("2", other)):
            product = await make_product(organisation=bank, number=f"{name}-{number}")
            await make_holding(party, product)
            await make_offboarding(party=party, comment=f"{name} {number}", assignee=own)
        expected[boss] = seen(name, ["1", "2"], "OPEN", boss, own, tasks=0)
        expected[own] = seen(name, ["1"], "OWN", boss, own, tasks=1)

    for viewer, whole in [*expected.items(), *reversed(expected.items())]:
        answered = await ask(viewer, ALL)

        found = answered["offboardings"]["nodes"]
        answered["offboardings"]["nodes"] = sorted(found, key=lambda o: o["subject"]["reference"])
        assert answered == whole


def seen(
    bank: str, numbers: list[str], access: str, boss: User, own: User, *, tasks: int
) -> dict[str, Any]:
    all_ = access == "OPEN"
    permissions = [
        p for p in Permission if p in DEFAULT_GROUPS["Approver" if all_ else "Reader"][1]
    ]
    names = [f"{bank}-{number}" for number in numbers]
    return {
        "viewer": {
            "user": {"email": (boss if all_ else own).email},
            "clientAccess": access,
            "permissions": [str(p) for p in permissions],
            "openTaskCount": tasks,
        },
        "clientFile": {
            "parties": {
                "totalCount": len(names),
                "nodes": [{"reference": n, "products": [{"number": n}]} for n in names],
            },
            "products": {"nodes": [{"number": n, "parties": [{"reference": n}]} for n in names]},
        },
        "offboardings": {
            "totalCount": len(names),
            "nodes": [
                {
                    "comment": f"{bank} {number}" if all_ else None,
                    "viewerCanEdit": all_,
                    "subject": {"reference": f"{bank}-{number}"},
                }
                for number in numbers
            ],
        },
        "assignableUsers": {"nodes": [{"email": boss.email}, {"email": own.email}]},
        "activity": {"totalCount": 0},
    }


async def test_answers_many_shapes_of_one_document_at_once(ask: Ask) -> None:
    viewer = await make_user()
    for number in range(5):
        await make_party(reference=f"C-{number}", name=f"{number}")

    async def page(size: int) -> list[str]:
        answered = await ask(viewer, SHAPES, all=bool(size % 2), first=size)
        return [node["reference"] for node in answered["clientFile"]["parties"]["nodes"]]

    pages = await asyncio.gather(*(page(size % 5 + 1) for size in range(100)))

    assert pages == [[f"C-{n}" for n in range(size % 5 + 1)] for size in range(100)]


# ---------------------------------------------------------------- root fields together


@pytest.mark.usefixtures("database")
async def test_answers_all_root_fields_though_one_is_refused() -> None:
    administrator = await make_user(groups=["Administrator"], name="Ada")

    whole = await answer(
        administrator, '{ viewer { user { name } } party(reference: "C-1") { name } }', {}
    )

    (error,) = whole["errors"]
    assert whole["data"] == {"viewer": {"user": {"name": "Ada"}}, "party": None}
    assert error["path"] == ["party"]
    assert error["extensions"] == {"code": "FORBIDDEN", "permission": "CLIENT_FILE_READ"}


async def test_answers_text_of_every_script_as_it_is(ask: Ask) -> None:
    viewer = await make_user()
    name = 'Zoë 😀 각 \u0001\x7f "quoted" \\ {braces} $1 %s \' -- \u2028 \ufeff'
    await make_party(reference=name, name=name)

    answered = await ask(
        viewer, "query ($r: String!) { party(reference: $r) { name reference } }", r=name
    )

    assert answered == {"party": {"name": name, "reference": name}}
