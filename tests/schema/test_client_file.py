"""The field `clientFile`: the overview of parties and products."""

import asyncio
from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import orjson
import pytest
from tortoise.connection import get_connection

from models import (
    ClientAccess,
    HoldingRole,
    OffboardingResolution,
    OffboardingStatus,
    PartyType,
    User,
)
from tests.asking import Ask, gid
from tests.factories import (
    make_holding,
    make_offboarding,
    make_organisation,
    make_party,
    make_product,
    make_user,
)
from tests.schema.pages import ENDS, backward, forward

PARTIES: Final = (
    """query (
  $filter: PartyFilter, $order: PartyOrder, $all: Boolean! = false,
  $first: Int, $after: Cursor, $last: Int, $before: Cursor
) {
  clientFile {
    parties(
      filter: $filter, orderBy: $order, includeOffboarded: $all,
      first: $first, after: $after, last: $last, before: $before
    ) { nodes { reference } pageInfo { ...ends } totalCount }
  }
}"""
    + ENDS
)

PRODUCTS: Final = (
    PARTIES.replace("Party", "Product")
    .replace("parties", "products")
    .replace("reference", "number")
)

DONE: Final = OffboardingStatus.DONE
ENDED: Final = OffboardingResolution.DONE


async def references(ask: Ask, viewer: User, **variables: Any) -> list[str]:
    answered = await ask(viewer, PARTIES, **variables)
    connection = answered["clientFile"]["parties"]
    assert connection["totalCount"] == len(connection["nodes"])
    return [node["reference"] for node in connection["nodes"]]


async def numbers(ask: Ask, viewer: User, **variables: Any) -> list[str]:
    answered = await ask(viewer, PRODUCTS, **variables)
    connection = answered["clientFile"]["products"]
    assert connection["totalCount"] == len(connection["nodes"])
    return [node["number"] for node in connection["nodes"]]


# ---------------------------------------------------------------- what an overview shows


async def test_shows_parties_with_products_offboardings_and_assignees(ask: Ask) -> None:
    viewer = await make_user(name="Ada")
    first = await make_party(reference="C-1", name="Abel")
    second = await make_party(reference="C-2", name="Berta")
    account, policy = await make_product(number="A-2"), await make_product(number="A-1")
    await make_holding(first, account)
    await make_holding(first, policy)
    await make_holding(second, policy, HoldingRole.JOINT_OWNER)
    await make_offboarding(party=first, assignee=viewer, status=OffboardingStatus.REVIEW)

    answered = await ask(
        viewer,
        """{ clientFile {
          __typename
          parties {
            __typename
            edges {
              __typename
              node {
                __typename
                reference
                products { __typename number }
                offboarding { __typename status assignee { __typename name } }
                offboardingState
              }
            }
            pageInfo { __typename hasNextPage hasPreviousPage }
            totalCount
          }
        } }""",
    )

    def product(number: str) -> dict[str, str]:
        return {"__typename": "Product", "number": number}

    abel = {
        "__typename": "Party",
        "reference": "C-1",
        "products": [product("A-1"), product("A-2")],
        "offboarding": {
            "__typename": "Offboarding",
            "status": "REVIEW",
            "assignee": {"__typename": "User", "name": "Ada"},
        },
        "offboardingState": "PENDING",
    }
    berta = {
        "__typename": "Party",
        "reference": "C-2",
        "products": [product("A-1")],
        "offboarding": None,
        "offboardingState": "NONE",
    }
    assert answered == {
        "clientFile": {
            "__typename": "ClientFile",
            "parties": {
                "__typename": "PartyConnection",
                "edges": [
                    {"__typename": "PartyEdge", "node": abel},
                    {"__typename": "PartyEdge", "node": berta},
                ],
                "pageInfo": {
                    "__typename": "PageInfo",
                    "hasNextPage": False,
                    "hasPreviousPage": False,
                },
                "totalCount": 2,
            },
        }
    }


async def test_shows_an_empty_client_file(ask: Ask) -> None:
    viewer = await make_user()

    answered = await ask(viewer, PARTIES)

    assert answered["clientFile"]["parties"] == {
        "nodes": [],
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        },
        "totalCount": 0,
    }


