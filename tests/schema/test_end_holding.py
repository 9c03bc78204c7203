"""The mutation `endHolding`: a holder leaves a product, and the row is kept."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from models import (
    Activity,
    ClientAccess,
    Holding,
    HoldingRole,
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
from tests.records import everything, letters
from tests.schema.refusals import NOT_FOUND, forbidden, invalid

END: Final = """mutation ($input: EndHoldingInput!) {
  endHolding(input: $input) {
    __typename
    ... on EndHoldingSuccess {
      holding { role startedOn endedOn party { reference } product { number status } }
      party { reference products { number } holdings { endedOn } }
    }
    ... on Error { code message }
    ... on ForbiddenError { permission }
    ... on InvalidInputError { field }
  }
}"""
LISTED: Final = """{ clientFile {
  parties { nodes { reference } } products { nodes { number } }
} }"""
DAY: Final = "2026-03-31"


async def end(ask: Ask, viewer: User, party: Party, product: Product, on: str = DAY) -> Any:
    return await ask(
        viewer, END, input={"partyId": gid(party), "productId": gid(product), "endedOn": on}
    )


async def make_joint(**values: Any) -> tuple[Party, Party, Product]:
    """Make a product with two owners."""
    first = await make_party(reference="C-1", name="1", **values)
    second = await make_party(reference="C-2", name="2")
    product = await make_product(number="A-1")
    for party in (first, second):
        await make_holding(party, product, HoldingRole.JOINT_OWNER, started_on=date(2020, 1, 1))
    return first, second, product


async def listed(ask: Ask, viewer: User) -> tuple[list[str], list[str]]:
    answered = (await ask(viewer, LISTED))["clientFile"]
    return (
        [party["reference"] for party in answered["parties"]["nodes"]],
        [product["number"] for product in answered["products"]["nodes"]],
    )


async def test_ends_a_holding_and_keeps_the_row(ask: Ask) -> None:
    ada = await make_user()
    first, second, product = await make_joint()

    answered = await end(ask, ada, first, product)

    assert answered == {
        "endHolding": {
            "__typename": "EndHoldingSuccess",
            "holding": {
                "role": "JOINT_OWNER",
                "startedOn": "2020-01-01",
                "endedOn": DAY,
                "party": {"reference": "C-1"},
                "product": {"number": "A-1", "status": "ACTIVE"},
            },
            "party": {"reference": "C-1", "products": [], "holdings": [{"endedOn": DAY}]},
        }
    }
    other = await Holding.get(party_id=second.id)
    assert other.ended_on is None
    logged = Activity.all().values(
        "kind", "actor_id", "offboarding_id", "party_id", "product_id", "changes"
    )
    assert await logged == [
        {
            "kind": "HOLDING_ENDED",
            "actor_id": ada.id,
            "offboarding_id": None,
            "party_id": first.id,
            "product_id": product.id,
            "changes": [{"field": "endedOn", "before": None, "after": DAY}],
        }
    ]
    assert await letters() == []


async def test_changes_nothing_where_it_ended_that_day_already(ask: Ask) -> None:
    ada = await make_user()
    first, _, product = await make_joint()
    once = await end(ask, ada, first, product)
    before = await everything()

    again = await end(ask, ada, first, product)

    assert again == once
    assert await everything() == before


async def test_refuses_another_day_once_it_ended(ask: Ask, refused: Ask) -> None:
    ada = await make_user()
    first, _, product = await make_joint()
    await end(ask, ada, first, product)

    refusal = await end(refused, ada, first, product, on="2026-03-30")

    assert refusal == invalid("endedOn", f"This holding already ended on {DAY}.")


async def test_refuses_days_before_the_beginning_and_in_the_future(ask: Ask, refused: Ask) -> None:
    ada = await make_user()
    first, second, product = await make_joint()
    today = datetime.now(UTC).date()

    early = [await end(refused, ada, first, product, on=on) for on in ("2019-12-31", "0001-01-01")]
    late = [
        await end(refused, ada, first, product, on=on)
        for on in ((today + timedelta(days=3)).isoformat(), "9999-12-31")
    ]
    at_the_first = await end(ask, ada, first, product, on="2020-01-01")
    at_the_last = await end(ask, ada, second, product, on=today.isoformat())

    assert early == [invalid("endedOn", "This holding only began on 2020-01-01.")] * 2
    assert late == [invalid("endedOn", "A holding cannot end in the future.")] * 2
    for answered in (at_the_first, at_the_last):
        assert answered["endHolding"]["__typename"] == "EndHoldingSuccess"


async def test_ends_a_holding_of_which_no_beginning_is_known(ask: Ask) -> None:
    ada, party, product = await make_user(), await make_party(), await make_product()
    await make_holding(party, product, HoldingRole.REPRESENTATIVE)

    answered = await end(ask, ada, party, product, on="1950-01-01")

    assert answered["endHolding"]["holding"]["endedOn"] == "1950-01-01"


# ---------------------------------------------------------------- V


async def test_hides_an_offboarded_joint_owner_who_leaves_the_product(ask: Ask) -> None:
    ada = await make_user()
    first, _, product = await make_joint()
    await make_offboarding(
        party=first, status=OffboardingStatus.DONE, resolution=OffboardingResolution.DONE
    )
    assert await listed(ask, ada) == (["C-1", "C-2"], ["A-1"])

    await end(ask, ada, first, product)

    assert await listed(ask, ada) == (["C-2"], ["A-1"])


async def test_hides_a_terminated_product_whose_last_active_owner_leaves(ask: Ask) -> None:
    ada = await make_user()
    first, second, product = await make_joint()
    await make_offboarding(
        product=product, status=OffboardingStatus.DONE, resolution=OffboardingResolution.DONE
    )

    await end(ask, ada, first, product)
    assert await listed(ask, ada) == (["C-1", "C-2"], ["A-1"])
    await end(ask, ada, second, product)

    assert await listed(ask, ada) == (["C-1", "C-2"], [])


async def test_keeps_listing_what_is_active_whoever_leaves(ask: Ask) -> None:
    ada = await make_user()
    first, second, product = await make_joint()

    for party in (first, second):
        await end(ask, ada, party, product)

    assert await listed(ask, ada) == (["C-1", "C-2"], ["A-1"])


# ---------------------------------------------------------------- who may


async def test_finds_nothing_that_the_viewer_may_not_see(refused: Ask) -> None:
    bank, other = await make_organisation(), await make_organisation()
    ada = await make_user(organisation=bank)
    party = await make_party(organisation=bank, manager=ada)
    product = await make_product(organisation=bank)
    await make_holding(party, product)
    theirs = await make_product(organisation=other)
    stranger = await make_user(organisation=other)
    blind = [
        stranger,
        await make_user(organisation=bank, client_access=ClientAccess.OWN),
        await make_user(organisation=bank, groups=["Administrator"]),
    ]

    unseen = [await end(refused, viewer, party, product) for viewer in blind]
    mixed = [await end(refused, viewer, party, theirs) for viewer in (ada, stranger)]
    ids = [
        (gid(party), f"product_{uuid4()}"),
        (f"party_{uuid4()}", gid(product)),
        (gid(product), gid(party)),
        ("x", gid(product)),
        (gid(party), ""),
        (gid(party), f"{gid(product)}\0"),
    ]
    unknown = [
        await refused(ada, END, input={"partyId": one, "productId": two, "endedOn": DAY})
        for one, two in ids
    ]

    assert unseen == [NOT_FOUND] * 3
    assert mixed == [NOT_FOUND] * 2
    assert unknown == [NOT_FOUND] * 6


async def test_finds_no_holding_where_there_is_none(refused: Ask) -> None:
    ada, reader = await make_user(), await make_user(groups=["Reader"])
    party, product = await make_party(), await make_product()

    refusals = [await end(refused, viewer, party, product) for viewer in (ada, reader)]

    assert refusals == [NOT_FOUND] * 2


async def test_forbids_what_the_viewer_has_no_permission_for(refused: Ask) -> None:
    reader = await make_user(groups=["Reader"])
    party, product = await make_party(), await make_product()
    await make_holding(party, product, ended_on=date(2026, 1, 1))

    refusals = [
        await end(refused, reader, party, product, on=on)
        for on in (DAY, "2026-01-01", "9999-12-31")
    ]

    assert refusals == [forbidden("PRODUCT_TERMINATION_WRITE")] * 3


async def test_ends_with_access_own_a_holding_of_a_party_the_viewer_manages(ask: Ask) -> None:
    """After the last of their parties has left, the viewer may not see the product any more."""
    viewer = await make_user(client_access=ClientAccess.OWN)
    first, second, product = await make_joint(manager=viewer)
    mine = await make_party(reference="C-3", manager=viewer)
    await make_holding(mine, product, HoldingRole.JOINT_OWNER)

    seen = await end(ask, viewer, mine, product)
    unseen = await end(ask, viewer, first, product)
    other = await end(ask, viewer, second, product)

    assert seen["endHolding"]["holding"]["product"]["number"] == "A-1"
    assert seen["endHolding"]["party"]["reference"] == "C-3"
    assert unseen == {
        "endHolding": {
            "__typename": "EndHoldingSuccess",
            "holding": None,
            "party": {"reference": "C-1", "products": [], "holdings": []},
        }
    }
    assert other == {"endHolding": NOT_FOUND}


async def test_refuses_what_the_schema_does_not_know(told: Ask) -> None:
    ada, party, product = await make_user(), await make_party(), await make_product()
    await make_holding(party, product)
    pair = {"partyId": gid(party), "productId": gid(product)}
    inputs: list[dict[str, Any]] = [
        {**pair, "endedOn": "yesterday"},
        {**pair, "endedOn": "2026-02-29"},
        {"partyId": gid(party), "endedOn": DAY},
        {**pair, "endedOn": DAY, "reason": "DEATH"},
    ]

    errors = [await told(ada, END, input=input_) for input_ in inputs]

    assert [{code for code, _, _ in found} for found in errors] == [{"BAD_REQUEST"}] * 4


async def test_ends_a_holding_today_unless_a_day_is_given(ask: Ask) -> None:
    ada, party, product = await make_user(), await make_party(), await make_product()
    await make_holding(party, product)
    first_day = datetime.now(UTC).date()

    data = await ask(ada, END, input={"partyId": gid(party), "productId": gid(product)})

    ended_on = date.fromisoformat(data["endHolding"]["holding"]["endedOn"])
    assert ended_on in {first_day, datetime.now(UTC).date()}
