"""Each key of each filter: what it finds, and what it refuses."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from graphql import GraphQLInputObjectType

from models import (
    Activity,
    ActivityKind,
    OffboardingResolution,
    OffboardingStatus,
    PartyType,
    TerminationReason,
    User,
)
from schema import schema
from tests.asking import answer, data, gid
from tests.factories import (
    STARTED_AT,
    make_offboarding,
    make_organisation,
    make_party,
    make_product,
    make_user,
)

OPEN, IN_PROGRESS, REVIEW, DONE = OffboardingStatus
ENDED, CANCELLED = OffboardingResolution
NOBODY: Final = "00000000-0000-7000-8000-000000000000"

# For each filter: a list that takes it, its arguments beside the filter, and what names a row.
LISTS: Final = {
    "PartyFilter": ("clientFile { parties", "includeOffboarded: true", "reference"),
    "ProductFilter": ("clientFile { products", "includeOffboarded: true", "number"),
    "OffboardingFilter": ("offboardings", "orderBy: { field: STARTED_AT }", "version"),
    "ActivityFilter": ("activity", "", "id"),
}


def today() -> date:
    return datetime.now(UTC).date()


def document(filter_: str) -> str:
    path, arguments, name = LISTS[filter_]
    shown = (
        f"totalCount nodes {{ {name} }} edges {{ node {{ {name} }} }}"
        " pageInfo { hasNextPage hasPreviousPage }"
    )
    text = f"{path}(filter: $filter, {arguments}) {{ {shown} }}"
    return f"query ($filter: {filter_}) {{ {text}{' }' * path.count('{')} }}"


async def found(viewer: User, name: str, filter_: Mapping[str, Any] | None) -> list[Any]:
    """Return what names the rows that are found, which all parts of the answer agree on."""
    connection = await data(viewer, document(name), filter=filter_)
    connection = connection.get("clientFile", connection)
    (connection,) = connection.values()
    assert connection["totalCount"] == len(connection["nodes"])
    assert connection["nodes"] == [edge["node"] for edge in connection["edges"]]
    assert connection["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False}
    return [value for node in connection["nodes"] for value in node.values()]


Cases = list[tuple[dict[str, Any], list[Any]]]


async def check(viewer: User, name: str, cases: Cases) -> None:
    """Ask for each case; the cases must hold every key of the filter."""
    type_ = schema._schema.get_type(name)  # noqa: SLF001 - no public way to a type's fields
    assert isinstance(type_, GraphQLInputObjectType)
    assert {key for filter_, _ in cases for key in filter_} == set(type_.fields)

    answered = [(filter_, await found(viewer, name, filter_)) for filter_, _ in cases]

    assert answered == cases


@pytest.fixture(autouse=True)
def _connected(database: None) -> None:
    """Connect to a database, which every test here asks."""


# ---------------------------------------------------------------- what is found


async def test_filters_parties_by_each_key() -> None:
    ada, grace = await make_user(), await make_user()
    company, group = PartyType.LEGAL_ENTITY, PartyType.NATURAL_PERSON_GROUP
    await make_party(reference="1", name="Jo", type=company, onboarded_on=date(2020, 1, 1))
    await make_party(reference="2", name="Jane", manager=ada, onboarded_on=date(2020, 1, 2))
    pending = await make_party(reference="3", name="Max", type=group, manager=ada)
    ended = await make_party(reference="4", name="Moritz", manager=grace)
    again = await make_party(reference="5", name="Nora", onboarded_on=date(2020, 1, 3))
    await make_offboarding(party=pending)
    await make_offboarding(party=ended, status=DONE, resolution=CANCELLED)
    await make_offboarding(party=ended, status=DONE, resolution=ENDED)
    await make_offboarding(party=again, status=DONE, resolution=CANCELLED)
    cases: Cases = [
        ({"search": "jo"}, ["1"]),
        ({"type": ["LEGAL_ENTITY"]}, ["1"]),
        ({"type": ["NATURAL_PERSON", "NATURAL_PERSON_GROUP"]}, ["2", "3", "4", "5"]),
        ({"status": ["ACTIVE"]}, ["2", "1", "3", "5"]),
        ({"status": ["ACTIVE", "OFFBOARDED", "ACTIVE"]}, ["2", "1", "3", "4", "5"]),
        ({"offboardingState": ["NONE"]}, ["2", "1", "5"]),
        ({"offboardingState": ["PENDING"]}, ["3"]),
        ({"offboardingState": ["OFFBOARDED"]}, ["4"]),
        ({"offboardingState": ["OFFBOARDED", "NONE"]}, ["2", "1", "4", "5"]),
        ({"managerId": gid(ada)}, ["2", "3"]),
        ({"onboardedOn": {"from": "2020-01-02"}}, ["2", "5"]),
        ({"onboardedOn": {"to": "2020-01-02"}}, ["2", "1"]),
        ({"onboardedOn": {"from": "2020-01-02", "to": "2020-01-02"}}, ["2"]),
        ({"managerId": gid(ada), "offboardingState": ["NONE"], "search": "j"}, ["2"]),
        ({"managerId": gid(ada), "status": ["OFFBOARDED"]}, []),
    ]
    by_name = {"2": "Jane", "1": "Jo", "3": "Max", "4": "Moritz", "5": "Nora"}
    cases = [(f, sorted(names, key=lambda name: by_name[name])) for f, names in cases]

    await check(ada, "PartyFilter", cases)


async def test_filters_products_by_each_key() -> None:
    viewer = await make_user()
    await make_product(number="1", name="Account", opened_on=date(2020, 1, 1))
    await make_product(number="2", name="account", opened_on=date(2020, 1, 2))
    pending = await make_product(number="3", name="Policy")
    ended = await make_product(number="4", name="Accóunt")
    await make_offboarding(product=pending, status=REVIEW)
    await make_offboarding(product=ended, status=DONE, resolution=ENDED)
    cases: Cases = [
        ({"search": "account"}, ["1", "2", "4"]),
        ({"name": ["Account"]}, ["1"]),
        ({"name": ["account", "Policy", "none"]}, ["2", "3"]),
        ({"name": [" Account"]}, []),
        ({"name": [""]}, []),
        ({"status": ["TERMINATED"]}, ["4"]),
        ({"offboardingState": ["PENDING", "OFFBOARDED"]}, ["3", "4"]),
        ({"offboardingState": ["NONE"]}, ["1", "2"]),
        ({"openedOn": {"from": "2020-01-02"}}, ["2"]),
        ({"openedOn": {"to": "2020-01-01"}}, ["1"]),
        # The last day there is, which a driver takes for infinity, as an unknown day is kept.
        ({"openedOn": {"to": "9999-12-31"}}, ["1", "2"]),
        ({"openedOn": {"from": "2020-01-02", "to": "9999-12-31"}}, ["2"]),
        ({"openedOn": {"from": "9999-12-31"}}, []),
        ({"name": ["Account", "account"], "openedOn": {"from": "2020-01-02"}}, ["2"]),
    ]

    await check(viewer, "ProductFilter", cases)


async def test_filters_offboardings_by_each_key() -> None:
    ada, grace = await make_user(), await make_user()
    rows: list[dict[str, Any]] = [
        {
            "assignee": ada,
            "due_on": today() - timedelta(days=1),
            "party": await make_party(name="Jo"),
        },
        {"assignee": grace, "due_on": today(), "status": IN_PROGRESS},
        {"status": REVIEW, "reason": TerminationReason.DEATH, "product": await make_product()},
        {
            "status": DONE,
            "resolution": CANCELLED,
            "due_on": today() - timedelta(days=1),
            "reason": TerminationReason.OTHER,
            "closed_at": STARTED_AT + timedelta(days=20),
        },
        {"status": DONE, "resolution": ENDED, "assignee": ada},
    ]
    for number, row in enumerate(rows):
        at = STARTED_AT + timedelta(hours=number)
        await make_offboarding(**row, version=number + 1, started_at=at)
    late, soon = "2026-03-02T11:00:00Z", "2026-03-02T10:59:59.999999Z"
    cases: Cases = [
        ({"status": ["OPEN", "REVIEW"]}, [1, 3]),
        ({"resolution": ["DONE"]}, [5]),
        ({"resolution": ["CANCELLED", "DONE"]}, [4, 5]),
        ({"reason": ["DEATH"]}, [3]),
        ({"reason": ["OTHER", "DEATH", "INSOLVENCY"]}, [3, 4]),
        ({"assigneeId": gid(ada)}, [1, 5]),
        ({"assignedToMe": True}, [1, 5]),
        ({"assignedToMe": False}, [2, 3, 4]),
        ({"unassigned": True}, [3, 4]),
        ({"unassigned": False}, [1, 2, 5]),
        ({"subjectType": "PARTY"}, [1, 2, 4, 5]),
        ({"subjectType": "PRODUCT"}, [3]),
        ({"startedAt": {"from": late}}, [3, 4, 5]),
        ({"startedAt": {"to": late}}, [1, 2, 3]),
        ({"startedAt": {"to": soon}}, [1, 2]),
        ({"startedAt": {"from": "2026-03-02T13:00:00+02:00", "to": late}}, [3]),
        ({"closedAt": {"from": "2026-03-10T00:00:00Z"}}, [4]),
        ({"closedAt": {"to": "2026-03-10T00:00:00Z"}}, [5]),
        ({"closedAt": {"to": "9999-12-31T23:59:59.999999Z"}}, [4, 5]),
        ({"overdue": True}, [1]),
        ({"overdue": False}, [2, 3, 4, 5]),
        ({"search": "jo"}, [1]),
        ({"assignedToMe": True, "status": ["DONE"], "subjectType": "PARTY"}, [5]),
        ({"assigneeId": gid(grace), "assignedToMe": True}, []),
    ]

    await check(ada, "OffboardingFilter", cases)


async def test_filters_activity_by_each_key() -> None:
    ada, grace = await make_user(), await make_user()
    party, product = await make_party(), await make_product()
    offboarding = await make_offboarding(party=party)
    about: list[dict[str, Any]] = [
        {"party": party, "offboarding": offboarding, "actor": ada},
        {"party": party, "offboarding": offboarding, "kind": ActivityKind.RESOLVED},
        {"party": party, "product": product, "kind": ActivityKind.HOLDING_ENDED, "actor": grace},
        {"product": product, "kind": ActivityKind.ASSIGNED, "actor": ada, "user": grace},
    ]
    ids = []
    for row in about:
        entry = {"kind": ActivityKind.ASSIGNED, "occurred_at": STARTED_AT, "changes": [], **row}
        entry["organisation_id"] = party.organisation_id
        ids.append(gid(await Activity.create(**entry)))
    first, second, third, fourth = ids
    cases: Cases = [
        ({"kind": ["ASSIGNED"]}, [first, fourth]),
        ({"kind": ["RESOLVED", "HOLDING_ENDED", "MAIL_SENT"]}, [second, third]),
        ({"offboardingId": gid(offboarding)}, [first, second]),
        ({"partyId": gid(party)}, [first, second, third]),
        ({"productId": gid(product)}, [third, fourth]),
        ({"actorId": gid(ada)}, [first, fourth]),
        ({"userId": gid(grace)}, [fourth]),
        ({"partyId": gid(party), "productId": gid(product)}, [third]),
        ({"actorId": gid(ada), "kind": ["RESOLVED"]}, []),
    ]

    await check(ada, "ActivityFilter", cases)


# ---------------------------------------------------------------- what every filter has in common


async def make_one_of_each() -> tuple[User, dict[str, list[Any]]]:
    """Make a row for each list; return what names it."""
    viewer = await make_user()
    party = await make_party(reference="C-1", name="Jo", manager=viewer, onboarded_on=today())
    await make_product(number="A-1", opened_on=today())
    offboarding = await make_offboarding(party=party, version=7)
    entry = await Activity.create(
        organisation_id=party.organisation_id,
        kind=ActivityKind.OFFBOARDING_STARTED,
        occurred_at=STARTED_AT,
        actor=viewer,
        party=party,
        offboarding=offboarding,
        changes=[],
    )
    names: list[list[Any]] = [["C-1"], ["A-1"], [7], [gid(entry)]]
    return viewer, dict(zip(LISTS, names, strict=True))


def keys_of(name: str) -> dict[str, str]:
    """Return the keys of a filter with their types."""
    type_ = schema._schema.get_type(name)  # noqa: SLF001 - as above
    assert isinstance(type_, GraphQLInputObjectType)
    return {key: str(field.type) for key, field in type_.fields.items()}


@pytest.mark.parametrize("name", LISTS)
async def test_finds_everything_where_no_condition_is_given(name: str) -> None:
    viewer, everything = await make_one_of_each()
    keys = keys_of(name)
    ranges = [key for key, type_ in keys.items() if type_.endswith("Range")]
    cases: list[dict[str, Any] | None] = [
        None,
        {},
        dict.fromkeys(keys),
        *({key: None} for key in keys),
        *({key: {}} for key in ranges),
        *({key: {"from": None, "to": None}} for key in ranges),
    ]

    answered = [await found(viewer, name, filter_) for filter_ in cases]

    assert answered == [everything[name]] * len(cases)


@pytest.mark.parametrize("name", LISTS)
async def test_finds_nothing_by_an_empty_list(name: str) -> None:
    viewer, _ = await make_one_of_each()
    lists = [key for key, type_ in keys_of(name).items() if type_.startswith("[")]

    answered = {key: await found(viewer, name, {key: []}) for key in lists}

    assert lists
    assert answered == {key: [] for key in lists}


@pytest.mark.parametrize("name", LISTS)
async def test_finds_nothing_by_the_id_of_what_is_not_there(name: str) -> None:
    viewer, _ = await make_one_of_each()
    elsewhere = await make_organisation()
    stranger = await make_user(organisation=elsewhere)
    party = await make_party(organisation=elsewhere)
    theirs = {
        "party": party,
        "product": await make_product(organisation=elsewhere),
        "offboarding": await make_offboarding(party=party, assignee=stranger),
    }
    ids = [key for key, type_ in keys_of(name).items() if type_ == "ID"]

    for key in ids:
        noun = key.removesuffix("Id")
        row = theirs.get(noun, stranger)
        unknown = gid(row).replace(str(row.pk), NOBODY)
        for id_ in (unknown, gid(row)):
            assert await found(viewer, name, {key: id_}) == [], key


@pytest.mark.parametrize("name", LISTS)
async def test_finds_nothing_in_a_period_that_ends_before_it_begins(name: str) -> None:
    viewer, _ = await make_one_of_each()
    ranges = [key for key, type_ in keys_of(name).items() if type_.endswith("Range")]
    periods = [
        {"from": "2026-03-02", "to": "2026-03-01"},
        {"from": "9999-12-31", "to": "0001-01-01"},
    ]

    answered = [await found(viewer, name, {key: period}) for key in ranges for period in periods]

    assert answered == [[]] * 2 * len(ranges)


@pytest.mark.parametrize("name", LISTS)
async def test_takes_two_hundred_and_fifty_values_and_no_more(name: str) -> None:
    viewer, everything = await make_one_of_each()
    lists = {key: type_ for key, type_ in keys_of(name).items() if type_.startswith("[")}
    values = {
        "[PartyType!]": "NATURAL_PERSON",
        "[PartyStatus!]": "ACTIVE",
        "[ProductStatus!]": "ACTIVE",
        "[OffboardingState!]": "PENDING" if name == "PartyFilter" else "NONE",
        "[OffboardingStatus!]": "OPEN",
        "[ActivityKind!]": "OFFBOARDING_STARTED",
    }

    for key, type_ in lists.items():
        value = values.get(type_, "DEATH" if key == "reason" else "DONE")
        many = await found(viewer, name, {key: [value] * 250})
        assert many == (everything[name] if type_ in values else [])
        for size in (251, 2_000):
            refused = await answer(viewer, document(name), {"filter": {key: [value] * size}})
            (error,) = refused["errors"]
            assert refused["data"] is None
            assert error["extensions"]["code"] == "BAD_REQUEST"
            assert error["message"] == "A list has at most 250 values."


@pytest.mark.parametrize("name", LISTS)
async def test_refuses_an_id_of_another_type(name: str) -> None:
    viewer, _ = await make_one_of_each()
    organisation = f"organisation_{viewer.organisation_id}"
    ids = [key for key, type_ in keys_of(name).items() if type_ == "ID"]

    answered = [await answer(viewer, document(name), {"filter": {k: organisation}}) for k in ids]

    for refused in answered:
        (error,) = refused["errors"]
        assert refused["data"] is None
        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert error["message"].startswith("This is an id of the type Organisation;")
