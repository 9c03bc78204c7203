"""The field `offboarding`: one by its id."""

from datetime import date, timedelta
from typing import Any, Final
from uuid import uuid4

import pytest

from models import (
    Activity,
    ActivityKind,
    ClientAccess,
    HoldingRole,
    Offboarding,
    OffboardingResolution,
    OffboardingStatus,
    TerminationReason,
)
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
from tests.schema.pages import ENDS, forward

WHOLE: Final = """query ($id: ID!) {
  offboarding(id: $id) {
    __typename id status resolution isFinal reason comment effectiveOn dueOn
    startedAt updatedAt closedAt version viewerCanEdit viewerCanResolve
    subject { __typename ... on Party { reference } ... on Product { number } }
    assignee { name enabled } startedBy { name } closedBy { name }
    activity { nodes { kind } totalCount }
    openProducts { number }
  }
}"""
MAY: Final = "query ($id: ID!) { offboarding(id: $id) { viewerCanEdit viewerCanResolve } }"
DONE: Final = OffboardingStatus.DONE


async def test_shows_all_of_an_offboarding(ask: Ask) -> None:
    ada, grace = await make_user(name="Ada"), await make_user(name="Grace", enabled=False)
    offboarding = await make_offboarding(
        party=await make_party(reference="C-1"),
        status=OffboardingStatus.REVIEW,
        assignee=grace,
        reason=TerminationReason.RISK_OR_SANCTIONS,
        comment="Two\nlines",
        effective_on=date(2026, 4, 30),
        due_on=date(2026, 4, 1),
        started_by=ada,
        version=7,
    )

    answered = await ask(ada, WHOLE, id=gid(offboarding))

    assert answered == {
        "offboarding": {
            "__typename": "Offboarding",
            "id": gid(offboarding),
            "status": "REVIEW",
            "resolution": None,
            "isFinal": False,
            "reason": "RISK_OR_SANCTIONS",
            "comment": "Two\nlines",
            "effectiveOn": "2026-04-30",
            "dueOn": "2026-04-01",
            "startedAt": STARTED_AT.isoformat(),
            "updatedAt": STARTED_AT.isoformat(),
            "closedAt": None,
            "version": 7,
            "viewerCanEdit": True,
            "viewerCanResolve": True,
            "subject": {"__typename": "Party", "reference": "C-1"},
            "assignee": {"name": "Grace", "enabled": False},
            "startedBy": {"name": "Ada"},
            "closedBy": None,
            "activity": {"nodes": [], "totalCount": 0},
            "openProducts": [],
        }
    }


async def test_shows_all_of_a_termination_that_is_done(ask: Ask) -> None:
    ada, grace = await make_user(name="Ada"), await make_user(name="Grace")
    offboarding = await make_offboarding(
        product=await make_product(number="A-1"),
        status=DONE,
        resolution=OffboardingResolution.DONE,
        started_by=ada,
        closed_by=grace,
    )

    answered = await ask(ada, WHOLE, id=gid(offboarding))

    assert answered == {
        "offboarding": {
            "__typename": "Offboarding",
            "id": gid(offboarding),
            "status": "DONE",
            "resolution": "DONE",
            "isFinal": True,
            "reason": None,
            "comment": None,
            "effectiveOn": "2026-03-09",
            "dueOn": None,
            "startedAt": STARTED_AT.isoformat(),
            "updatedAt": CLOSED_AT.isoformat(),
            "closedAt": CLOSED_AT.isoformat(),
            "version": 1,
            "viewerCanEdit": False,
            "viewerCanResolve": False,
            "subject": {"__typename": "Product", "number": "A-1"},
            "assignee": None,
            "startedBy": {"name": "Ada"},
            "closedBy": {"name": "Grace"},
            "activity": {"nodes": [], "totalCount": 0},
            "openProducts": [],
        }
    }


async def test_shows_reason_and_comment_only_to_who_may_read_them(ask: Ask) -> None:
    offboarding = await make_offboarding(reason=TerminationReason.DEATH, comment="Died in May.")
    document = "query ($id: ID!) { offboarding(id: $id) { reason comment } }"

    shown = {
        group: await ask(await make_user(groups=[group]), document, id=gid(offboarding))
        for group in ("Reader", "Analyst", "Officer", "Approver")
    }

    hidden = {"offboarding": {"reason": None, "comment": None}}
    told = {"offboarding": {"reason": "DEATH", "comment": "Died in May."}}
    assert shown == {"Reader": hidden, "Analyst": hidden, "Officer": hidden, "Approver": told}


