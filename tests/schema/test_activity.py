"""The field `activity`: the log, oldest first."""

from datetime import timedelta
from typing import Any, Final

import pytest

from models import (
    Activity,
    ActivityKind,
    ClientAccess,
    Offboarding,
    OffboardingResolution,
    OffboardingStatus,
    Party,
    Product,
    User,
)
from tests.asking import Ask, gid
from tests.factories import (
    STARTED_AT,
    make_holding,
    make_offboarding,
    make_organisation,
    make_party,
    make_product,
    make_user,
)
from tests.schema.pages import ENDS, backward, forward

LOG: Final = (
    """query (
  $filter: ActivityFilter, $first: Int, $after: Cursor, $last: Int, $before: Cursor
) {
  activity(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
    nodes { id } pageInfo { ...ends } totalCount
  }
}"""
    + ENDS
)
CHANGES: Final = "{ activity { nodes { changes { __typename field before after } } } }"


async def make_entry(
    subject: Party | Product | Offboarding,
    kind: ActivityKind = ActivityKind.STATUS_CHANGED,
    actor: User | None = None,
    changes: list[dict[str, Any]] | None = None,
) -> Activity:
    """Write an entry about a party, a product or an offboarding of one."""
    about: dict[str, Any]
    match subject:
        case Party():
            about = {"party": subject}
        case Product():
            about = {"product": subject}
        case Offboarding():
            about = {"party_id": subject.party_id, "product_id": subject.product_id}
            about["offboarding"] = subject
    return await Activity.create(
        organisation_id=subject.organisation_id,
        kind=kind,
        occurred_at=STARTED_AT,
        actor=actor,
        changes=changes or [],
        **about,
    )


async def entries(ask: Ask, viewer: User, **variables: Any) -> list[str]:
    connection = (await ask(viewer, LOG, **variables))["activity"]
    assert connection["totalCount"] == len(connection["nodes"])
    return [node["id"] for node in connection["nodes"]]


async def test_shows_all_of_an_entry(ask: Ask) -> None:
    viewer = await make_user(name="Ada")
    party, product = await make_party(reference="C-1"), await make_product(number="A-1")
    offboarding = await make_offboarding(party=party)
    changes: list[dict[str, Any]] = [
        {"field": "status", "before": "OPEN", "after": "REVIEW"},
        {"field": "assignee", "before": None, "after": gid(viewer)},
    ]
    about_party = await make_entry(offboarding, actor=viewer, changes=changes)
    about_product = await make_entry(product, ActivityKind.PRODUCT_TERMINATED)

    answered = await ask(
        viewer,
        """{ activity { edges { cursor node {
          __typename id cursor kind occurredAt actor { name } offboarding { id }
          party { reference } product { number } changes { field before after }
        } } } }""",
    )

    first, second = answered["activity"]["edges"]
    assert [first["cursor"], second["cursor"]] == [
        first["node"].pop("cursor"),
        second["node"].pop("cursor"),
    ]
    assert first["node"] == {
        "__typename": "Activity",
        "id": gid(about_party),
        "kind": "STATUS_CHANGED",
        "occurredAt": STARTED_AT.isoformat(),
        "actor": {"name": "Ada"},
        "offboarding": {"id": gid(offboarding)},
        "party": {"reference": "C-1"},
        "product": None,
        "changes": changes,
    }
    assert second["node"] == {
        "__typename": "Activity",
        "id": gid(about_product),
        "kind": "PRODUCT_TERMINATED",
        "occurredAt": STARTED_AT.isoformat(),
        "actor": None,
        "offboarding": None,
        "party": None,
        "product": {"number": "A-1"},
        "changes": [],
    }


async def test_shows_reason_and_comment_only_to_who_may_read_them(ask: Ask) -> None:
    changes: list[dict[str, Any]] = [
        {"field": "reason", "before": None, "after": "DEATH"},
        {"field": "comment", "before": "Ill.", "after": "Died in May."},
        {"field": "dueOn", "before": None, "after": "2026-05-31"},
    ]
    await make_entry(await make_offboarding(), ActivityKind.DETAILS_CHANGED, changes=changes)

    shown = {}
    for group in ("Reader", "Officer", "Approver"):
        answered = await ask(await make_user(groups=[group]), CHANGES)
        shown[group] = answered["activity"]["nodes"][0]["changes"]

    whole = [{"__typename": "Change", **change} for change in changes]
    hidden = [{**change, "before": None, "after": None} for change in whole[:2]] + whole[2:]
    assert shown == {"Reader": hidden, "Officer": hidden, "Approver": whole}