async def test_shows_nothing_of_another_organisation(ask: Ask) -> None:
    north, south = await make_organisation(), await make_organisation()
    for bank in (north, south):
        party = await make_party(organisation=bank, reference=f"C-{bank.name}")
        product = await make_product(organisation=bank, number=f"A-{bank.name}")
        await make_holding(party, product)
    viewer = await make_user(organisation=north)

    assert await references(ask, viewer, all=True) == [f"C-{north.name}"]
    assert await numbers(ask, viewer, all=True) == [f"A-{north.name}"]


async def test_shows_with_access_own_the_parties_managed_and_what_they_hold(ask: Ask) -> None:
    viewer = await make_user(client_access=ClientAccess.OWN)
    mine = await make_party(reference="C-1", manager=viewer)
    theirs = await make_party(reference="C-2", manager=await make_user())
    await make_party(reference="C-3")
    for number, ended in (("A-1", None), ("A-2", date(2026, 1, 1))):
        await make_holding(mine, await make_product(number=number), ended_on=ended)
    await make_holding(theirs, await make_product(number="A-3"))
    joint = await make_product(number="A-4")
    await make_holding(mine, joint, HoldingRole.BENEFICIARY)
    await make_holding(theirs, joint)
    await make_product(number="A-5")

    assert await references(ask, viewer) == ["C-1"]
    assert await numbers(ask, viewer) == ["A-1", "A-4"]


async def test_shows_each_who_asks_at_the_same_time_their_own(ask: Ask) -> None:
    ada, manager = await make_user(), await make_user(client_access=ClientAccess.OWN)
    other = await make_organisation()
    stranger = await make_user(organisation=other)
    await make_party(reference="C-1", name="Abel")
    await make_party(reference="C-2", name="Baker", manager=manager)
    await make_party(reference="C-3", organisation=other)
    shown = {ada: ["C-1", "C-2"], manager: ["C-2"], stranger: ["C-3"]}
    askers = [*shown] * 4

    answers = await asyncio.gather(*(references(ask, asker) for asker in askers))

    assert answers == [shown[asker] for asker in askers]


async def test_is_forbidden_to_who_may_not_read(told: Ask) -> None:
    await make_party()
    administrator = await make_user(groups=["Administrator"])

    errors = await told(administrator, PARTIES)

    message = "This needs the permission CLIENT_FILE_READ; ask an administrator for it."
    assert errors == [("FORBIDDEN", message, ["clientFile"])]


# ---------------------------------------------------------------- V, who is hidden


async def test_hides_a_party_at_once_that_owns_nothing(ask: Ask) -> None:
    viewer = await make_user()
    party = await make_party(reference="C-1")
    represented = await make_product(number="A-1")
    await make_holding(party, represented, HoldingRole.REPRESENTATIVE)
    await make_offboarding(party=party, status=DONE, resolution=ENDED)

    assert await references(ask, viewer) == []
    assert await references(ask, viewer, all=True) == ["C-1"]
    assert await numbers(ask, viewer) == ["A-1"]


async def test_keeps_listing_what_was_cancelled(ask: Ask) -> None:
    viewer = await make_user()
    party, product = await make_party(reference="C-1"), await make_product(number="A-1")
    for subject in ({"party": party}, {"product": product}):
        await make_offboarding(
            **subject,
            status=DONE,
            resolution=OffboardingResolution.CANCELLED,
        )

    assert await references(ask, viewer) == ["C-1"]
    assert await numbers(ask, viewer) == ["A-1"]


# ---------------------------------------------------------------- filters


