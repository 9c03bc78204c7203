"""The rules of an offboarding: its moves, what Done asks for, what changes."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import product as pairs
from typing import Any, Final
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from models import (
    Change,
    Closing,
    ConfirmationMismatchError,
    ConfirmationRequiredError,
    ConflictError,
    Details,
    DomainError,
    FourEyesError,
    InvalidInputError,
    Offboarding,
    OffboardingDoneError,
    OffboardingResolution,
    OffboardingStatus,
    OpenProductsError,
    ResolutionNotAllowedError,
    ResolutionRequiredError,
    SubjectType,
    TerminationReason,
)
from models.status import NEXT

OPEN: Final = OffboardingStatus.OPEN
IN_PROGRESS: Final = OffboardingStatus.IN_PROGRESS
REVIEW: Final = OffboardingStatus.REVIEW
DONE: Final = OffboardingStatus.DONE
RUNNING: Final = (OPEN, IN_PROGRESS, REVIEW)
RESOLUTIONS: Final = tuple(OffboardingResolution)

STARTER: Final = UUID("019c0000-0000-7000-8000-000000000001")
CLOSER: Final = UUID("019c0000-0000-7000-8000-000000000002")
PRODUCT: Final = UUID("019c0000-0000-7000-8000-000000000003")
NOW: Final = datetime(2026, 3, 9, 16, 30, tzinfo=UTC)
NO_DETAILS: Final = Details(None, None, None, None)
ENDED: Final = OffboardingResolution.DONE
CANCELLED: Final = OffboardingResolution.CANCELLED
HINDERED: Final = Closing(CLOSER, NOW, four_eyes=True, open_products=(PRODUCT,))
HINDERED_STARTER: Final = Closing(STARTER, NOW, four_eyes=True, open_products=(PRODUCT,))


def an_offboarding(status: OffboardingStatus = OPEN, **values: Any) -> Offboarding:
    if status is DONE:
        resolution = values.pop("resolution", CANCELLED)
        values |= {"resolution": resolution, "closed_by_id": CLOSER, "closed_at": NOW}
    subject = {} if "product_id" in values else {"party_id": uuid7()}
    return Offboarding(
        organisation_id=uuid7(),
        status=status,
        started_by_id=STARTER,
        started_at=NOW,
        updated_at=NOW,
        **subject,
        **values,
    )


def closing(
    by: UUID = CLOSER, *, four_eyes: bool = False, open_products: Iterable[UUID] = ()
) -> Closing:
    return Closing(by, NOW, four_eyes, open_products)


def row_of(offboarding: Offboarding) -> dict[str, Any]:
    return {name: getattr(offboarding, name) for name in offboarding._meta.db_fields}  # noqa: SLF001 - every column, whichever there are


def refused(offboarding: Offboarding, *move: Any) -> DomainError:
    before = row_of(offboarding)
    with pytest.raises(DomainError) as refusal:
        offboarding.move_to(*move)
    assert row_of(offboarding) == before
    return refusal.value


# ---------------------------------------------------------------- R1, the table of moves


@pytest.mark.parametrize(("before", "after"), list(pairs(RUNNING, RUNNING)))
def test_moves_between_all_statuses_that_are_not_done(
    before: OffboardingStatus, after: OffboardingStatus
) -> None:
    offboarding = an_offboarding(before)

    changes = offboarding.move_to(after, None, None, closing())

    assert offboarding.status is after
    assert offboarding.resolution is None
    assert offboarding.closed_at is None
    assert offboarding.closed_by_id is None
    expected = [] if before is after else [Change("status", before.value, after.value)]
    assert changes == expected


@pytest.mark.parametrize("before", RUNNING)
def test_ends_the_relationship_from_each_status(before: OffboardingStatus) -> None:
    offboarding = an_offboarding(before)

    changes = offboarding.move_to(DONE, ENDED, "TERMINATE", closing())

    assert offboarding.status is DONE
    assert offboarding.resolution is ENDED
    assert offboarding.closed_by_id == CLOSER
    assert offboarding.closed_at == NOW
    assert offboarding.effective_on == date(2026, 3, 9)
    assert offboarding.ends_the_relationship
    assert changes == [
        Change("status", before.value, "DONE"),
        Change("resolution", None, "DONE"),
        Change("effectiveOn", None, "2026-03-09"),
    ]


@pytest.mark.parametrize("before", RUNNING)
def test_is_cancelled_from_each_status(before: OffboardingStatus) -> None:
    offboarding = an_offboarding(before)

    changes = offboarding.move_to(DONE, CANCELLED, None, closing())

    assert offboarding.status is DONE
    assert offboarding.resolution is CANCELLED
    assert offboarding.closed_by_id == CLOSER
    assert offboarding.closed_at == NOW
    assert offboarding.effective_on is None
    assert not offboarding.ends_the_relationship
    assert changes == [
        Change("status", before.value, "DONE"),
        Change("resolution", None, "CANCELLED"),
    ]


@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize(
    ("status", "asked", "confirmation"),
    [
        *((status, None, None) for status in RUNNING),
        *((status, resolution, None) for status in RUNNING for resolution in RESOLUTIONS),
        (DONE, None, None),
        (DONE, CANCELLED, None),
        (DONE, ENDED, None),
        (DONE, ENDED, "terminate"),
        (DONE, ENDED, "TERMINATE"),
    ],
)
def test_refuses_every_move_from_done(
    resolution: OffboardingResolution,
    status: OffboardingStatus,
    asked: OffboardingResolution | None,
    confirmation: str | None,
) -> None:
    offboarding = an_offboarding(DONE, resolution=resolution)

    refusal = refused(offboarding, status, asked, confirmation, closing())

    assert type(refusal) is OffboardingDoneError


def test_has_a_row_of_moves_for_every_status_and_none_from_done() -> None:
    assert set(NEXT) == set(OffboardingStatus)
    assert [status for status, following in NEXT.items() if not following] == [DONE]


@pytest.mark.parametrize("status", RUNNING)
def test_lets_a_running_offboarding_be_changed(status: OffboardingStatus) -> None:
    an_offboarding(status).check_not_done()


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_lets_nothing_of_a_done_offboarding_be_changed(resolution: OffboardingResolution) -> None:
    offboarding = an_offboarding(DONE, resolution=resolution)

    with pytest.raises(OffboardingDoneError):
        offboarding.check_not_done()


# ---------------------------------------------------------------- R2, the resolution


@pytest.mark.parametrize("before", RUNNING)
@pytest.mark.parametrize("confirmation", [None, "TERMINATE"])
def test_refuses_done_without_a_resolution(
    before: OffboardingStatus, confirmation: str | None
) -> None:
    offboarding = an_offboarding(before)

    refusal = refused(offboarding, DONE, None, confirmation, closing())

    assert type(refusal) is ResolutionRequiredError


@pytest.mark.parametrize(("before", "after"), list(pairs(RUNNING, RUNNING)))
@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_refuses_a_resolution_with_another_status(
    before: OffboardingStatus, after: OffboardingStatus, resolution: OffboardingResolution
) -> None:
    offboarding = an_offboarding(before)

    refusal = refused(offboarding, after, resolution, "TERMINATE", closing())

    assert type(refusal) is ResolutionNotAllowedError


# ---------------------------------------------------------------- R3, the confirmation


@pytest.mark.parametrize("before", RUNNING)
def test_refuses_to_end_without_a_confirmation(before: OffboardingStatus) -> None:
    offboarding = an_offboarding(before)

    refusal = refused(offboarding, DONE, ENDED, None, closing())

    assert type(refusal) is ConfirmationRequiredError


@pytest.mark.parametrize(
    "confirmation",
    [
        "",
        " ",
        "terminate",
        "Terminate",
        "TERMINATe",
        "TERMINAT",
        "TERMINATED",
        "TERMINATE ",
        " TERMINATE",
        "TERMINATE\n",
        "TERMINATE\0",
        "TERM INATE",
        "TERMINATE.",
        '"TERMINATE"',
        "TERMINATETERMINATE",
        "ＴＥＲＭＩＮＡＴＥ",  # noqa: RUF001 - full-width letters are the point
        "TERM\u0130NATE",  # a capital I with a dot
        "T\u0415RMINATE",  # a Cyrillic capital letter
        "TERMINATE\u200b",  # a zero-width space
        "\ufeffTERMINATE",  # a byte order mark
        "TERMINATE\u00a0",  # a no-break space
        "TERMINATE\u0301",  # a combining accent
        "DONE",
        "YES",
    ],
)
def test_refuses_any_other_confirmation(confirmation: str) -> None:
    offboarding = an_offboarding(REVIEW)

    refusal = refused(offboarding, DONE, ENDED, confirmation, closing())

    assert type(refusal) is ConfirmationMismatchError


@pytest.mark.parametrize("confirmation", [None, "", "terminate", "TERMINATE"])
def test_ignores_a_confirmation_where_none_is_needed(confirmation: str | None) -> None:
    moved = an_offboarding(OPEN)
    cancelled = an_offboarding(OPEN)

    moved.move_to(REVIEW, None, confirmation, closing())
    cancelled.move_to(DONE, CANCELLED, confirmation, closing())

    assert moved.status is REVIEW
    assert cancelled.resolution is CANCELLED


# ---------------------------------------------------------------- R6, R11: what stands in the way


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_refuses_the_starter_as_closer_where_four_eyes_are_wanted(
    resolution: OffboardingResolution,
) -> None:
    offboarding = an_offboarding(REVIEW)
    by = closing(STARTER, four_eyes=True)

    refusal = refused(offboarding, DONE, resolution, "TERMINATE", by)

    assert type(refusal) is FourEyesError


@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize("by", [closing(CLOSER, four_eyes=True), closing(CLOSER), closing(STARTER)])
def test_lets_another_close_or_anybody_where_four_eyes_are_not_wanted(
    resolution: OffboardingResolution, by: Closing
) -> None:
    offboarding = an_offboarding(REVIEW)

    offboarding.move_to(DONE, resolution, "TERMINATE", by)

    assert offboarding.closed_by_id == by.by


def test_lets_the_starter_move_on_where_four_eyes_are_wanted() -> None:
    offboarding = an_offboarding(OPEN)

    offboarding.move_to(REVIEW, None, None, closing(STARTER, four_eyes=True))

    assert offboarding.status is REVIEW


def test_refuses_to_end_while_products_are_open_and_names_them() -> None:
    offboarding = an_offboarding(REVIEW)
    by = closing(open_products=iter([PRODUCT]))

    refusal = refused(offboarding, DONE, ENDED, "TERMINATE", by)

    assert isinstance(refusal, OpenProductsError)
    assert refusal.product_ids == [PRODUCT]


def test_cancels_while_products_are_open() -> None:
    offboarding = an_offboarding(REVIEW)

    offboarding.move_to(DONE, CANCELLED, None, closing(open_products=[PRODUCT]))

    assert offboarding.resolution is CANCELLED


@pytest.mark.parametrize(
    ("status", "asked", "by", "error"),
    [
        (DONE, (DONE, None, None), closing(STARTER, four_eyes=True), OffboardingDoneError),
        (OPEN, (DONE, None, None), closing(STARTER, four_eyes=True), ResolutionRequiredError),
        (OPEN, (DONE, ENDED, None), HINDERED_STARTER, FourEyesError),
        (OPEN, (DONE, ENDED, None), HINDERED, OpenProductsError),
        (OPEN, (DONE, ENDED, "terminate"), HINDERED, OpenProductsError),
    ],
)
def test_tells_the_first_of_several_refusals(
    status: OffboardingStatus,
    asked: tuple[OffboardingStatus, OffboardingResolution | None, str | None],
    by: Closing,
    error: type[DomainError],
) -> None:
    offboarding = an_offboarding(status)

    refusal = refused(offboarding, *asked, by)

    assert type(refusal) is error


# ---------------------------------------------------------------- R4, the effective date


def test_keeps_an_effective_date_that_was_given() -> None:
    offboarding = an_offboarding(REVIEW, effective_on=date(2026, 12, 31))

    changes = offboarding.move_to(DONE, ENDED, "TERMINATE", closing())

    assert offboarding.effective_on == date(2026, 12, 31)
    assert [change.field for change in changes] == ["status", "resolution"]


def test_keeps_the_effective_date_of_what_is_cancelled() -> None:
    offboarding = an_offboarding(REVIEW, effective_on=date(2026, 12, 31))

    offboarding.move_to(DONE, CANCELLED, None, closing())

    assert offboarding.effective_on == date(2026, 12, 31)


# ---------------------------------------------------------------- R8, R9: assignee and details


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (None, None, []),
        (STARTER, STARTER, []),
        (None, STARTER, [Change("assignee", None, f"user_{STARTER}")]),
        (STARTER, CLOSER, [Change("assignee", f"user_{STARTER}", f"user_{CLOSER}")]),
        (STARTER, None, [Change("assignee", f"user_{STARTER}", None)]),
    ],
)
def test_tells_a_changed_assignee(
    before: UUID | None, after: UUID | None, changes: list[Change]
) -> None:
    offboarding = an_offboarding(assignee_id=before)

    assert offboarding.assign(after) == changes
    assert offboarding.assignee_id == after


def test_tells_every_changed_detail() -> None:
    offboarding = an_offboarding(comment="Left for another bank.", due_on=date(2026, 4, 1))
    details = Details(TerminationReason.CLIENT_REQUEST, None, date(2026, 3, 31), date(2026, 4, 2))

    changes = offboarding.set_details(details)

    assert offboarding.details == details
    assert changes == [
        Change("reason", None, "CLIENT_REQUEST"),
        Change("comment", "Left for another bank.", None),
        Change("effectiveOn", None, "2026-03-31"),
        Change("dueOn", "2026-04-01", "2026-04-02"),
    ]


@pytest.mark.parametrize(
    "details",
    [
        NO_DETAILS,
        Details(TerminationReason.OTHER, "Why", date(2026, 3, 31), date(2026, 4, 2)),
        Details(None, "", None, None),
    ],
)
def test_tells_no_change_where_the_same_details_are_saved_again(details: Details) -> None:
    offboarding = an_offboarding()
    offboarding.set_details(details)

    assert offboarding.set_details(details) == []
    assert offboarding.details == details


def bounded(
    comment: str | None = None, effective_on: date | None = None, due_on: date | None = None
) -> Details:
    return Details(TerminationReason.OTHER, comment, effective_on, due_on)


@pytest.mark.parametrize(
    "details",
    [
        bounded(comment="x" * 10_000),
        bounded(comment="\U0001f600" * 10_000),
        bounded(comment="first line\nsecond line\ttabbed\r\n"),
        bounded(effective_on=date(1900, 1, 1), due_on=date(1900, 1, 1)),
        bounded(effective_on=date(2200, 12, 31), due_on=date(2200, 12, 31)),
    ],
)
def test_takes_details_at_their_bounds(details: Details) -> None:
    offboarding = an_offboarding()

    offboarding.set_details(details)

    assert offboarding.details == details


@pytest.mark.parametrize(
    ("details", "field"),
    [
        (bounded(comment="x" * 10_001), "comment"),
        (bounded(comment="\0"), "comment"),
        (bounded(comment="a comment\0 with NUL"), "comment"),
        (bounded(effective_on=date(1899, 12, 31)), "effectiveOn"),
        (bounded(effective_on=date(2201, 1, 1)), "effectiveOn"),
        (bounded(due_on=date(1899, 12, 31)), "dueOn"),
        (bounded(due_on=date.max), "dueOn"),
    ],
)
def test_refuses_details_out_of_bounds(details: Details, field: str) -> None:
    offboarding = an_offboarding()
    before = row_of(offboarding)

    with pytest.raises(InvalidInputError) as refusal:
        offboarding.set_details(details)

    assert refusal.value.field == field
    assert row_of(offboarding) == before


# ---------------------------------------------------------------- R10, the version


@pytest.mark.parametrize("expected", [None, 7])
def test_takes_the_expected_version(expected: int | None) -> None:
    an_offboarding(version=7).check_version(expected)


@pytest.mark.parametrize("expected", [6, 8, 0, -7])
def test_refuses_another_version_and_names_the_offboarding(expected: int) -> None:
    offboarding = an_offboarding(version=7)

    with pytest.raises(ConflictError) as refusal:
        offboarding.check_version(expected)

    assert refusal.value.offboarding_id == offboarding.id


def test_knows_of_what_kind_its_subject_is() -> None:
    assert an_offboarding(party_id=None, product_id=PRODUCT).subject_type is SubjectType.PRODUCT
    assert an_offboarding().subject_type is SubjectType.PARTY