async def test_filters(ask: Ask) -> None:
    ada, grace = await make_user(), await make_user()
    party, product = await make_party(), await make_product()
    offboarding = await make_offboarding(party=party)
    termination = await make_offboarding(product=product)
    made = [
        await make_entry(offboarding, ActivityKind.OFFBOARDING_STARTED, ada),
        await make_entry(termination, ActivityKind.OFFBOARDING_STARTED, grace),
        await make_entry(offboarding, ActivityKind.MAIL_SENT),
        await make_entry(product, ActivityKind.PRODUCT_TERMINATED, ada),
    ]
    cases: list[tuple[dict[str, Any] | None, list[int]]] = [
        (None, [0, 1, 2, 3]),
        ({}, [0, 1, 2, 3]),
        ({"kind": None, "partyId": None}, [0, 1, 2, 3]),
        ({"kind": ["OFFBOARDING_STARTED", "MAIL_SENT"]}, [0, 1, 2]),
        ({"kind": []}, []),
        ({"offboardingId": gid(offboarding)}, [0, 2]),
        ({"partyId": gid(party)}, [0, 2]),
        ({"productId": gid(product)}, [1, 3]),
        ({"actorId": gid(ada)}, [0, 3]),
        ({"actorId": gid(ada), "productId": gid(product)}, [3]),
        ({"partyId": gid(party), "productId": gid(product)}, []),
    ]

    answered = [await entries(ask, ada, filter=filter_) for filter_, _ in cases]

    assert answered == [[gid(made[number]) for number in found] for _, found in cases]


async def test_shows_nothing_of_another_organisation_by_any_filter_or_cursor(ask: Ask) -> None:
    north, south = await make_organisation(), await make_organisation()
    actor = await make_user(organisation=south)
    offboarding = await make_offboarding(party=await make_party(organisation=south))
    termination = await make_offboarding(product=await make_product(organisation=south))
    await make_entry(offboarding, actor=actor)
    await make_entry(termination)
    stranger = await make_user(organisation=north)
    ours = await make_entry(await make_party(organisation=north))
    place = (await ask(actor, LOG, first=1))["activity"]["pageInfo"]["endCursor"]

    assert await entries(ask, stranger) == [gid(ours)]
    assert await entries(ask, stranger, after=place) == [gid(ours)]
    for filter_ in (
        {"offboardingId": gid(offboarding)},
        {"partyId": f"party_{offboarding.party_id}"},
        {"productId": f"product_{termination.product_id}"},
        {"actorId": gid(actor)},
    ):
        assert await entries(ask, stranger, filter=filter_) == []


async def test_shows_with_access_own_entries_about_what_the_viewer_sees(ask: Ask) -> None:
    viewer = await make_user(client_access=ClientAccess.OWN)
    mine, other = await make_party(manager=viewer), await make_party()
    held, unheld = await make_product(), await make_product()
    await make_holding(mine, held)
    await make_holding(other, unheld)
    made = [
        await make_entry(subject)
        for subject in (
            mine,
            other,
            held,
            unheld,
            await make_offboarding(party=mine),
            await make_offboarding(party=other),
            await make_offboarding(product=held),
            await make_offboarding(product=unheld),
        )
    ]

    assert await entries(ask, viewer) == [gid(made[number]) for number in (0, 2, 4, 6)]
    assert await entries(ask, viewer, filter={"partyId": gid(other)}) == []


async def test_shows_with_access_own_only_the_end_that_the_viewer_sees(ask: Ask) -> None:
    """Who managed one of two owners learns of the product, not of the other owner."""
    viewer = await make_user(client_access=ClientAccess.OWN)
    mine, other = await make_party(manager=viewer), await make_party()
    joint = await make_product()
    await make_holding(mine, joint)
    await make_holding(other, joint)
    await Activity.create(
        organisation_id=viewer.organisation_id,
        kind=ActivityKind.HOLDING_ENDED,
        occurred_at=STARTED_AT,
        party=other,
        product=joint,
        changes=[],
    )

    answered = await ask(viewer, "{ activity { nodes { party { id } product { id } } } }")

    assert answered == {"activity": {"nodes": [{"party": None, "product": {"id": gid(joint)}}]}}


async def test_is_forbidden_to_who_may_not_read(told: Ask) -> None:
    errors = await told(await make_user(groups=[]), LOG)

    message = "This needs the permission CLIENT_FILE_READ; ask an administrator for it."
    assert errors == [("FORBIDDEN", message, ["activity"])]


async def test_tells_of_access_to_who_gives_it_and_of_clients_to_who_sees_them(ask: Ask) -> None:
    administrator = await make_user(groups=["Administrator"])
    reader = await make_user(groups=["Reader"])
    about_party = await make_entry(await make_party())
    about_access = await Activity.create(
        organisation_id=administrator.organisation_id,
        kind=ActivityKind.ACCESS_CHANGED,
        occurred_at=STARTED_AT,
        user=reader,
        changes=[],
    )
    document = "{ activity { nodes { id user { id } } } }"

    told_of = await ask(administrator, document), await ask(reader, document)

    assert [answered["activity"]["nodes"] for answered in told_of] == [
        [{"id": gid(about_access), "user": {"id": gid(reader)}}],
        [{"id": gid(about_party), "user": None}],
    ]


