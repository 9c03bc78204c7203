"""The mutation `resolveOffboarding`: Done, for good; and who is hidden then (V)."""

from datetime import date
from typing import Any, Final
from uuid import uuid4

import pytest

from models import (
    Activity,
    ClientAccess,
    HoldingRole,
    Offboarding,
    OffboardingResolution,
    OffboardingStatus,
    Party,
    Product,
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
from tests.records import letters
from tests.schema.refusals import (
    CONFIRMATION_MISMATCH,
    CONFIRMATION_REQUIRED,
    FOUR_EYES,
    NOT_FOUND,
    OFFBOARDING_DONE,
    Refusal,
    conflict,
    forbidden,
    invalid,
    open_products,
)

RESOLVE: Final = """mutation ($input: ResolveOffboardingInput!) {
  resolveOffboarding(input: $input) {
    __typename
    ... on ResolveOffboardingSuccess { offboarding {
      status resolution effectiveOn version closedBy { id } viewerCanEdit viewerCanResolve
      subject {
        ... on Party { status retentionUntil } ... on Product { state: status retentionUntil }
      }
    } }
    ... on Error { code message }
    ... on ForbiddenError { permission }
    ... on ConflictError { offboarding { status version } }
    ... on OpenProductsError { products { number } }
    ... on InvalidInputError { field }
  }
}"""
LISTED: Final = """query ($all: Boolean!) { clientFile {
  parties(includeOffboarded: $all) { nodes { reference } }
  products(includeOffboarded: $all) { nodes { number } }
} }"""

DONE: Final = OffboardingStatus.DONE
CANCELLED: Final = OffboardingResolution.CANCELLED
FULL_WIDTH: Final = "".join(chr(ord(letter) + 0xFEE0) for letter in "TERMINATE")
TERMINATE: Final = {"resolution": "DONE", "confirmation": "TERMINATE"}


async def resolve(ask: Ask, viewer: User, row: Offboarding, **values: Any) -> Any:
    return await ask(viewer, RESOLVE, input={"offboardingId": gid(row), **values})


async def end(
    ask: Ask, viewer: User, *, party: Party | None = None, product: Product | None = None
) -> None:
    """Offboard a party or terminate a product from start to end."""
    row = await make_offboarding(party=party, product=product)
    answered = await resolve(ask, viewer, row, **TERMINATE)
    assert answered["resolveOffboarding"]["__typename"] == "ResolveOffboardingSuccess"


async def listed(ask: Ask, viewer: User, *, all_: bool = False) -> tuple[list[str], list[str]]:
    """Return the references and numbers in the overview."""
    answered = (await ask(viewer, LISTED, all=all_))["clientFile"]
    return (
        [party["reference"] for party in answered["parties"]["nodes"]],
        [product["number"] for product in answered["products"]["nodes"]],
    )


async def test_ends_the_relationship_with_a_party(ask: Ask) -> None:
    ada, party = await make_user(), await make_party()
    row = await make_offboarding(party=party, status=OffboardingStatus.REVIEW)

    answered = await resolve(
        ask, ada, row, **TERMINATE, effectiveOn="2024-02-29", expectedVersion=1
    )

    assert answered == {
        "resolveOffboarding": {
            "__typename": "ResolveOffboardingSuccess",
            "offboarding": {
                "status": "DONE",
                "resolution": "DONE",
                "effectiveOn": "2024-02-29",
                "version": 2,
                "closedBy": {"id": gid(ada)},
                "viewerCanEdit": False,
                "viewerCanResolve": False,
                "subject": {"status": "OFFBOARDED", "retentionUntil": "2029-02-28"},
            },
        }
    }
    assert await Activity.all().order_by("id").values_list("kind", "actor_id") == [
        ("DETAILS_CHANGED", ada.id),
        ("RESOLVED", ada.id),
        ("PARTY_OFFBOARDED", ada.id),
    ]
    assert await letters() == []


async def test_cancels(ask: Ask) -> None:
    ada, product = await make_user(), await make_product()
    row = await make_offboarding(product=product, assignee=ada)

    answered = await resolve(ask, ada, row, resolution="CANCELLED", confirmation="no")

    assert answered == {
        "resolveOffboarding": {
            "__typename": "ResolveOffboardingSuccess",
            "offboarding": {
                "status": "DONE",
                "resolution": "CANCELLED",
                "effectiveOn": None,
                "version": 2,
                "closedBy": {"id": gid(ada)},
                "viewerCanEdit": False,
                "viewerCanResolve": False,
                "subject": {"state": "ACTIVE", "retentionUntil": None},
            },
        }
    }
    assert await Activity.all().values_list("kind", "changes") == [
        (
            "RESOLVED",
            [
                {"field": "status", "before": "OPEN", "after": "DONE"},
                {"field": "resolution", "before": None, "after": "CANCELLED"},
            ],
        )
    ]
    assert await letters() == []


# ---------------------------------------------------------------- V, who is hidden then


@pytest.mark.parametrize("first", ["party", "product"])
async def test_hides_a_party_and_its_product_together_in_either_order(ask: Ask, first: str) -> None:
    ada = await make_user()
    party, product = await make_party(reference="C-1"), await make_product(number="A-1")
    await make_holding(party, product)
    steps = [{"party": party}, {"product": product}]

    for step in steps if first == "party" else reversed(steps):
        assert await listed(ask, ada) == (["C-1"], ["A-1"])
        await end(ask, ada, **step)  # type: ignore[arg-type] # one of the two

    assert await listed(ask, ada) == ([], [])
    assert await listed(ask, ada, all_=True) == (["C-1"], ["A-1"])
    found = await ask(
        ada,
        """query ($party: ID!, $product: ID!) {
          a: party(id: $party) { reference } b: party(reference: "C-1") { status }
          c: product(id: $product) { number } d: product(number: "A-1") { status }
          e: node(id: $party) { id } f: node(id: $product) { id }
        }""",
        party=gid(party),
        product=gid(product),
    )
    assert found == {
        "a": {"reference": "C-1"},
        "b": {"status": "OFFBOARDED"},
        "c": {"number": "A-1"},
        "d": {"status": "TERMINATED"},
        "e": {"id": gid(party)},
        "f": {"id": gid(product)},
    }


async def make_joint() -> tuple[Party, Party, Product]:
    """Make a product with two owners."""
    first, second = (
        await make_party(reference="C-1", name="1"),
        await make_party(reference="C-2", name="2"),
    )
    product = await make_product(number="A-1")
    for party in (first, second):
        await make_holding(party, product, HoldingRole.JOINT_OWNER)
    return first, second, product


async def test_never_terminates_a_joint_product_and_lists_an_offboarded_owner_till_it_is(
    ask: Ask,
) -> None:
    ada = await make_user()
    first, second, product = await make_joint()

    await end(ask, ada, party=first)
    assert await listed(ask, ada) == (["C-1", "C-2"], ["A-1"])
    assert (await Product.get(id=product.id)).status == "ACTIVE"
    await end(ask, ada, party=second)
    assert await listed(ask, ada) == (["C-1", "C-2"], ["A-1"])
    assert (await Product.get(id=product.id)).status == "ACTIVE"
    await end(ask, ada, product=product)

    assert await listed(ask, ada) == ([], [])


async def test_lists_a_terminated_joint_product_till_its_last_owner_is_offboarded(
    ask: Ask,
) -> None:
    ada = await make_user()
    first, second, product = await make_joint()

    await end(ask, ada, product=product)
    assert await listed(ask, ada) == (["C-1", "C-2"], ["A-1"])
    await end(ask, ada, party=first)
    assert await listed(ask, ada) == (["C-2"], ["A-1"])
    await end(ask, ada, party=second)

    assert await listed(ask, ada) == ([], [])


async def test_lists_an_offboarded_joint_owner_till_the_product_is_terminated(ask: Ask) -> None:
    ada = await make_user()
    first, _, product = await make_joint()

    await end(ask, ada, party=first)
    await end(ask, ada, product=product)

    assert await listed(ask, ada) == (["C-2"], ["A-1"])


async def test_minds_only_owners_whose_holding_has_not_ended(ask: Ask) -> None:
    ada = await make_user()
    owner, other = (
        await make_party(reference="C-1", name="1"),
        await make_party(reference="C-2", name="2"),
    )
    product = await make_product(number="A-1")
    await make_holding(owner, product)
    await make_holding(other, product, HoldingRole.BENEFICIARY)
    former = await make_party(reference="C-3", name="3")
    await make_holding(former, product, ended_on=date(2026, 1, 1))

    await end(ask, ada, party=other)
    await end(ask, ada, party=former)
    assert await listed(ask, ada) == (["C-1"], ["A-1"])
    await end(ask, ada, product=product)
    assert await listed(ask, ada) == (["C-1"], ["A-1"])
    await end(ask, ada, party=owner)

    assert await listed(ask, ada) == ([], [])


async def test_hides_at_once_a_product_without_owners_and_a_party_without_products(
    ask: Ask,
) -> None:
    ada = await make_user()

    await end(ask, ada, party=await make_party())
    await end(ask, ada, product=await make_product())

    assert await listed(ask, ada) == ([], [])


async def test_hides_a_party_only_when_all_it_owns_is_terminated(ask: Ask) -> None:
    ada, party = await make_user(), await make_party(reference="C-1")
    products = [await make_product(number=f"A-{number}") for number in (1, 2)]
    for product in products:
        await make_holding(party, product)

    await end(ask, ada, party=party)
    await end(ask, ada, product=products[0])
    assert await listed(ask, ada) == (["C-1"], ["A-2"])
    await end(ask, ada, product=products[1])

    assert await listed(ask, ada) == ([], [])


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("confirmation", "refusal"),
    [
        ({}, CONFIRMATION_REQUIRED),
        ({"confirmation": None}, CONFIRMATION_REQUIRED),
        ({"confirmation": ""}, CONFIRMATION_MISMATCH),
        ({"confirmation": "terminate"}, CONFIRMATION_MISMATCH),
        ({"confirmation": " TERMINATE"}, CONFIRMATION_MISMATCH),
        ({"confirmation": "TERMINATE "}, CONFIRMATION_MISMATCH),
        ({"confirmation": FULL_WIDTH}, CONFIRMATION_MISMATCH),
    ],
)
@pytest.mark.parametrize("status", ["OPEN", "IN_PROGRESS", "REVIEW"])
async def test_refuses_to_end_what_is_not_confirmed(
    refused: Ask, status: str, confirmation: dict[str, str | None], refusal: Refusal
) -> None:
    ada = await make_user()
    row = await make_offboarding(status=OffboardingStatus(status), assignee=ada)

    assert await resolve(refused, ada, row, resolution="DONE", **confirmation) == refusal


