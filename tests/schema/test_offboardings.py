"""The field `offboardings`: the task list."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from models import (
    ClientAccess,
    OffboardingResolution,
    OffboardingStatus,
    TerminationReason,
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

TASKS: Final = (
    """query (
  $filter: OffboardingFilter, $order: OffboardingOrder,
  $first: Int, $after: Cursor, $last: Int, $before: Cursor
) {
  offboardings(
    filter: $filter, orderBy: $order, first: $first, after: $after, last: $last, before: $before
  ) { nodes { version } pageInfo { ...ends } totalCount }
}"""
    + ENDS
)

DONE: Final = OffboardingStatus.DONE
CANCELLED: Final = OffboardingResolution.CANCELLED


def today() -> date:
    return datetime.now(UTC).date()


async def versions(ask: Ask, viewer: User, **variables: Any) -> list[int]:
    """Return which offboardings are listed: each has a version of its own in these tests."""
    answered = await ask(viewer, TASKS, **variables)
    connection = answered["offboardings"]
    assert connection["totalCount"] == len(connection["nodes"])
    return [node["version"] for node in connection["nodes"]]


async def test_lists_newest_first_with_subject_assignee_and_starter(ask: Ask) -> None:
    ada, grace = await make_user(name="Ada"), await make_user(name="Grace")
    await make_offboarding(
        party=await make_party(reference="C-1"), assignee=grace, started_by=ada, due_on=today()
    )
    await make_offboarding(
        product=await make_product(number="A-1"),
        started_at=STARTED_AT + timedelta(seconds=1),
        started_by=ada,
        status=OffboardingStatus.REVIEW,
    )

    answered = await ask(
        ada,
        """{ offboardings { __typename totalCount edges { __typename node {
          status dueOn assignee { name } startedBy { name }
          subject { __typename ... on Party { reference } ... on Product { number } }
        } } } }""",
    )

    def edge(**node: Any) -> dict[str, Any]:
        return {"__typename": "OffboardingEdge", "node": {**node, "startedBy": {"name": "Ada"}}}

    assert answered == {
        "offboardings": {
            "__typename": "OffboardingConnection",
            "totalCount": 2,
            "edges": [
                edge(
                    status="REVIEW",
                    dueOn=None,
                    assignee=None,
                    subject={"__typename": "Product", "number": "A-1"},
                ),
                edge(
                    status="OPEN",
                    dueOn=today().isoformat(),
                    assignee={"name": "Grace"},
                    subject={"__typename": "Party", "reference": "C-1"},
                ),
            ],
        }
    }


async def test_lists_nothing_of_another_organisation(ask: Ask) -> None:
    north, south = await make_organisation(), await make_organisation()
    for version, bank in ((1, north), (2, south)):
        await make_offboarding(party=await make_party(organisation=bank), version=version)

    assert await versions(ask, await make_user(organisation=north)) == [1]
    assert await versions(ask, await make_user(organisation=south)) == [2]


async def test_lists_with_access_own_those_of_what_the_viewer_sees(ask: Ask) -> None:
    viewer = await make_user(client_access=ClientAccess.OWN)
    mine, other = await make_party(manager=viewer), await make_party()
    held, unheld = await make_product(), await make_product()
    await make_holding(mine, held)
    await make_holding(other, unheld)
    for version, party in ((4, mine), (3, other)):
        await make_offboarding(party=party, version=version, assignee=viewer)
    for version, product in ((2, held), (1, unheld)):
        await make_offboarding(
            product=product, version=version, started_at=STARTED_AT - timedelta(days=1)
        )

    assert await versions(ask, viewer) == [4, 2]
    assert await versions(ask, viewer, filter={"assignedToMe": True}) == [4]


async def test_is_forbidden_to_who_may_not_read(told: Ask) -> None:
    await make_offboarding()

    errors = await told(await make_user(groups=["Administrator"]), TASKS)

    message = "This needs the permission CLIENT_FILE_READ; ask an administrator for it."
    assert errors == [("FORBIDDEN", message, ["offboardings"])]


# ---------------------------------------------------------------- filters


async def make_tasks() -> tuple[User, User]:
    """Make seven offboardings, versions 1 to 7 in the order of their start."""
    ada, grace = await make_user(), await make_user()
    rows: list[dict[str, Any]] = [
        {"assignee": ada, "due_on": today() - timedelta(days=1)},
        {"assignee": grace, "due_on": today(), "status": OffboardingStatus.IN_PROGRESS},
        {"due_on": today() + timedelta(days=1), "status": OffboardingStatus.REVIEW},
        {"reason": TerminationReason.DEATH, "product": await make_product()},
        {"status": DONE, "resolution": CANCELLED, "due_on": today() - timedelta(days=9)},
        {"status": DONE, "resolution": OffboardingResolution.DONE, "assignee": ada},
        {
            "status": DONE,
            "resolution": CANCELLED,
            "product": await make_product(),
            "reason": TerminationReason.INACTIVE,
            "closed_at": STARTED_AT + timedelta(days=400),
        },
    ]
    for number, row in enumerate(rows):
        subject = {} if "product" in row else {"party": await make_party()}
        await make_offboarding(
            **{
                **row,
                **subject,
                "version": number + 1,
                "started_at": STARTED_AT + timedelta(hours=number),
            }
        )
    return ada, grace


async def test_filters(ask: Ask) -> None:
    ada, grace = await make_tasks()
    order = {"field": "STARTED_AT"}
    everything = [1, 2, 3, 4, 5, 6, 7]
    cases: list[tuple[dict[str, Any] | None, list[int]]] = [
        (None, everything),
        ({}, everything),
        ({"status": None, "assigneeId": None, "overdue": None, "startedAt": None}, everything),
        ({"status": ["OPEN"]}, [1, 4]),
        ({"status": ["IN_PROGRESS", "REVIEW"]}, [2, 3]),
        ({"status": []}, []),
        ({"resolution": ["CANCELLED"]}, [5, 7]),
        ({"resolution": ["DONE", "CANCELLED"]}, [5, 6, 7]),
        ({"reason": ["DEATH", "INACTIVE"]}, [4, 7]),
        ({"assigneeId": gid(grace)}, [2]),
        ({"assignedToMe": True}, [1, 6]),
        ({"assignedToMe": False}, [2, 3, 4, 5, 7]),
        ({"unassigned": True}, [3, 4, 5, 7]),
        ({"unassigned": False}, [1, 2, 6]),
        ({"subjectType": "PARTY"}, [1, 2, 3, 5, 6]),
        ({"subjectType": "PRODUCT"}, [4, 7]),
        ({"overdue": True}, [1]),
        ({"overdue": False}, [2, 3, 4, 5, 6, 7]),
        ({"startedAt": {"from": "2026-03-02T11:00:00Z", "to": "2026-03-02T13:00:00Z"}}, [3, 4, 5]),
        ({"startedAt": {"from": "2026-03-02T12:00:00+01:00"}}, [3, 4, 5, 6, 7]),
        ({"startedAt": {"to": "2026-03-02T09:00:00"}}, [1]),
        ({"startedAt": {"from": "2026-03-02T09:00:00.000001Z"}}, [2, 3, 4, 5, 6, 7]),
        ({"closedAt": {"from": "2027-01-01T00:00:00Z"}}, [7]),
        ({"closedAt": {"to": "2027-01-01T00:00:00Z"}}, [5, 6]),
        ({"closedAt": {"from": None, "to": None}}, everything),
        ({"assignedToMe": True, "status": ["DONE"]}, [6]),
        ({"assignedToMe": True, "unassigned": True}, []),
        ({"startedAt": {"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"}}, everything),
    ]

    answered = [await versions(ask, ada, filter=filter_, order=order) for filter_, _ in cases]

    assert answered == [found for _, found in cases]


async def test_finds_nothing_by_reason_for_who_may_not_read_reasons(ask: Ask) -> None:
    await make_tasks()
    officer = await make_user(groups=["Officer"])

    assert await versions(ask, officer, filter={"reason": list(TerminationReason)}) == []
    assert await versions(ask, officer, filter={"reason": None}) == [7, 6, 5, 4, 3, 2, 1]


async def test_finds_nothing_by_people_of_another_organisation(ask: Ask) -> None:
    ada, _ = await make_tasks()
    stranger = await make_user(organisation=await make_organisation())

    assert await versions(ask, stranger, filter={"assigneeId": gid(ada)}) == []
    assert await versions(ask, ada, filter={"assigneeId": gid(stranger)}) == []


async def test_searches_the_names_and_numbers_of_subjects_within_the_organisation(
    ask: Ask,
) -> None:
    north, south = await make_organisation(), await make_organisation()
    for version, bank in ((1, north), (3, south)):
        party = await make_party(organisation=bank, reference="C-17", name="Émile Zola")
        product = await make_product(organisation=bank, number="CH-88", name="Savings")
        await make_offboarding(party=party, version=version)
        await make_offboarding(
            product=product, version=version + 1, started_at=STARTED_AT - timedelta(days=1)
        )
    viewer = await make_user(organisation=north)
    cases = {"zola": [1], "c-17": [1], "ch-88 sav": [2], "zola savings": [], " ": [1, 2]}

    found = {text: await versions(ask, viewer, filter={"search": text}) for text in cases}

    assert found == cases


async def test_refuses_moments_beyond_all_calendars(told: Ask) -> None:
    viewer = await make_user()
    cases = [
        {"from": "0001-01-01T00:00:00+14:00"},
        {"to": "9999-12-31T23:59:59-14:00"},
        {"from": "10000-01-01T00:00:00Z"},
        {"from": "2026-02-30T00:00:00Z"},
        {"from": ""},
    ]

    errors = [await told(viewer, TASKS, filter={"startedAt": case}) for case in cases]

    assert [{code for code, _, _ in found} for found in errors] == [{"BAD_REQUEST"}] * 5


async def test_refuses_ids_in_filters_that_are_none_of_a_person(told: Ask) -> None:
    viewer, party = await make_user(), await make_party()

    errors = [
        await told(viewer, TASKS, filter={"assigneeId": id_})
        for id_ in ("me", gid(party), f"{gid(viewer)}\0")
    ]

    none = ("BAD_REQUEST", "This is not an id of anything here.", None)
    another = ("BAD_REQUEST", "This is an id of the type Party; one of User is wanted.", None)
    assert errors == [[none], [another], [none]]


# ---------------------------------------------------------------- orders and pages


async def test_orders(ask: Ask) -> None:
    viewer, _ = await make_tasks()
    orders = {
        "STARTED_AT": [1, 2, 3, 4, 5, 6, 7],
        "DUE_ON": [5, 1, 2, 3, 4, 6, 7],
        "CLOSED_AT": [5, 6, 7, 1, 2, 3, 4],
        "UPDATED_AT": [1, 2, 3, 4, 5, 6, 7],
    }

    upwards = {name: await versions(ask, viewer, order={"field": name}) for name in orders}
    downwards = {
        name: await versions(ask, viewer, order={"field": name, "direction": "DESC"})
        for name in orders
    }

    assert upwards == orders
    assert downwards == {name: list(reversed(found)) for name, found in orders.items()}
    assert await versions(ask, viewer) == [7, 6, 5, 4, 3, 2, 1]
    assert await versions(ask, viewer, order=None) == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("field", ["STARTED_AT", "UPDATED_AT", "DUE_ON", "CLOSED_AT"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_shows_each_once_on_pages_of_any_size(ask: Ask, field: str, direction: str) -> None:
    viewer = await make_user()
    for version in range(1, 8):
        done = version % 2 == 0
        await make_offboarding(
            party=await make_party(),
            version=version,
            due_on=today() if version % 3 else None,
            status=DONE if done else OffboardingStatus.OPEN,
            resolution=CANCELLED if done else None,
        )
    document = TASKS.replace("$filter: OffboardingFilter, $order: OffboardingOrder,", "").replace(
        "filter: $filter, orderBy: $order",
        f"orderBy: {{ field: {field}, direction: {direction} }}",
    )
    whole = (await ask(viewer, document))["offboardings"]["nodes"]

    for size in (1, 2, 3, 7, 8):
        ahead = await forward(viewer, document, size, "offboardings")
        back = await backward(viewer, document, size, "offboardings")

        assert ahead == [whole[start : start + size] for start in range(0, 7, size)]
        assert [node for page in reversed(back) for node in page] == whole


async def test_counts_only_when_asked(ask: Ask) -> None:
    viewer, _ = await make_tasks()

    answered = await ask(viewer, "{ offboardings(first: 2) { totalCount } }")

    assert answered == {"offboardings": {"totalCount": 7}}


async def test_refuses_pages_that_make_no_sense(ask: Ask, told: Ask) -> None:
    viewer, _ = await make_tasks()
    place = (await ask(viewer, TASKS, first=1))["offboardings"]["pageInfo"]["endCursor"]

    errors = [
        await told(viewer, TASKS, **page)
        for page in (
            {"first": 0},
            {"last": 101},
            {"first": 1, "last": 1},
            {"after": "garbage"},
            {"after": place, "order": {"field": "DUE_ON", "direction": "DESC"}},
            {"before": place, "order": {"field": "STARTED_AT"}},
        )
    ]

    messages = [
        "first must lie between 1 and 100.",
        "last must lie between 1 and 100.",
        "Give first or last, not both.",
        "after is not a cursor of this list.",
        "after is a cursor of another order; start again without it.",
        "before is a cursor of another order; start again without it.",
    ]
    assert errors == [[("BAD_REQUEST", message, None)] for message in messages]


async def test_shows_no_other_organisation_to_who_has_one_of_its_cursors(ask: Ask) -> None:
    north, south = await make_organisation(), await make_organisation()
    for bank, days in ((north, 0), (south, 1), (north, 2), (south, 3)):
        await make_offboarding(
            party=await make_party(organisation=bank),
            version=days + 1,
            started_at=STARTED_AT - timedelta(days=days),
        )
    ours, theirs = await make_user(organisation=north), await make_user(organisation=south)
    place = (await ask(theirs, TASKS, first=1))["offboardings"]["pageInfo"]["endCursor"]

    answered = await ask(ours, TASKS, after=place)

    assert answered["offboardings"]["nodes"] == [{"version": 3}]


async def test_reads_moments_to_the_microsecond(ask: Ask) -> None:
    viewer = await make_user()
    for version in (1, 2, 3):
        at = STARTED_AT + timedelta(microseconds=version)
        await make_offboarding(party=await make_party(), version=version, started_at=at)

    pages = await forward(viewer, TASKS, 1, "offboardings")

    assert pages == [[{"version": 3}], [{"version": 2}], [{"version": 1}]]
    assert await versions(ask, viewer) == [3, 2, 1]
