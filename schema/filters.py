"""What filters have in common: how their conditions are meant, and periods."""

import datetime as dt
from typing import Final

import strawberry

HOW_WORDS_ARE_FOUND: Final = (
    "Accents, case and punctuation do not count. Nothing but spaces is no condition, and nothing"
    " but punctuation finds nothing. At most 200 characters."
)


def which(things: str) -> str:
    """Return the description of a filter of some things."""
    return (
        f"Which {things}; all conditions given must hold, and null is none. Nothing is found by an"
        " empty list, by the id of what is not there or may not be seen, and in a period that ends"
        " before it begins. Refused with BAD_REQUEST: an id of another type, and more than 250"
        " values in a list."
    )


@strawberry.input(description="Period of days, both ends included.")
class DateRange:
    from_: dt.date | None = strawberry.field(
        name="from", default=strawberry.UNSET, description="First day."
    )
    to: dt.date | None = strawberry.field(default=strawberry.UNSET, description="Last day.")


@strawberry.input(description="Period of time, both ends included; UTC where no zone is given.")
class DateTimeRange:
    from_: dt.datetime | None = strawberry.field(
        name="from", default=strawberry.UNSET, description="First moment."
    )
    to: dt.datetime | None = strawberry.field(default=strawberry.UNSET, description="Last moment.")