async def test_filters_parties(ask: Ask) -> None:
    ada, grace = await make_user(), await make_user()
    await make_party(reference="C-1", type=PartyType.LEGAL_ENTITY, onboarded_on=date(2020, 1, 1))
    await make_party(reference="C-2", manager=ada, onboarded_on=date(2021, 1, 1))
    pending = await make_party(
        reference="C-3", type=PartyType.NATURAL_PERSON_GROUP, onboarded_on=date(2022, 1, 1)
    )
    ended = await make_party(reference="C-4", manager=grace)
    await make_offboarding(party=pending)
    await make_offboarding(party=ended, status=DONE, resolution=ENDED)
    cases: list[tuple[dict[str, Any] | None, list[str]]] = [
        (None, ["C-1", "C-2", "C-3", "C-4"]),
        ({}, ["C-1", "C-2", "C-3", "C-4"]),
        ({"type": ["LEGAL_ENTITY", "NATURAL_PERSON_GROUP"]}, ["C-1", "C-3"]),
        ({"type": []}, []),
        (
            {"type": None, "status": None, "managerId": None, "onboardedOn": None},
            ["C-1", "C-2", "C-3", "C-4"],
        ),
        ({"status": ["OFFBOARDED"]}, ["C-4"]),
        ({"status": ["ACTIVE"], "type": ["NATURAL_PERSON"]}, ["C-2"]),
        ({"offboardingState": ["NONE"]}, ["C-1", "C-2"]),
        ({"offboardingState": ["PENDING", "OFFBOARDED"]}, ["C-3", "C-4"]),
        ({"managerId": gid(ada)}, ["C-2"]),
        ({"onboardedOn": {"from": "2021-01-01"}}, ["C-2", "C-3"]),
        ({"onboardedOn": {"to": "2021-01-01"}}, ["C-1", "C-2"]),
        ({"onboardedOn": {"from": "2021-01-01", "to": "2021-01-01"}}, ["C-2"]),
        ({"onboardedOn": {"from": "2021-01-02", "to": "2021-01-01"}}, []),
        ({"onboardedOn": {}}, ["C-1", "C-2", "C-3", "C-4"]),
        ({"onboardedOn": {"from": None, "to": "2020-12-31"}}, ["C-1"]),
    ]
    order = {"field": "REFERENCE"}

    answered = [
        await references(ask, ada, filter=filter_, order=order, all=True) for filter_, _ in cases
    ]

    assert answered == [found for _, found in cases]


async def test_filters_products(ask: Ask) -> None:
    viewer = await make_user()
    await make_product(number="A-1", name="Current account", opened_on=date(2020, 1, 1))
    await make_product(number="A-2", name="Savings", opened_on=date(2021, 1, 1))
    pending = await make_product(number="A-3", name="Savings")
    ended = await make_product(number="A-4", name="Policy")
    await make_offboarding(product=pending)
    await make_offboarding(product=ended, status=DONE, resolution=ENDED)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"name": ["Savings", "Policy"]}, ["A-2", "A-3", "A-4"]),
        ({"name": ["savings"]}, []),
        ({"status": ["TERMINATED"]}, ["A-4"]),
        ({"offboardingState": ["PENDING"]}, ["A-3"]),
        ({"openedOn": {"from": "2020-06-01"}}, ["A-2"]),
        ({"name": ["Savings"], "openedOn": {"to": "2021-01-01"}}, ["A-2"]),
    ]

    answered = [await numbers(ask, viewer, filter=filter_, all=True) for filter_, _ in cases]

    assert answered == [found for _, found in cases]


async def test_finds_nothing_by_the_manager_of_another_organisation(ask: Ask) -> None:
    north, south = await make_organisation(), await make_organisation()
    stranger = await make_user(organisation=south)
    await make_party(organisation=south, manager=stranger)
    viewer = await make_user(organisation=north)

    assert await references(ask, viewer, filter={"managerId": gid(stranger)}) == []


async def test_searches_beginnings_of_words_in_any_order_within_the_organisation(ask: Ask) -> None:
    north, south = await make_organisation(), await make_organisation()
    for bank in (north, south):
        await make_party(
            organisation=bank, reference="C-17", name="Émile Zola", email="ez@example.com"
        )
        await make_product(organisation=bank, number="CH-88", name="Current account")
    own = await make_user(organisation=north, client_access=ClientAccess.OWN)
    viewer = await make_user(organisation=north)
    parties = {"emi": 1, "ZOLA em": 1, "c 17": 1, "C-17": 1, "ola": 0, "zola berta": 0, " ": 1}
    products = {"ch-88": 1, "acc cur": 1, "rent": 0, "": 1}

    by_party = {text: await references(ask, viewer, filter={"search": text}) for text in parties}
    by_product = {text: await numbers(ask, viewer, filter={"search": text}) for text in products}

    assert by_party == {text: ["C-17"] * found for text, found in parties.items()}
    assert by_product == {text: ["CH-88"] * found for text, found in products.items()}
    assert await references(ask, own, filter={"search": "zola"}) == []


