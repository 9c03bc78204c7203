"""What lists can be ordered by."""

from enum import StrEnum

from schema.enums import publish


class Direction(StrEnum):
    """Which way a list is sorted."""

    ASC = "ASC"
    DESC = "DESC"


class PartyOrderField(StrEnum):
    """What parties are sorted by."""

    NAME = "NAME"
    REFERENCE = "REFERENCE"
    ONBOARDED_ON = "ONBOARDED_ON"
    UPDATED_AT = "UPDATED_AT"


class ProductOrderField(StrEnum):
    """What products are sorted by."""

    NUMBER = "NUMBER"
    NAME = "NAME"
    OPENED_ON = "OPENED_ON"
    UPDATED_AT = "UPDATED_AT"


class OffboardingOrderField(StrEnum):
    """What offboardings are sorted by."""

    STARTED_AT = "STARTED_AT"
    UPDATED_AT = "UPDATED_AT"
    DUE_ON = "DUE_ON"
    CLOSED_AT = "CLOSED_AT"


publish(
    Direction,
    "Direction of an order.",
    {"ASC": "Smallest, earliest or first in the alphabet first.", "DESC": "The other way round."},
)
publish(
    PartyOrderField,
    "What parties are ordered by; ties are broken by id.",
    {
        "NAME": "Name, regardless of case and accents.",
        "REFERENCE": "Reference.",
        "ONBOARDED_ON": "Day of onboarding; unknown days count as latest.",
        "UPDATED_AT": "Timestamp of the last change.",
    },
)
publish(
    ProductOrderField,
    "What products are ordered by; ties are broken by id.",
    {
        "NUMBER": "Number.",
        "NAME": "Name, regardless of case and accents.",
        "OPENED_ON": "Day of opening; unknown days count as latest.",
        "UPDATED_AT": "Timestamp of the last change.",
    },
)
publish(
    OffboardingOrderField,
    "What offboardings are ordered by; ties are broken by id.",
    {
        "STARTED_AT": "Timestamp of the start.",
        "UPDATED_AT": "Timestamp of the last change.",
        "DUE_ON": "Due day; those without one count as latest.",
        "CLOSED_AT": "Timestamp of Done; those not done count as latest.",
    },
)