@pytest.mark.parametrize(
    ("groups", "edit", "resolve"),
    [
        (["Reader"], False, False),
        (["Officer"], True, False),
        (["Approver"], True, True),
        (["Officer", "Analyst"], True, False),
    ],
)
async def test_says_whether_the_viewer_can_edit_and_resolve(
    ask: Ask, groups: list[str], *, edit: bool, resolve: bool
) -> None:
    viewer = await make_user(groups=groups)
    party, product = await make_party(), await make_product()
    running = [await make_offboarding(party=party), await make_offboarding(product=product)]
    done = await make_offboarding(
        party=await make_party(), status=DONE, resolution=OffboardingResolution.CANCELLED
    )

    answered = [(await ask(viewer, MAY, id=gid(row)))["offboarding"] for row in (*running, done)]

    can = {"viewerCanEdit": edit, "viewerCanResolve": resolve}
    assert answered == [can, can, {"viewerCanEdit": False, "viewerCanResolve": False}]


async def test_shows_the_products_that_the_party_owns_and_that_are_not_terminated(
    ask: Ask,
) -> None:
    viewer, party = await make_user(), await make_party()
    for number, role, ended in (
        ("A-3", HoldingRole.OWNER, None),
        ("A-1", HoldingRole.JOINT_OWNER, None),
        ("A-4", HoldingRole.BENEFICIARY, None),
        ("A-5", HoldingRole.REPRESENTATIVE, None),
        ("A-6", HoldingRole.OWNER, date(2026, 1, 1)),
    ):
        await make_holding(party, await make_product(number=number), role, ended_on=ended)
    terminated = await make_product(number="A-2")
    await make_holding(party, terminated)
    termination = await make_offboarding(
        product=terminated, status=DONE, resolution=OffboardingResolution.DONE
    )
    offboarding = await make_offboarding(party=party)

    async def open_products(row: Offboarding) -> list[str]:
        answered = await ask(viewer, WHOLE, id=gid(row))
        return [product["number"] for product in answered["offboarding"]["openProducts"]]

    assert await open_products(offboarding) == ["A-1", "A-3"]
    assert await open_products(termination) == []


@pytest.mark.usefixtures("database")
async def test_pages_through_its_activity_oldest_first() -> None:
    viewer = await make_user()
    offboarding, other = await make_offboarding(), await make_offboarding(party=await make_party())
    kinds = [ActivityKind.OFFBOARDING_STARTED, ActivityKind.ASSIGNED, ActivityKind.RESOLVED]
    for days, kind in enumerate(kinds):
        for row in (offboarding, other):
            await Activity.create(
                organisation_id=viewer.organisation_id,
                kind=kind,
                # The log is in the order of commits, whatever the clocks said.
                occurred_at=STARTED_AT - timedelta(days=days),
                offboarding=row,
                party_id=row.party_id,
                changes=[],
            )
    document = f"""query ($first: Int, $after: Cursor) {{ offboarding(id: "{gid(offboarding)}") {{
      activity(first: $first, after: $after) {{
        nodes {{ kind offboarding {{ id }} }} pageInfo {{ ...ends }}
      }}
    }} }} {ENDS}"""

    pages = await forward(viewer, document, 2, "offboarding", "activity")

    nodes = [{"kind": kind.value, "offboarding": {"id": gid(offboarding)}} for kind in kinds]
    assert pages == [nodes[:2], nodes[2:]]


async def test_finds_nothing_of_another_organisation(ask: Ask) -> None:
    offboarding = await make_offboarding()
    stranger = await make_user(organisation=await make_organisation())

    assert await ask(stranger, WHOLE, id=gid(offboarding)) == {"offboarding": None}
    assert await ask(stranger, WHOLE, id=f"offboarding_{uuid4()}") == {"offboarding": None}


async def test_finds_with_access_own_those_of_what_the_viewer_sees(ask: Ask) -> None:
    viewer = await make_user(client_access=ClientAccess.OWN)
    mine, other = await make_party(manager=viewer), await make_party()
    held, unheld = await make_product(), await make_product()
    await make_holding(mine, held)
    await make_holding(other, unheld)
    rows = [await make_offboarding(party=party) for party in (mine, other)]
    rows += [await make_offboarding(product=product) for product in (held, unheld)]

    answered = [
        await ask(viewer, "query ($id: ID!) { offboarding(id: $id) { id } }", id=gid(row))
        for row in rows
    ]

    found: list[Any] = [one["offboarding"] for one in answered]
    assert found == [{"id": gid(rows[0])}, None, {"id": gid(rows[2])}, None]


async def test_finds_nothing_for_who_may_not_read(ask: Ask) -> None:
    administrator = await make_user(groups=["Administrator"])
    offboarding = await make_offboarding()

    assert await ask(administrator, WHOLE, id=gid(offboarding)) == {"offboarding": None}


async def test_refuses_the_id_of_something_else(told: Ask) -> None:
    viewer, party = await make_user(), await make_party()

    errors = [await told(viewer, WHOLE, id=id_) for id_ in (gid(party), "offboarding_1", "")]

    none = ("BAD_REQUEST", "This is not an id of anything here.", ["offboarding"])
    another = (
        "BAD_REQUEST",
        "This is an id of the type Party; one of Offboarding is wanted.",
        ["offboarding"],
    )
    assert errors == [[another], [none], [none]]
