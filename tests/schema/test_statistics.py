"""The field `statistics`: counts, ages and times of offboardings."""

from datetime import UTC, date, datetime, time, timedelta
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

ALL: Final = """query ($filter: OffboardingFilter) {
  statistics(filter: $filter) {
    total
    byStatus { status count }
    byResolution { resolution count }
    byAssignee { assignee { name } count }
    ageInDays { fromDays toDays count }
    daysToDone { median p90 }
  }
}"""

OPEN, IN_PROGRESS, REVIEW, DONE = OffboardingStatus
ENDED, CANCELLED = OffboardingResolution
AGES: Final = [(0, 7), (8, 30), (31, 90), (91, None)]


async def statistics(ask: Ask, viewer: User, filter_: dict[str, Any] | None = None) -> Any:
    return (await ask(viewer, ALL, filter=filter_))["statistics"]


def ages(*counts: int) -> list[dict[str, int | None]]:
    return [
        {"fromDays": first, "toDays": last, "count": count}
        for (first, last), count in zip(AGES, counts, strict=True)
    ]


async def make_done(days: float, resolution: OffboardingResolution = CANCELLED) -> None:
    """Make an offboarding that took so many days."""
    await make_offboarding(
        status=DONE, resolution=resolution, closed_at=STARTED_AT + timedelta(days=days)
    )


# ---------------------------------------------------------------- counts


async def test_is_all_zero_where_there_is_nothing(ask: Ask) -> None:
    viewer = await make_user()

    assert await statistics(ask, viewer) == {
        "total": 0,
        "byStatus": [],
        "byResolution": [],
        "byAssignee": [],
        "ageInDays": ages(0, 0, 0, 0),
        "daysToDone": {"median": None, "p90": None},
    }


async def test_counts_by_status_the_most_frequent_first(ask: Ask) -> None:
    viewer = await make_user()
    for status in (REVIEW, OPEN, IN_PROGRESS, OPEN, IN_PROGRESS):
        await make_offboarding(status=status)

    found = await statistics(ask, viewer)

    assert found["total"] == 5
    assert found["byStatus"] == [
        {"status": "IN_PROGRESS", "count": 2},
        {"status": "OPEN", "count": 2},
        {"status": "REVIEW", "count": 1},
    ]
    assert found["byResolution"] == []


async def test_counts_by_resolution_what_is_done(ask: Ask) -> None:
    viewer = await make_user()
    for resolution in (CANCELLED, ENDED, CANCELLED):
        await make_done(1, resolution)
    await make_offboarding()

    found = await statistics(ask, viewer)

    assert found["total"] == 4
    assert found["byStatus"] == [{"status": "DONE", "count": 3}, {"status": "OPEN", "count": 1}]
    assert found["byResolution"] == [
        {"resolution": "CANCELLED", "count": 2},
        {"resolution": "DONE", "count": 1},
    ]


async def test_counts_by_assignee_the_busiest_first_and_nobody_last_among_equals(ask: Ask) -> None:
    ada = await make_user(name="Ada")
    berta = await make_user(name="Berta", enabled=False)
    carl = await make_user(name="Carl")
    for assignee in (carl, None, berta, carl, ada):
        await make_offboarding(assignee=assignee)

    found = await statistics(ask, ada)

    assert found["byAssignee"] == [
        {"assignee": {"name": "Carl"}, "count": 2},
        {"assignee": {"name": "Ada"}, "count": 1},
        {"assignee": {"name": "Berta"}, "count": 1},
        {"assignee": None, "count": 1},
    ]


# ---------------------------------------------------------------- ages


async def test_counts_ages_in_whole_days_with_both_bounds_of_each(ask: Ask) -> None:
    viewer = await make_user()
    today = datetime.now(UTC).date()
    for days in (0, 7, 8, 30, 31, 90, 91, 1_000):
        day = today - timedelta(days=days)
        # The first and the last moment of a day are of that day.
        for hour in (time.min, time(23, 59, 59, 999_999)):
            await make_offboarding(started_at=datetime.combine(day, hour, UTC))

    found = await statistics(ask, viewer)

    assert found["ageInDays"] == ages(4, 4, 4, 4)


async def test_counts_the_age_only_of_what_is_not_done(ask: Ask) -> None:
    viewer = await make_user()
    await make_done(1)
    await make_offboarding(started_at=datetime.now(UTC), status=REVIEW)

    found = await statistics(ask, viewer)

    assert found["total"] == 2
    assert found["ageInDays"] == ages(1, 0, 0, 0)


# ---------------------------------------------------------------- days to Done


@pytest.mark.parametrize(
    ("days", "median", "p90"),
    [
        ([3.0], 3.0, 3.0),
        ([1.0, 2.0], 1.5, 1.9),
        ([5.0, 1.0, 3.0], 3.0, 4.6),
        ([0.0, 0.0, 0.0], 0.0, 0.0),
        ([0.25, 0.5], 0.375, 0.475),
        ([float(day) for day in range(1, 12)], 6.0, 10.0),
    ],
)
async def test_tells_how_many_days_it_took_to_done(
    ask: Ask, days: list[float], median: float, p90: float
) -> None:
    viewer = await make_user()
    for took in days:
        await make_done(took, ENDED)
    await make_offboarding(started_at=STARTED_AT - timedelta(days=999))

    found = await statistics(ask, viewer)

    assert found["daysToDone"]["median"] == pytest.approx(median, abs=1e-12)
    assert found["daysToDone"]["p90"] == pytest.approx(p90, abs=1e-12)


