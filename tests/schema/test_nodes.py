"""The field `nodes`: many things by their ids, in the order asked."""

from uuid import uuid4

from models import ClientAccess
from tests.asking import Ask, gid
from tests.factories import (
    make_holding,
    make_offboarding,
    make_organisation,
    make_party,
    make_product,
    make_user,
)

NODES = """query ($ids: [ID!]!) {
  nodes(ids: $ids) { __typename id ... on Party { reference } ... on Offboarding { version } }
}"""


async def test_answers_in_the_order_asked_with_null_for_what_is_not_there(ask: Ask) -> None:
    viewer = await make_user()
    first, second = await make_party(reference="C-1"), await make_party(reference="C-2")
    product, offboarding = await make_product(), await make_offboarding(party=first)
    theirs = await make_party(organisation=await make_organisation())
    wanted = [gid(second), f"party_{uuid4()}", gid(offboarding), gid(theirs), gid(product)]
    wanted += [gid(first), gid(second)]

    answered = await ask(viewer, NODES, ids=wanted)

    again = {"__typename": "Party", "id": gid(second), "reference": "C-2"}
    assert answered == {
        "nodes": [
            again,
            None,
            {"__typename": "Offboarding", "id": gid(offboarding), "version": 1},
            None,
            {"__typename": "Product", "id": gid(product)},
            {"__typename": "Party", "id": gid(first), "reference": "C-1"},
            again,
        ]
    }


async def test_answers_null_for_what_an_own_viewer_does_not_manage(ask: Ask) -> None:
    viewer = await make_user(client_access=ClientAccess.OWN)
    mine, other = await make_party(manager=viewer, reference="C-1"), await make_party()
    held, unheld = await make_product(), await make_product()
    await make_holding(mine, held)
    await make_holding(other, unheld)

    answered = await ask(viewer, NODES, ids=[gid(row) for row in (other, unheld, mine, held)])

    assert answered["nodes"] == [
        None,
        None,
        {"__typename": "Party", "id": gid(mine), "reference": "C-1"},
        {"__typename": "Product", "id": gid(held)},
    ]


async def test_answers_nothing_to_nothing(ask: Ask) -> None:
    assert await ask(await make_user(), NODES, ids=[]) == {"nodes": []}


async def test_answers_a_hundred_and_refuses_one_more(ask: Ask, told: Ask) -> None:
    viewer, party = await make_user(), await make_party()

    answered = await ask(viewer, NODES, ids=[gid(party)] * 100)
    errors = await told(viewer, NODES, ids=[gid(party)] * 101)

    assert (
        answered["nodes"]
        == [{"__typename": "Party", "id": gid(party), "reference": party.reference}] * 100
    )
    assert errors == [
        ("BAD_REQUEST", "At most 100 ids can be asked for at once.", ["nodes"]),
    ]


async def test_refuses_all_where_one_is_no_id(told: Ask) -> None:
    viewer, party = await make_user(), await make_party()

    errors = await told(viewer, NODES, ids=[gid(party), "party_1"])

    assert errors == [("BAD_REQUEST", "This is not an id of anything here.", ["nodes"])]


async def test_refuses_nul_among_ids(told: Ask) -> None:
    errors = await told(await make_user(), NODES, ids=["party_\0"])

    assert errors == [("BAD_REQUEST", "A text cannot hold the character NUL.", None)]