async def test_is_read_on_from_the_cursor_of_an_entry(ask: Ask) -> None:
    viewer, party = await make_user(), await make_party()
    made = [gid(await make_entry(party)) for _ in range(5)]
    document = "{ activity(first: 3) { nodes { cursor } } }"
    place = (await ask(viewer, document))["activity"]["nodes"][-1]["cursor"]

    assert await forward(viewer, LOG, 2, "activity") == [
        [{"id": id_} for id_ in made[start : start + 2]] for start in (0, 2, 4)
    ]
    first = await ask(viewer, LOG, after=place)
    assert [node["id"] for node in first["activity"]["nodes"]] == made[3:]
    later = gid(await make_entry(party))
    second = await ask(viewer, LOG, after=first["activity"]["pageInfo"]["endCursor"])
    assert [node["id"] for node in second["activity"]["nodes"]] == [later]
    assert second["activity"]["pageInfo"]["hasPreviousPage"] is True


async def test_is_read_back_from_its_end(ask: Ask) -> None:
    viewer, party = await make_user(), await make_party()
    offboarding = await make_offboarding(party=party)
    made = [{"id": gid(await make_entry(offboarding))} for _ in range(5)]
    nested = """query ($reference: String!, $last: Int) {
      party(reference: $reference) { offboardings(last: 1) { nodes {
        activity(last: $last) { nodes { id } pageInfo { ...ends } }
      } } }
    }"""

    whole = await backward(viewer, LOG, 2, "activity")
    newest = await ask(viewer, LOG, last=1)
    of_party = await ask(viewer, nested + ENDS, reference=party.reference, last=2)

    assert whole == [made[3:], made[1:3], made[:1]]
    assert newest["activity"]["nodes"] == made[4:]
    assert newest["activity"]["totalCount"] == 5
    (task,) = of_party["party"]["offboardings"]["nodes"]
    assert task["activity"]["nodes"] == made[3:]
    assert task["activity"]["pageInfo"]["hasPreviousPage"] is True


async def test_leads_to_the_offboarding_as_it_now_is(ask: Ask) -> None:
    viewer = await make_user()
    offboarding = await make_offboarding(
        status=OffboardingStatus.DONE,
        resolution=OffboardingResolution.CANCELLED,
        closed_at=STARTED_AT + timedelta(days=1),
    )
    await make_entry(offboarding, ActivityKind.OFFBOARDING_STARTED)

    answered = await ask(
        viewer, "{ activity { nodes { offboarding { status activity { totalCount } } } } }"
    )

    assert answered == {
        "activity": {"nodes": [{"offboarding": {"status": "DONE", "activity": {"totalCount": 1}}}]}
    }


@pytest.mark.parametrize("field", ["offboardingId", "partyId", "productId", "actorId"])
async def test_refuses_ids_of_something_else(told: Ask, field: str) -> None:
    viewer = await make_user()
    type_ = {"actorId": "User"}.get(field, field.removesuffix("Id").capitalize())

    errors = [
        await told(viewer, LOG, filter={field: id_})
        for id_ in ("x", f"organisation_{viewer.organisation_id}")
    ]

    none = ("BAD_REQUEST", "This is not an id of anything here.", None)
    another = (
        "BAD_REQUEST",
        f"This is an id of the type Organisation; one of {type_} is wanted.",
        None,
    )
    assert errors == [[none], [another]]


async def test_refuses_pages_that_make_no_sense(ask: Ask, told: Ask) -> None:
    viewer = await make_user()
    await make_offboarding()
    document = "{ offboardings { pageInfo { endCursor } } }"
    place = (await ask(viewer, document))["offboardings"]["pageInfo"]["endCursor"]
    cases: list[tuple[dict[str, Any], str]] = [
        ({"first": 0}, "first must lie between 1 and 100."),
        ({"first": 101}, "first must lie between 1 and 100."),
        ({"after": "1"}, "after is not a cursor of this list."),
        ({"after": place}, "after is a cursor of another order; start again without it."),
        # ["ID ASC", …] with 1_000, -1, 19 digits, "1" twice and an Arabic digit.
        ({"after": "WyJJRCBBU0MiLCAiMV8wMDAiXQ=="}, "after is not a cursor of this list."),
        ({"after": "WyJJRCBBU0MiLCAtMV0="}, "after is not a cursor of this list."),
        (
            {"after": "WyJJRCBBU0MiLCA5OTk5OTk5OTk5OTk5OTk5OTk5XQ=="},
            "after is not a cursor of this list.",
        ),
        ({"after": "WyJJRCBBU0MiLCAxLCAxXQ=="}, "after is not a cursor of this list."),
        ({"after": "WyJJRCBBU0MiLCAi2aEiXQ=="}, "after is not a cursor of this list."),
    ]

    errors = [await told(viewer, LOG, **case) for case, _ in cases]

    assert errors == [[("BAD_REQUEST", message, None)] for _, message in cases]