@pytest.mark.parametrize("resolution", list(OffboardingResolution))
async def test_refuses_to_resolve_what_is_done(
    refused: Ask, resolution: OffboardingResolution
) -> None:
    ada = await make_user()
    rows = [
        await make_offboarding(party=await make_party(), status=DONE, resolution=resolution),
        await make_offboarding(product=await make_product(), status=DONE, resolution=resolution),
    ]

    refusals = [
        await resolve(refused, ada, row, **values, expectedVersion=version)
        for row in rows
        for values in (TERMINATE, {"resolution": "CANCELLED"}, {"resolution": "DONE"})
        for version in (1, 9, None)
    ]

    assert refusals == [OFFBOARDING_DONE] * 18


async def test_refuses_a_stale_version_before_the_values(refused: Ask) -> None:
    ada = await make_user()
    row = await make_offboarding(version=2)

    refusals = [
        await resolve(refused, ada, row, **values, expectedVersion=1)
        for values in (
            TERMINATE,
            {"resolution": "CANCELLED"},
            {"resolution": "DONE", "confirmation": "no"},
            {"resolution": "CANCELLED", "effectiveOn": "0001-01-01"},
        )
    ]

    assert refusals == [conflict({"status": "OPEN", "version": 2})] * 4


async def test_refuses_days_out_of_bounds(refused: Ask) -> None:
    ada, row = await make_user(), await make_offboarding()

    refusals = [
        await resolve(refused, ada, row, **TERMINATE, effectiveOn=day)
        for day in ("1899-12-31", "2201-01-01")
    ]

    message = "A day lies between the years 1900 and 2200."
    assert refusals == [invalid("effectiveOn", message)] * 2


