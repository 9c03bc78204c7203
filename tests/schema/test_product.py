"""The field `product`: one by its id or its number."""

from datetime import date, datetime
from typing import Any, Final
from uuid import uuid4

import pytest

from models import ClientAccess, HoldingRole, OffboardingResolution, OffboardingStatus, Product
from tests.asking import Ask, gid
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

BY_ID: Final = "query ($id: ID, $number: String) { product(id: $id, number: $number) { id } }"
WHOLE: Final = """query ($id: ID!) {
  product(id: $id) {
    __typename id name number status offboardingState openedOn terminatedAt retentionUntil
    createdAt updatedAt viewerCanStartOffboarding
    holdings { role startedOn endedOn party { reference } }
    parties { reference }
    offboarding { status subject { ... on Product { number } } }
    offboardings { nodes { status resolution } totalCount }
  }
}"""
DONE: Final = OffboardingStatus.DONE


async def test_shows_all_of_a_product(ask: Ask) -> None:
    viewer = await make_user()
    product = await make_product(number="A-1", name="Savings", opened_on=date(2020, 2, 29))
    for reference, name, role, ended in (
        ("C-1", "zoe", HoldingRole.OWNER, None),
        ("C-2", "Émile", HoldingRole.BENEFICIARY, None),
        ("C-3", "Abel", HoldingRole.JOINT_OWNER, date(2021, 1, 1)),
    ):
        party = await make_party(reference=reference, name=name)
        await make_holding(party, product, role, ended_on=ended)
    await make_offboarding(product=product, status=OffboardingStatus.IN_PROGRESS)

    answered = await ask(viewer, WHOLE, id=gid(product))
    times = [answered["product"].pop(name) for name in ("createdAt", "updatedAt")]

    def holding(reference: str, role: str, end: str | None) -> dict[str, Any]:
        return {"role": role, "startedOn": None, "endedOn": end, "party": {"reference": reference}}

    # As texts they may differ: PostgreSQL leaves out zeros at the end.
    assert [datetime.fromisoformat(at) for at in times] == [product.created_at, product.updated_at]
    assert answered == {
        "product": {
            "__typename": "Product",
            "id": gid(product),
            "name": "Savings",
            "number": "A-1",
            "status": "ACTIVE",
            "offboardingState": "PENDING",
            "openedOn": "2020-02-29",
            "terminatedAt": None,
            "retentionUntil": None,
            "viewerCanStartOffboarding": False,
            "holdings": [
                holding("C-1", "OWNER", None),
                holding("C-2", "BENEFICIARY", None),
                holding("C-3", "JOINT_OWNER", "2021-01-01"),
            ],
            "parties": [{"reference": "C-2"}, {"reference": "C-1"}],
            "offboarding": {"status": "IN_PROGRESS", "subject": {"number": "A-1"}},
            "offboardings": {
                "nodes": [{"status": "IN_PROGRESS", "resolution": None}],
                "totalCount": 1,
            },
        }
    }


async def test_shows_a_product_that_is_terminated_and_hidden(ask: Ask) -> None:
    viewer = await make_user()
    product = await make_product(number="A-9")
    await make_offboarding(
        product=product,
        status=DONE,
        resolution=OffboardingResolution.DONE,
        effective_on=date(2026, 2, 28),
        started_at=STARTED_AT,
    )
    assert not product.listed

    by_id = await ask(viewer, WHOLE, id=gid(product))
    by_number = await ask(viewer, BY_ID, number="A-9")

    found = by_id["product"]
    assert found["status"] == "TERMINATED"
    assert found["offboardingState"] == "OFFBOARDED"
    assert found["terminatedAt"] == CLOSED_AT.isoformat()
    assert found["retentionUntil"] == "2031-02-28"
    assert found["offboarding"] is None
    assert found["offboardings"]["nodes"] == [{"status": "DONE", "resolution": "DONE"}]
    assert found["viewerCanStartOffboarding"] is False
    assert by_number == {"product": {"id": gid(product)}}


