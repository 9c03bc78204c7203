"""The statuses of an offboarding, which may follow which, and what each needs."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from models.user_group import Permission


class OffboardingState(StrEnum):
    """Where a subject stands; PENDING while an offboarding of it is not Done (R5)."""

    NONE = "NONE"
    PENDING = "PENDING"
    OFFBOARDED = "OFFBOARDED"


class OffboardingStatus(StrEnum):
    """How far an offboarding is."""

    OPEN = "OPEN"
    IN_PROGRESS = "IN_PROGRESS"
    REVIEW = "REVIEW"
    DONE = "DONE"


class OffboardingResolution(StrEnum):
    """How an offboarding ended."""

    DONE = "DONE"
    CANCELLED = "CANCELLED"


class TerminationReason(StrEnum):
    """Why a relationship ends; never told to the client (R13)."""

    CLIENT_REQUEST = "CLIENT_REQUEST"
    FIRM_DECISION = "FIRM_DECISION"
    DEATH = "DEATH"
    DISSOLUTION = "DISSOLUTION"
    INSOLVENCY = "INSOLVENCY"
    STRUCTURE_CHANGE = "STRUCTURE_CHANGE"
    RISK_OR_SANCTIONS = "RISK_OR_SANCTIONS"
    INACTIVE = "INACTIVE"
    OTHER = "OTHER"


class SubjectType(StrEnum):
    """Of what kind the subject of an offboarding is."""

    PARTY = "PARTY"
    PRODUCT = "PRODUCT"


# From each status, the statuses that may follow (R1).
NEXT: Final[Mapping[OffboardingStatus, frozenset[OffboardingStatus]]] = {
    OffboardingStatus.OPEN: frozenset(OffboardingStatus),
    OffboardingStatus.IN_PROGRESS: frozenset(OffboardingStatus),
    OffboardingStatus.REVIEW: frozenset(OffboardingStatus),
    OffboardingStatus.DONE: frozenset(),  # Done is final.
}

# For each kind of subject, what editing needs and what setting Done needs (R11).
WRITE: Final = {
    SubjectType.PARTY: Permission.PARTY_OFFBOARDING_WRITE,
    SubjectType.PRODUCT: Permission.PRODUCT_TERMINATION_WRITE,
}
DONE_WRITE: Final = {
    SubjectType.PARTY: Permission.PARTY_OFFBOARDING_DONE_WRITE,
    SubjectType.PRODUCT: Permission.PRODUCT_TERMINATION_DONE_WRITE,
}