async def test_refuses_a_search_or_a_list_that_is_too_long(ask: Ask, told: Ask) -> None:
    viewer = await make_user()

    at_most = await references(ask, viewer, filter={"search": "x" * 200})
    too_long = await told(viewer, PARTIES, filter={"search": "x" * 201})
    many = await numbers(ask, viewer, filter={"name": ["x"] * 250})
    too_many = await told(viewer, PRODUCTS, filter={"name": ["x"] * 251})

    assert (at_most, many) == ([], [])
    assert too_long == [("BAD_REQUEST", "A search has at most 200 characters.", None)]
    assert too_many == [("BAD_REQUEST", "A list has at most 250 values.", None)]


# ---------------------------------------------------------------- orders


async def test_orders_parties(ask: Ask) -> None:
    viewer = await make_user()
    made = [
        await make_party(reference="b", name="Émile", onboarded_on=date(2021, 1, 1)),
        await make_party(reference="C", name="zoe"),
        await make_party(reference="a", name="Eva", onboarded_on=date(2020, 1, 1)),
        await make_party(reference="D", name="ängström", onboarded_on=date(2020, 1, 1)),
    ]
    for hours, party in enumerate(made):
        at = datetime(2026, 1, 1, 12 - hours, tzinfo=UTC)
        await get_connection("default").execute_query(
            "update party set updated_at = $1 where id = $2", [at, party.id]
        )
    orders = {
        "NAME": ["D", "b", "a", "C"],
        "REFERENCE": ["C", "D", "a", "b"],
        "ONBOARDED_ON": ["a", "D", "b", "C"],
        "UPDATED_AT": ["D", "a", "C", "b"],
    }

    upwards = {name: await references(ask, viewer, order={"field": name}) for name in orders}
    downwards = {
        name: await references(ask, viewer, order={"field": name, "direction": "DESC"})
        for name in orders
    }

    assert upwards == orders
    assert downwards == {name: list(reversed(found)) for name, found in orders.items()}
    assert await references(ask, viewer, order=None) == orders["NAME"]


async def test_orders_products(ask: Ask) -> None:
    viewer = await make_user()
    made = [
        await make_product(number="A-2", name="policy", opened_on=date(2021, 1, 1)),
        await make_product(number="A-10", name="Épargne"),
        await make_product(number="a-1", name="Account", opened_on=date(2020, 1, 1)),
    ]
    for hours, product in enumerate(made):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
        await get_connection("default").execute_query(
            "update product set updated_at = $1 where id = $2", [at, product.id]
        )
    orders = {
        "NUMBER": ["A-10", "A-2", "a-1"],
        "NAME": ["a-1", "A-10", "A-2"],
        "OPENED_ON": ["a-1", "A-2", "A-10"],
        "UPDATED_AT": ["A-2", "A-10", "a-1"],
    }

    upwards = {name: await numbers(ask, viewer, order={"field": name}) for name in orders}
    downwards = {
        name: await numbers(ask, viewer, order={"field": name, "direction": "DESC"})
        for name in orders
    }

    assert upwards == orders
    assert downwards == {name: list(reversed(found)) for name, found in orders.items()}


# ---------------------------------------------------------------- pages


async def make_ties() -> list[str]:
    """Make seven parties of whom many share a name or a day; return their references by name."""
    day = date(2020, 1, 1)
    rows = [("C-1", "same", day), ("C-2", "same", day), ("C-3", "same", None)]
    rows += [("C-4", "same", None), ("C-5", "same", day), ("C-6", "a", None), ("C-7", "z", day)]
    for reference, name, on in rows:
        await make_party(reference=reference, name=name, onboarded_on=on)
    return ["C-6", "C-1", "C-2", "C-3", "C-4", "C-5", "C-7"]