async def test_finds_by_id_or_by_number_within_the_organisation(ask: Ask) -> None:
    north, south = await make_organisation(), await make_organisation()
    ours = await make_product(organisation=north, number="A-1")
    theirs = await make_product(organisation=south, number="A-1")
    await make_product(organisation=south, number="A-2")
    viewer = await make_user(organisation=north)

    assert await ask(viewer, BY_ID, id=gid(ours)) == {"product": {"id": gid(ours)}}
    assert await ask(viewer, BY_ID, number="A-1") == {"product": {"id": gid(ours)}}
    for nothing in (
        {"id": gid(theirs)},
        {"id": f"product_{uuid4()}"},
        {"number": "A-2"},
        {"number": "a-1"},
    ):
        assert await ask(viewer, BY_ID, **nothing) == {"product": None}


async def test_wants_exactly_one_of_id_and_number(told: Ask) -> None:
    viewer, product = await make_user(), await make_product()
    cases: list[dict[str, Any]] = [{}, {"id": gid(product), "number": product.number}]

    errors = [await told(viewer, BY_ID, **case) for case in cases]

    refusal = ("BAD_REQUEST", "Give exactly one of id and number.", ["product"])
    assert errors == [[refusal]] * 2


async def test_refuses_what_is_no_id_of_a_product(told: Ask) -> None:
    viewer, party = await make_user(), await make_party()

    errors = [await told(viewer, BY_ID, id=id_) for id_ in (gid(party), "product_1")]
    nul = await told(viewer, BY_ID, number="\0")

    none = ("BAD_REQUEST", "This is not an id of anything here.", ["product"])
    another = (
        "BAD_REQUEST",
        "This is an id of the type Party; one of Product is wanted.",
        ["product"],
    )
    assert errors == [[another], [none]]
    assert nul == [("BAD_REQUEST", "A text cannot hold the character NUL.", None)]


async def test_shows_with_access_own_what_the_parties_managed_hold(ask: Ask) -> None:
    viewer = await make_user(client_access=ClientAccess.OWN)
    mine, other = await make_party(manager=viewer), await make_party()
    held, left, unheld, nobodys = [await make_product() for _ in range(4)]
    await make_holding(mine, held, HoldingRole.REPRESENTATIVE)
    await make_holding(mine, left, ended_on=date(2026, 1, 1))
    await make_holding(other, held)
    await make_holding(other, unheld)

    async def parties_of(product: Product) -> Any:
        answered = await ask(
            viewer,
            "query ($id: ID!) { product(id: $id) { parties { id } holdings { party { id } } } }",
            id=gid(product),
        )
        return answered["product"]

    me = {"id": gid(mine)}
    assert await parties_of(held) == {"parties": [me], "holdings": [{"party": me}]}
    assert [await parties_of(product) for product in (left, unheld, nobodys)] == [None] * 3
    assert await ask(viewer, BY_ID, number=unheld.number) == {"product": None}


async def test_is_forbidden_to_who_may_not_read(told: Ask) -> None:
    administrator, product = await make_user(groups=["Administrator"]), await make_product()

    errors = await told(administrator, BY_ID, id=gid(product))

    message = "This needs the permission CLIENT_FILE_READ; ask an administrator for it."
    assert errors == [("FORBIDDEN", message, ["product"])]


@pytest.mark.parametrize(
    ("groups", "can"), [(["Reader"], False), (["Officer"], True), (["Approver"], True)]
)
async def test_says_whether_the_viewer_can_start(ask: Ask, groups: list[str], *, can: bool) -> None:
    viewer = await make_user(groups=groups)
    running, fresh = await make_product(), await make_product()
    await make_offboarding(product=running)

    answered = [await ask(viewer, WHOLE, id=gid(product)) for product in (fresh, running)]

    found = [one["product"]["viewerCanStartOffboarding"] for one in answered]
    assert found == [can, False]
