"""Periods to filter by."""

import datetime as dt

import strawberry


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