async def test_refuses_while_products_are_open_that_must_be_terminated_first(
    ask: Ask, refused: Ask
) -> None:
    bank = await make_organisation(require_products_terminated=True)
    ada, party = await make_user(organisation=bank), await make_party(organisation=bank)
    product = await make_product(organisation=bank, number="A-1")
    await make_holding(party, product)
    row = await make_offboarding(party=party)

    refusal = await resolve(refused, ada, row, **TERMINATE)
    await end(ask, ada, product=product)
    answered = await resolve(ask, ada, row, **TERMINATE)

    assert refusal == open_products("A-1")
    assert answered["resolveOffboarding"]["__typename"] == "ResolveOffboardingSuccess"


@pytest.mark.parametrize("values", [TERMINATE, {"resolution": "CANCELLED"}])
@pytest.mark.parametrize("subject", ["party", "product"])
async def test_lets_nobody_close_what_they_started_where_four_eyes_are_wanted(
    ask: Ask, refused: Ask, subject: str, values: dict[str, str]
) -> None:
    bank = await make_organisation(four_eyes=True)
    ada, grace = await make_user(organisation=bank), await make_user(organisation=bank)
    row = (
        await make_offboarding(party=await make_party(organisation=bank), started_by=ada)
        if subject == "party"
        else await make_offboarding(product=await make_product(organisation=bank), started_by=ada)
    )

    refusal = await resolve(refused, ada, row, **values)
    answered = await resolve(ask, grace, row, **values)

    assert refusal == FOUR_EYES
    assert answered["resolveOffboarding"]["offboarding"]["closedBy"] == {"id": gid(grace)}


