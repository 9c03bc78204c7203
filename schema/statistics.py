"""Statistics as a client sees them."""

import strawberry

import models
from schema.user import User


@strawberry.type(description="Number of offboardings with a status.")
class StatusCount:
    status: models.OffboardingStatus = strawberry.field(description="Status.")
    count: int = strawberry.field(description="Number of offboardings.")


@strawberry.type(description="Number of offboardings with a resolution.")
class ResolutionCount:
    resolution: models.OffboardingResolution = strawberry.field(description="Resolution.")
    count: int = strawberry.field(description="Number of offboardings.")


@strawberry.type(description="Number of offboardings of an assignee.")
class AssigneeCount:
    assignee: User | None = strawberry.field(description="Assignee; null for nobody.")
    count: int = strawberry.field(description="Number of offboardings.")


@strawberry.type(description="Number of offboardings that are not DONE and started so long ago.")
class AgeBucket:
    from_days: int = strawberry.field(description="Least number of days since the start.")
    to_days: int | None = strawberry.field(
        description="Greatest number of days since the start; null for any."
    )
    count: int = strawberry.field(description="Number of offboardings.")


@strawberry.type(description="Distribution of a number.")
class Quantiles:
    median: float | None = strawberry.field(description="Half are at most this; null for none.")
    p90: float | None = strawberry.field(description="Nine of ten are at most this; null for none.")


@strawberry.type(description="Statistics of offboardings.")
class OffboardingStatistics:
    total: int = strawberry.field(description="Number of offboardings.")
    by_status: list[StatusCount] = strawberry.field(
        description="Number for each status, the most frequent first."
    )
    by_resolution: list[ResolutionCount] = strawberry.field(
        description="Number for each resolution, the most frequent first."
    )
    by_assignee: list[AssigneeCount] = strawberry.field(
        description="Number for each assignee, the busiest first."
    )
    age_in_days: list[AgeBucket] = strawberry.field(
        description="Number of those not DONE by days since the start, counted in UTC."
    )
    days_to_done: Quantiles | None = strawberry.field(
        description="Days from the start to DONE, of those that are DONE."
    )