@pytest.mark.parametrize("field", ["NAME", "ONBOARDED_ON", "UPDATED_AT", "REFERENCE"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_shows_each_party_once_on_pages_of_any_size_forward_and_backward(
    ask: Ask, field: str, direction: str
) -> None:
    viewer = await make_user()
    await make_ties()
    order = f"{{ field: {field}, direction: {direction} }}"
    document = PARTIES.replace("$filter: PartyFilter, $order: PartyOrder, ", "")
    document = document.replace("filter: $filter, orderBy: $order", f"orderBy: {order}")
    whole = (await ask(viewer, document))["clientFile"]["parties"]["nodes"]

    for size in (1, 2, 3, 7, 8):
        ahead = await forward(viewer, document, size, "clientFile", "parties")
        back = await backward(viewer, document, size, "clientFile", "parties")

        pages = [whole[start : start + size] for start in range(0, 7, size)]
        assert ahead == pages
        assert [node for page in reversed(back) for node in page] == whole
        assert [len(page) for page in back] == [len(page) for page in pages]


async def test_pages_between_two_cursors(ask: Ask) -> None:
    viewer = await make_user()
    by_name = await make_ties()
    document = "{ clientFile { parties { edges { cursor node { reference } } } } }"
    edges = (await ask(viewer, document))["clientFile"]["parties"]["edges"]
    cursors = [edge["cursor"] for edge in edges]
    assert [edge["node"]["reference"] for edge in edges] == by_name

    async def page(**variables: Any) -> tuple[list[str], bool, bool, int]:
        answered = await ask(viewer, PARTIES, **variables)
        found = answered["clientFile"]["parties"]
        ends = found["pageInfo"]
        shown = [node["reference"] for node in found["nodes"]]
        assert ends["startCursor"] == (cursors[by_name.index(shown[0])] if shown else None)
        assert ends["endCursor"] == (cursors[by_name.index(shown[-1])] if shown else None)
        return shown, ends["hasPreviousPage"], ends["hasNextPage"], found["totalCount"]

    between = {"after": cursors[1], "before": cursors[5]}

    assert await page(**between) == (by_name[2:5], True, True, 7)
    assert await page(**between, first=2) == (by_name[2:4], True, True, 7)
    assert await page(**between, last=2) == (by_name[3:5], True, True, 7)
    assert await page(after=cursors[6]) == ([], True, False, 7)
    assert await page(before=cursors[0], last=3) == ([], False, True, 7)
    assert await page(after=cursors[4], before=cursors[4]) == ([], True, True, 7)
    assert await page(after=cursors[5], before=cursors[1]) == ([], True, True, 7)


async def test_shows_fifty_where_no_size_is_given_and_at_most_a_hundred(ask: Ask) -> None:
    viewer = await make_user()
    for number in range(101):
        await make_product(number=f"A-{number:03}")

    async def shown(**variables: Any) -> tuple[int, bool]:
        found = (await ask(viewer, PRODUCTS, **variables))["clientFile"]["products"]
        assert found["totalCount"] == 101
        return len(found["nodes"]), found["pageInfo"]["hasNextPage"]

    assert await shown() == (50, True)
    assert await shown(first=None, last=None) == (50, True)
    assert await shown(first=100) == (100, True)
    assert await shown(first=1) == (1, True)


async def test_keeps_the_place_of_a_cursor_whose_row_has_gone(ask: Ask) -> None:
    viewer = await make_user()
    first, second = await make_party(name="a"), await make_party(name="b", reference="C-2")
    page = (await ask(viewer, PARTIES, first=1))["clientFile"]["parties"]
    await make_offboarding(party=first, status=DONE, resolution=ENDED)

    assert await references(ask, viewer) == [second.reference]
    after = await ask(viewer, PARTIES, after=page["pageInfo"]["endCursor"])

    assert after["clientFile"]["parties"]["nodes"] == [{"reference": "C-2"}]


@pytest.mark.usefixtures("database")
async def test_pages_over_the_longest_names_of_every_script() -> None:
    viewer = await make_user()
    for reference, letter in (("C-1", "각"), ("C-2", "é"), ("C-3", '"'), ("C-4", "😀")):
        await make_party(reference=reference, name=letter * 500)

    pages = await forward(viewer, PARTIES, 1, "clientFile", "parties")

    assert sorted(page[0]["reference"] for page in pages) == ["C-1", "C-2", "C-3", "C-4"]


# ---------------------------------------------------------------- requests that make no sense


@pytest.mark.parametrize("list_", ["parties", "products"])
async def test_refuses_pages_that_make_no_sense(told: Ask, list_: str) -> None:
    viewer = await make_user()
    cases = {
        "first: 0": "first must lie between 1 and 100.",
        "first: -1": "first must lie between 1 and 100.",
        "first: 101": "first must lie between 1 and 100.",
        "last: 0": "last must lie between 1 and 100.",
        "last: 101": "last must lie between 1 and 100.",
        "first: 1, last: 1": "Give first or last, not both.",
        'after: ""': "after is not a cursor of this list.",
        'before: "x"': "before is not a cursor of this list.",
    }

    errors = {
        page: await told(viewer, f"{{ clientFile {{ {list_}({page}) {{ totalCount }} }} }}")
        for page in cases
    }

    assert errors == {page: [("BAD_REQUEST", text, None)] for page, text in cases.items()}


def cursor(*values: Any) -> str:
    return b64encode(orjson.dumps(values)).decode()


KEY: Final = "019c0000-0000-7000-8000-00000000000a"
MOMENT: Final = "2026-01-01T00:00:00+00:00"
NO_CURSORS: Final = {
    "NAME": [
        "",
        " ",
        "null",
        "bnVsbA==",
        "%%%",
        "é",
        "WyJ",
        b64encode(b"\xff\xfe").decode(),
        b64encode(b"{}").decode(),
        b64encode(b"[" * 2_000).decode(),
        cursor(),
        cursor("NAME ASC"),
        cursor("NAME ASC", "a"),
        cursor("NAME ASC", "a", "1"),
        cursor("NAME ASC", "a", None),
        cursor("NAME ASC", "a", f"{{{KEY}}}x"),
        cursor("NAME ASC", "a", f"urn:uuid:{KEY}"),
        cursor("NAME ASC", "a", KEY, KEY),
        cursor("NAME ASC", "a\0", KEY),
        cursor("NAME ASC", "x" * 50_000, KEY),
        cursor("NAME ASC", "a", KEY)[:-1] + "\0",
    ],
    "ONBOARDED_ON": [
        cursor("ONBOARDED_ON ASC", "", KEY),
        cursor("ONBOARDED_ON ASC", "2026-02-30", KEY),
        cursor("ONBOARDED_ON ASC", "2026-W01-1", KEY),
        cursor("ONBOARDED_ON ASC", "20260101", KEY),
        cursor("ONBOARDED_ON ASC", "now", KEY),
        cursor("ONBOARDED_ON ASC", MOMENT, KEY),
        cursor("ONBOARDED_ON ASC", 20260101, KEY),
        cursor("ONBOARDED_ON ASC", "0000-00-00", KEY),
    ],
    "UPDATED_AT": [
        cursor("UPDATED_AT ASC", "", KEY),
        cursor("UPDATED_AT ASC", "2026-01-01T25:00:00+00:00", KEY),
        cursor("UPDATED_AT ASC", "2026-W01-1T00:00:00+00:00", KEY),
        cursor("UPDATED_AT ASC", "2026-01-01T00:00:00+23:59", KEY),
        cursor("UPDATED_AT ASC", "2026-01-01T00:00:00+00:00:30.5", KEY),
        cursor("UPDATED_AT ASC", "2026-01-01x00:00:00", KEY),
        cursor("UPDATED_AT ASC", "yesterday", KEY),
        cursor("UPDATED_AT ASC", 1, KEY),
    ],
}


@pytest.mark.parametrize("field", NO_CURSORS)
async def test_refuses_what_is_no_cursor(told: Ask, field: str) -> None:
    viewer = await make_user()
    await make_party(onboarded_on=date(2020, 1, 1))
    order = {"field": field}

    errors = {
        text: await told(viewer, PARTIES, order=order, **{argument: text})
        for text in NO_CURSORS[field]
        for argument in ("after", "before")
    }

    # What holds NUL is refused as a text already.
    texts = {"A text cannot hold the character NUL.", "before is not a cursor of this list."}
    assert {(code, path) for found in errors.values() for code, _, path in found} == {
        ("BAD_REQUEST", None)
    }
    assert {message for found in errors.values() for _, message, _ in found} <= texts


async def test_refuses_a_cursor_of_another_order(ask: Ask, told: Ask) -> None:
    viewer = await make_user()
    await make_party()
    await make_product()
    by_name = (await ask(viewer, PARTIES))["clientFile"]["parties"]["pageInfo"]["endCursor"]
    by_number = (await ask(viewer, PRODUCTS))["clientFile"]["products"]["pageInfo"]["endCursor"]

    errors = [
        await told(viewer, PARTIES, after=by_name, order={"field": "REFERENCE"}),
        await told(viewer, PARTIES, after=by_name, order={"field": "NAME", "direction": "DESC"}),
        await told(viewer, PARTIES, before=by_number),
        await told(viewer, PRODUCTS, before=by_name),
    ]

    def another(argument: str) -> tuple[str, str, None]:
        text = f"{argument} is a cursor of another order; start again without it."
        return ("BAD_REQUEST", text, None)

    assert errors == [[another(which)] for which in ("after", "after", "before", "before")]


async def test_shows_no_other_organisation_to_who_has_one_of_its_cursors(ask: Ask) -> None:
    north, south = await make_organisation(), await make_organisation()
    for bank in (north, south):
        for number in (1, 2):
            await make_party(organisation=bank, name=f"{number}", reference=f"{bank.name}-{number}")
    ours, theirs = await make_user(organisation=north), await make_user(organisation=south)
    page = (await ask(theirs, PARTIES, first=1))["clientFile"]["parties"]["pageInfo"]

    answered = await ask(ours, PARTIES, after=page["endCursor"])

    assert answered["clientFile"]["parties"]["nodes"] == [{"reference": f"{north.name}-2"}]


async def test_refuses_ids_in_filters_that_are_none_of_a_person(told: Ask) -> None:
    viewer, party = await make_user(), await make_party()

    errors = [
        await told(viewer, PARTIES, filter={"managerId": id_})
        for id_ in ("", "ada", gid(party), gid(viewer).upper())
    ]

    none = ("BAD_REQUEST", "This is not an id of anything here.", None)
    another = ("BAD_REQUEST", "This is an id of the type Party; one of User is wanted.", None)
    assert errors == [[none], [none], [another], [none]]


async def test_refuses_nul_in_a_filter(told: Ask) -> None:
    errors = await told(await make_user(), PRODUCTS, filter={"name": ["a", "b\0"]})

    assert errors == [("BAD_REQUEST", "A text cannot hold the character NUL.", None)]


async def test_refuses_what_the_schema_does_not_know(told: Ask) -> None:
    viewer = await make_user()
    requests: list[tuple[str, dict[str, Any]]] = [
        ("{ clientFile { parties { nodes { shoeSize } } } }", {}),
        ("{ clientFile { parties(colour: RED) { totalCount } } }", {}),
        ("query ($n: Int) { clientFile { parties(first: $m) { totalCount } } }", {}),
        ("query ($n: Int!) { clientFile { parties(first: $n) { totalCount } } }", {}),
        (PARTIES, {"order": {"field": "SHOE_SIZE"}}),
        (PARTIES, {"filter": {"shoeSize": 1}}),
        (PARTIES, {"filter": {"onboardedOn": {"from": "2026-02-30"}}}),
        (PARTIES, {"filter": {"type": "LEGAL"}}),
        (PARTIES, {"first": "2"}),
        (PARTIES, {"first": 2**31}),
        (PARTIES, {"all": None}),
        ("{ clientFile { parties { nodes } } }", {}),
        ("{ clientFile", {}),
    ]

    errors = [await told(viewer, document, **variables) for document, variables in requests]

    assert [{code for code, _, _ in found} for found in errors] == [{"BAD_REQUEST"}] * 13
