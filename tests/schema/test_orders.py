"""Each order of each list: who comes first, and pages that hold still while rows change."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from tortoise.connection import get_connection

from models import OffboardingResolution, OffboardingStatus, Party, Product, User
from schema.orders import OffboardingOrderField, PartyOrderField, ProductOrderField
from tests.asking import answer, data
from tests.factories import (
    CLOSED_AT,
    STARTED_AT,
    make_holding,
    make_offboarding,
    make_organisation,
    make_party,
    make_product,
    make_user,
)
from tests.schema.pages import ENDS, backward, forward

DONE: Final = OffboardingStatus.DONE
CANCELLED: Final = OffboardingResolution.CANCELLED

# For each list: the path to it, the arguments that make it whole, and what names a row.
LISTS: Final = {
    "Party": (("clientFile", "parties"), "includeOffboarded: true", "reference", PartyOrderField),
    "Product": (("clientFile", "products"), "includeOffboarded: true", "number", ProductOrderField),
    "Offboarding": (("offboardings",), "", "version", OffboardingOrderField),
}
ORDERS: Final = [
    (noun, field, direction)
    for noun, (_, _, _, fields) in LISTS.items()
    for field in fields
    for direction in ("ASC", "DESC")
]
SIZES: Final = (1, 2, 3, 5, 8, 9)


def document(noun: str, field: str, direction: str, parts: str = "nodes { %s }") -> str:
    path, arguments, name, _ = LISTS[noun]
    order = f"orderBy: {{ field: {field}, direction: {direction} }}"
    page = "first: $first, after: $after, last: $last, before: $before"
    shown = f"{parts.replace('%s', name)} pageInfo {{ ...ends }} totalCount"
    text = f"{path[-1]}({page}, {order} {arguments}) {{ {shown} }}"
    for outer in reversed(path[:-1]):
        text = f"{outer} {{ {text} }}"
    return f"query ($first: Int, $after: Cursor, $last: Int, $before: Cursor) {{ {text} }} {ENDS}"


async def page(viewer: User, noun: str, field: str, direction: str, **variables: Any) -> Any:
    connection = await data(viewer, document(noun, field, direction), **variables)
    for name in LISTS[noun][0]:
        connection = connection[name]
    return connection


def names(connection: Any) -> list[Any]:
    return [value for node in connection["nodes"] for value in node.values()]


@pytest.fixture(autouse=True)
def _connected(database: None) -> None:
    """Connect to a database, which every test here asks."""


async def set_columns(table: str, id_: Any, **values: Any) -> None:
    """Set columns that a model fills in by itself."""
    sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, start=2))
    sql = f"update {table} set {sets} where id = $1"
    await get_connection("default").execute_query(sql, [id_, *values.values()])


# ---------------------------------------------------------------- who comes first

PARTIES_BY: Final = {
    "NAME": ["4", "2", "10", "1", "3"],
    "REFERENCE": ["1", "10", "2", "3", "4"],
    "ONBOARDED_ON": ["3", "2", "1", "10", "4"],
    "UPDATED_AT": ["2", "1", "4", "3", "10"],
}
PRODUCTS_BY: Final = {
    "NUMBER": ["1", "10", "2", "3", "4"],
    "NAME": ["4", "2", "10", "1", "3"],
    "OPENED_ON": ["3", "2", "1", "10", "4"],
    "UPDATED_AT": ["2", "1", "4", "3", "10"],
}
OFFBOARDINGS_BY: Final = {
    "STARTED_AT": [3, 1, 2, 4, 5],
    "UPDATED_AT": [1, 3, 2, 4, 5],
    "DUE_ON": [5, 2, 3, 1, 4],
    "CLOSED_AT": [4, 5, 1, 2, 3],
}
EARLIER: Final = date(1999, 12, 31)
LATER: Final = date(2020, 1, 1)
# Name, day and hour of the last change of what is called 1, 2, 10, 3 and 4, in the order made.
ROWS: Final = [
    ("1", "éva", LATER, 2),
    ("2", "Émile", LATER - timedelta(days=1), 1),
    ("10", "eva", None, 5),
    ("3", "Zoë", EARLIER, 4),
    ("4", "a", None, 3),
]


async def make_parties() -> User:
    viewer = await make_user()
    made = {}
    for reference, name, day, hour in sorted(ROWS, key=lambda row: row[1] == "éva"):
        made[reference] = party = await make_party(reference=reference, name=name, onboarded_on=day)
        at = STARTED_AT + timedelta(hours=hour)
        await set_columns("party", party.id, updated_at=at)
    assert made["10"].id < made["1"].id
    return viewer


async def make_products() -> User:
    viewer = await make_user()
    for number, name, day, hour in sorted(ROWS, key=lambda row: row[1] == "éva"):
        product = await make_product(number=number, name=name, opened_on=day)
        await set_columns("product", product.id, updated_at=STARTED_AT + timedelta(hours=hour))
    return viewer


async def make_tasks() -> User:
    """Make tasks of versions 1 to 5: two that are done and three that are not."""
    viewer = await make_user()
    start = {1: 1, 2: 2, 3: 0, 4: 3, 5: 4}
    due = {2: LATER, 3: LATER, 5: EARLIER}
    for version, hours in start.items():
        done = version in {4, 5}
        offboarding = await make_offboarding(
            party=await make_party(),
            version=version,
            started_at=STARTED_AT + timedelta(hours=hours),
            due_on=due.get(version),
            status=DONE if done else OffboardingStatus.OPEN,
            resolution=CANCELLED if done else None,
            closed_at=CLOSED_AT + timedelta(hours=version),
        )
        if version == 3:
            await set_columns(
                "offboarding", offboarding.id, updated_at=STARTED_AT + timedelta(hours=1, seconds=1)
            )
    return viewer


@pytest.mark.parametrize(
    ("noun", "make", "orders"),
    [
        ("Party", make_parties, PARTIES_BY),
        ("Product", make_products, PRODUCTS_BY),
        ("Offboarding", make_tasks, OFFBOARDINGS_BY),
    ],
)
async def test_orders_by_each_field_both_ways(noun: str, make: Any, orders: dict[str, Any]) -> None:
    viewer = await make()
    assert list(orders) == [str(field) for field in LISTS[noun][3]]

    upwards = {field: names(await page(viewer, noun, field, "ASC")) for field in orders}
    downwards = {field: names(await page(viewer, noun, field, "DESC")) for field in orders}

    assert upwards == orders
    assert downwards == {field: found[::-1] for field, found in orders.items()}


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("a", "B"),
        ("Émile", "eva"),
        ("e\u0301va", "évb"),
        ("Muller A", "Müller B"),
        ("Łukasz", "Lzz"),
        ("Strasse a", "Straße b"),
        ("Straße a", "Strasse b"),
        ("\u200fא", "ב"),
        ("Z", "Ω"),
        ("x" * 199 + "a", "x" * 199 + "b"),
        ("A 10", "A 2"),
        ("-a", "a"),
    ],
)
async def test_orders_names_as_people_do(lower: str, higher: str) -> None:
    viewer = await make_user()
    await make_party(reference="2", name=higher)
    await make_party(reference="1", name=lower)

    assert names(await page(viewer, "Party", "NAME", "ASC")) == ["1", "2"]


@pytest.mark.parametrize(
    ("one", "other"), [("same", "SAME"), ("Zoë", "zoe"), ("x" * 200 + "b", "x" * 200 + "a")]
)
async def test_breaks_ties_of_names_by_who_was_made_first(one: str, other: str) -> None:
    viewer = await make_user()
    await make_party(reference="1", name=one)
    await make_party(reference="2", name=other)

    assert names(await page(viewer, "Party", "NAME", "ASC")) == ["1", "2"]
    assert names(await page(viewer, "Party", "NAME", "DESC")) == ["2", "1"]


# ---------------------------------------------------------------- pages of each order


async def make_ties() -> User:
    """Make eight rows for each list, of which many share what they are ordered by."""
    viewer = await make_user()
    for number in range(1, 9):
        day = LATER if number % 3 else None
        party = await make_party(reference=f"{number}", name=f"{number % 2}", onboarded_on=day)
        product = await make_product(number=f"{number}", name=f"{number % 2}", opened_on=day)
        for table, row in (("party", party), ("product", product)):
            at = STARTED_AT + timedelta(hours=number % 2)
            await set_columns(table, row.id, updated_at=at)
        done = number % 2 == 0
        await make_offboarding(
            party=party,
            version=number,
            due_on=day,
            started_at=STARTED_AT + timedelta(hours=number % 3),
            status=DONE if done else OffboardingStatus.OPEN,
            resolution=CANCELLED if done else None,
        )
    return viewer


@pytest.mark.parametrize(("noun", "field", "direction"), ORDERS)
async def test_shows_each_once_forward_and_backward(noun: str, field: str, direction: str) -> None:
    viewer = await make_ties()
    text, path = document(noun, field, direction), LISTS[noun][0]
    whole = (await page(viewer, noun, field, direction))["nodes"]
    assert len({value for node in whole for value in node.values()}) == 8

    for size in SIZES:
        ahead = await forward(viewer, text, size, *path)
        back = await backward(viewer, text, size, *path)

        assert ahead == [whole[start : start + size] for start in range(0, 8, size)]
        ends = range(8, 0, -size)
        assert back == [whole[max(0, end - size) : end] for end in ends]


@pytest.mark.parametrize("parts", ["nodes { %s }", "edges { node { %s } }"])
@pytest.mark.parametrize("ends", ["startCursor", "endCursor", "hasNextPage endCursor", ""])
@pytest.mark.parametrize("side", ["first", "last"])
async def test_keeps_the_order_whatever_is_asked_of_the_page(
    parts: str, ends: str, side: str
) -> None:
    viewer = await make_ties()
    info = f"pageInfo {{ {ends} }}" if ends else ""
    shown = f"{parts.replace('%s', 'reference')} {info}"

    answered = await data(
        viewer,
        f"{{ clientFile {{ parties({side}: 3, orderBy: {{ field: REFERENCE }}) {{ {shown} }} }} }}",
    )

    connection = answered["clientFile"]["parties"]
    nodes = connection.get("nodes") or [edge["node"] for edge in connection["edges"]]
    found = [node["reference"] for node in nodes]
    assert found == (["1", "2", "3"] if side == "first" else ["6", "7", "8"])


@pytest.mark.parametrize(("noun", "field", "direction"), ORDERS)
async def test_gives_each_edge_the_cursor_that_leads_on_from_it(
    noun: str, field: str, direction: str
) -> None:
    viewer = await make_ties()
    text = document(noun, field, direction, "edges { cursor node { %s } }")

    async def edges(**variables: Any) -> Any:
        connection = await data(viewer, text, **variables)
        for name in LISTS[noun][0]:
            connection = connection[name]
        return connection

    whole = await edges()
    cursors = [edge["cursor"] for edge in whole["edges"]]

    assert len(set(cursors)) == 8
    assert whole["pageInfo"]["startCursor"] == cursors[0]
    assert whole["pageInfo"]["endCursor"] == cursors[-1]
    for number, cursor in enumerate(cursors):
        after, before = await edges(after=cursor), await edges(before=cursor)
        assert after["edges"] == whole["edges"][number + 1 :]
        assert before["edges"] == whole["edges"][:number]
        assert after["pageInfo"]["hasPreviousPage"] is True
        assert after["pageInfo"]["hasNextPage"] is False
        assert before["pageInfo"]["hasPreviousPage"] is False
        assert before["pageInfo"]["hasNextPage"] is True
        assert after["totalCount"] == before["totalCount"] == 8


@pytest.mark.parametrize("noun", LISTS)
async def test_refuses_the_cursor_of_every_other_order(noun: str) -> None:
    viewer = await make_ties()
    orders = [(field, direction) for n, field, direction in ORDERS if n == noun]
    cursors = {
        order: (await page(viewer, noun, *order, first=1))["pageInfo"]["endCursor"]
        for order in orders
    }

    for order in orders:
        for of, cursor in cursors.items():
            asked = await answer(viewer, document(noun, *order), {"after": cursor})
            if of == order:
                assert "errors" not in asked
            else:
                (error,) = asked["errors"]
                assert asked["data"] is None
                assert error["extensions"]["code"] == "BAD_REQUEST"


# ---------------------------------------------------------------- while rows change


async def test_neither_skips_nor_repeats_while_rows_come_and_go() -> None:
    viewer = await make_user()
    made = [await make_party(reference=f"C-{n}", name=f"name {n}") for n in (2, 4, 6, 8)]
    first = await page(viewer, "Party", "NAME", "ASC", first=2)

    await make_party(reference="C-1", name="name 1")
    await make_party(reference="C-5", name="name 5")
    await Party.filter(id=made[3].id).delete()
    await Party.filter(id=made[1].id).delete()
    second = await page(
        viewer, "Party", "NAME", "ASC", first=2, after=first["pageInfo"]["endCursor"]
    )
    back = await page(
        viewer, "Party", "NAME", "ASC", last=5, before=second["pageInfo"]["startCursor"]
    )

    assert names(first) == ["C-2", "C-4"]
    assert names(second) == ["C-5", "C-6"]
    assert second["pageInfo"]["hasNextPage"] is False
    assert second["pageInfo"]["hasPreviousPage"] is True
    assert names(back) == ["C-1", "C-2"]
    assert back["totalCount"] == 4


async def test_keeps_its_place_when_the_row_of_the_cursor_moves() -> None:
    viewer = await make_user()
    made = [await make_party(reference=f"C-{n}", name=f"name {n}") for n in (1, 2, 3, 4)]
    first = await page(viewer, "Party", "NAME", "ASC", first=2)

    made[1].name = "zz"
    await made[1].save()
    second = await page(viewer, "Party", "NAME", "ASC", after=first["pageInfo"]["endCursor"])

    assert names(first) == ["C-1", "C-2"]
    assert names(second) == ["C-3", "C-4", "C-2"]


async def test_shows_a_task_again_that_changed_meanwhile_where_changes_are_listed_last() -> None:
    viewer = await make_user()
    tasks = [
        await make_offboarding(
            party=await make_party(), version=n, started_at=STARTED_AT + timedelta(hours=n)
        )
        for n in (1, 2, 3)
    ]
    first = await page(viewer, "Offboarding", "UPDATED_AT", "ASC", first=2)

    await set_columns("offboarding", tasks[0].id, updated_at=datetime.now(UTC))
    second = await page(
        viewer, "Offboarding", "UPDATED_AT", "ASC", after=first["pageInfo"]["endCursor"]
    )

    assert names(first) == [1, 2]
    assert names(second) == [3, 1]


async def test_stays_within_the_organisation_whatever_the_order() -> None:
    north, south = await make_organisation(), await make_organisation()
    for bank in (south, north, south):
        party = await make_party(
            organisation=bank, reference=f"{bank.name} {len(await Party.all())}"
        )
        number = f"{bank.name} {len(await Product.all())}"
        product = await make_product(organisation=bank, number=number)
        await make_holding(party, product)
        await make_offboarding(party=party)
    viewer = await make_user(organisation=north)

    for noun, field, direction in ORDERS:
        found = await page(viewer, noun, field, direction)
        assert found["totalCount"] == len(found["nodes"]) == 1


# ---------------------------------------------------------------- lists without a choice


async def test_lists_what_is_held_by_number_and_who_holds_by_name() -> None:
    viewer = await make_user()
    parties = [await make_party(reference=f"{n}", name=name) for n, name in enumerate("bÁab")]
    products = [await make_product(number=number) for number in ("A-2", "A-10", "a-1")]
    for party in parties:
        await make_holding(party, products[0])
    for product in products[1:]:
        await make_holding(parties[0], product)

    answered = await data(
        viewer,
        """{
          party(reference: "0") { products { number } holdings { product { number } } }
          product(number: "A-2") { parties { reference } holdings { party { reference } } }
        }""",
    )

    party, product = answered["party"], answered["product"]
    assert [p["number"] for p in party["products"]] == ["A-10", "A-2", "a-1"]
    assert [h["product"]["number"] for h in party["holdings"]] == ["A-2", "A-10", "a-1"]
    assert [p["reference"] for p in product["parties"]] == ["1", "2", "0", "3"]
    assert [h["party"]["reference"] for h in product["holdings"]] == ["0", "1", "2", "3"]