async def test_tells_days_to_done_of_both_resolutions(ask: Ask) -> None:
    viewer = await make_user()
    await make_done(2, ENDED)
    await make_done(4, CANCELLED)

    both = await statistics(ask, viewer)
    ended = await statistics(ask, viewer, {"resolution": ["DONE"]})

    assert both["daysToDone"] == {"median": 3, "p90": 3.8}
    assert ended["daysToDone"] == {"median": 2, "p90": 2}


# ---------------------------------------------------------------- who and which


async def test_counts_what_meets_the_filter(ask: Ask) -> None:
    ada, berta = await make_user(name="Ada"), await make_user(name="Berta")
    party = await make_party(name="Jolanda")
    product = await make_product(name="Joint account")
    today = datetime.now(UTC).date()
    await make_offboarding(party=party, assignee=ada, reason=TerminationReason.DEATH)
    await make_offboarding(product=product, assignee=berta, due_on=today - timedelta(days=1))
    await make_offboarding(status=DONE, resolution=CANCELLED)
    cases: list[tuple[dict[str, Any] | None, int]] = [
        (None, 3),
        ({}, 3),
        ({"status": ["OPEN"]}, 2),
        ({"status": []}, 0),
        ({"resolution": ["CANCELLED"]}, 1),
        ({"reason": ["DEATH"]}, 1),
        ({"assigneeId": gid(berta)}, 1),
        ({"assignedToMe": True}, 1),
        ({"unassigned": True}, 1),
        ({"subjectType": "PRODUCT"}, 1),
        ({"overdue": True}, 1),
        ({"search": "jo"}, 2),
        ({"search": "!"}, 0),
        ({"startedAt": {"to": "2026-01-01T00:00:00Z"}}, 0),
        ({"closedAt": {"from": "2026-01-01T00:00:00Z"}}, 1),
        ({"search": "jo", "subjectType": "PARTY", "assignedToMe": True}, 1),
    ]

    found = [await statistics(ask, ada, filter_) for filter_, _ in cases]

    assert [statistic["total"] for statistic in found] == [count for _, count in cases]
    for statistic in found:
        for list_ in ("byStatus", "byAssignee"):
            assert sum(item["count"] for item in statistic[list_]) == statistic["total"]


async def test_counts_nothing_of_another_organisation(ask: Ask) -> None:
    north, south = await make_organisation(), await make_organisation()
    stranger = await make_user(organisation=south)
    for bank in (north, south):
        for party in [await make_party(organisation=bank) for _ in range(2)]:
            await make_offboarding(party=party, status=DONE, resolution=CANCELLED)
    viewer = await make_user(organisation=north, name="Ada")

    found = await statistics(ask, viewer)

    assert found["total"] == 2
    assert found["byStatus"] == [{"status": "DONE", "count": 2}]
    assert await statistics(ask, viewer, {"assigneeId": gid(stranger)}) == {
        "total": 0,
        "byStatus": [],
        "byResolution": [],
        "byAssignee": [],
        "ageInDays": ages(0, 0, 0, 0),
        "daysToDone": {"median": None, "p90": None},
    }


async def test_counts_with_access_own_what_the_viewer_sees(ask: Ask) -> None:
    viewer = await make_user(client_access=ClientAccess.OWN)
    for manager in (viewer, None):
        party, product = await make_party(manager=manager), await make_product()
        await make_holding(party, product)
        await make_offboarding(party=party)
        await make_offboarding(product=product)
        left = await make_product()
        await make_holding(party, left, ended_on=date(2026, 1, 1))
        await make_offboarding(product=left, status=REVIEW)

    found = await statistics(ask, viewer)

    assert found["total"] == 2
    assert found["byStatus"] == [{"status": "OPEN", "count": 2}]


async def test_finds_nothing_by_reason_for_who_may_not_read_reasons(ask: Ask) -> None:
    await make_user()
    await make_offboarding(reason=TerminationReason.DEATH)
    officer = await make_user(groups=["Officer"])

    found = await statistics(ask, officer, {"reason": list(TerminationReason)})

    assert found["total"] == 0


async def test_is_forbidden_to_who_may_not_read(told: Ask) -> None:
    await make_user()
    await make_offboarding()

    errors = await told(await make_user(groups=["Administrator"]), ALL)

    message = "This needs the permission CLIENT_FILE_READ; ask an administrator for it."
    assert errors == [("FORBIDDEN", message, ["statistics"])]


async def test_answers_each_part_alone_and_under_any_key(ask: Ask) -> None:
    viewer = await make_user(name="Ada")
    await make_offboarding(assignee=viewer)

    answered = await ask(
        viewer,
        """{
          one: statistics { __typename number: total }
          two: statistics(filter: { status: [DONE] }) { total by: byStatus { __typename } }
          three: statistics { byAssignee { __typename n: count who: assignee { id __typename } } }
          four: statistics { daysToDone { __typename median } ageInDays { __typename } }
        }""",
    )

    who = {"id": gid(viewer), "__typename": "User"}
    assert answered == {
        "one": {"__typename": "OffboardingStatistics", "number": 1},
        "two": {"total": 0, "by": []},
        "three": {"byAssignee": [{"__typename": "AssigneeCount", "n": 1, "who": who}]},
        "four": {
            "daysToDone": {"__typename": "Quantiles", "median": None},
            "ageInDays": [{"__typename": "AgeBucket"}] * 4,
        },
    }