async def test_finds_nothing_that_the_viewer_may_not_see(refused: Ask) -> None:
    bank, other = await make_organisation(), await make_organisation()
    row = await make_offboarding(party=await make_party(organisation=bank))
    blind = [
        await make_user(organisation=other),
        await make_user(organisation=bank, client_access=ClientAccess.OWN),
        await make_user(organisation=bank, groups=["Administrator"]),
    ]
    no_ids = ["", "x", f"offboarding_{uuid4()}", f"party_{row.party_id}"]

    unseen = [
        await resolve(refused, viewer, row, **values)
        for viewer in blind
        for values in (TERMINATE, {"resolution": "CANCELLED"}, {"resolution": "DONE"})
    ]
    unknown = [
        await refused(blind[0], RESOLVE, input={"offboardingId": id_, **TERMINATE})
        for id_ in no_ids
    ]

    assert unseen == [NOT_FOUND] * 9
    assert unknown == [NOT_FOUND] * 4


@pytest.mark.parametrize("group", ["Reader", "Officer"])
async def test_forbids_both_resolutions_to_who_may_not_set_done(refused: Ask, group: str) -> None:
    viewer = await make_user(groups=[group])
    party = await make_offboarding(party=await make_party())
    product = await make_offboarding(product=await make_product())
    done = await make_offboarding(party=await make_party(), status=DONE, resolution=CANCELLED)

    refusals = [
        await resolve(refused, viewer, row, **values, expectedVersion=9)
        for row in (party, done, product)
        for values in (TERMINATE, {"resolution": "CANCELLED"}, {"resolution": "DONE"})
    ]

    assert refusals == [
        *[forbidden("PARTY_OFFBOARDING_DONE_WRITE")] * 6,
        *[forbidden("PRODUCT_TERMINATION_DONE_WRITE")] * 3,
    ]


async def test_resolves_with_access_own_what_the_viewer_manages(ask: Ask) -> None:
    viewer = await make_user(client_access=ClientAccess.OWN)
    party, product = await make_party(manager=viewer), await make_product()
    await make_holding(party, product)

    await end(ask, viewer, party=party)
    await end(ask, viewer, product=product)

    assert await listed(ask, viewer) == ([], [])
