"""Offboardings as a client sees them."""

import datetime as dt
from typing import Annotated

import strawberry

import models
from schema.activity import Activity
from schema.filters import HOW_WORDS_ARE_FOUND, DateTimeRange, which
from schema.node import Node
from schema.orders import Direction, OffboardingOrderField
from schema.pagination import Connection, connection
from schema.party import Party
from schema.product import Product
from schema.user import User

OffboardingSubject = Annotated[
    Party | Product,
    strawberry.union("OffboardingSubject", description="What an offboarding ends."),
]


@strawberry.type(description="Offboarding of a party, or termination of a product.")
class Offboarding(Node):
    subject: OffboardingSubject = strawberry.field(description="Party or product that it ends.")
    status: models.OffboardingStatus = strawberry.field(description="Status of the offboarding.")
    resolution: models.OffboardingResolution | None = strawberry.field(
        description="How it ended; null unless the status is DONE."
    )
    is_final: bool = strawberry.field(
        description="Whether the status is DONE, so that nothing can change any more."
    )
    assignee: User | None = strawberry.field(description="Person who has the task.")
    reason: models.TerminationReason | None = strawberry.field(
        description="Why it ends; null to who lacks OFFBOARDING_REASON_READ."
    )
    comment: str | None = strawberry.field(
        description="Comment; null to who lacks OFFBOARDING_REASON_READ."
    )
    effective_on: dt.date | None = strawberry.field(
        description="Last day of the relationship; the day of DONE unless given."
    )
    due_on: dt.date | None = strawberry.field(description="Day by which it should be DONE.")
    started_by: User = strawberry.field(description="Person who started it.")
    started_at: dt.datetime = strawberry.field(description="Timestamp of the start.")
    updated_at: dt.datetime = strawberry.field(description="Timestamp of the last change.")
    closed_by: User | None = strawberry.field(description="Person who set it to DONE.")
    closed_at: dt.datetime | None = strawberry.field(description="Timestamp of DONE.")
    version: int = strawberry.field(
        description="Version of the offboarding, for `expectedVersion`; rises with each change."
    )
    activity: Connection[Activity] = connection("What happened to it, oldest first.")
    open_products: list[Product] = strawberry.field(
        description="Of a party: products that it owns and that are not terminated, by number."
    )
    viewer_can_edit: bool = strawberry.field(description="Whether the viewer can edit it now.")
    viewer_can_resolve: bool = strawberry.field(
        description="Whether the viewer can set it to DONE now, as far as permissions go."
    )


@strawberry.input(description="Order of offboardings.")
class OffboardingOrder:
    field: OffboardingOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(
        default=Direction.ASC, description="Which way to order."
    )


@strawberry.input(description=which("offboardings"))
class OffboardingFilter:
    search: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Words or their beginnings in what names the party or product, in any order."
        f" {HOW_WORDS_ARE_FOUND}",
    )
    status: list[models.OffboardingStatus] | None = strawberry.field(
        default=strawberry.UNSET, description="With one of these statuses."
    )
    resolution: list[models.OffboardingResolution] | None = strawberry.field(
        default=strawberry.UNSET, description="With one of these resolutions."
    )
    reason: list[models.TerminationReason] | None = strawberry.field(
        default=strawberry.UNSET,
        description="For one of these reasons; nothing to who lacks OFFBOARDING_REASON_READ.",
    )
    assignee_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Assigned to this person."
    )
    assigned_to_me: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether it is assigned to the viewer."
    )
    unassigned: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether it is assigned to nobody."
    )
    subject_type: models.SubjectType | None = strawberry.field(
        default=strawberry.UNSET, description="Of a party or of a product."
    )
    started_at: DateTimeRange | None = strawberry.field(
        default=strawberry.UNSET, description="Started in this period."
    )
    closed_at: DateTimeRange | None = strawberry.field(
        default=strawberry.UNSET, description="Set to DONE in this period."
    )
    overdue: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether it is past its due day and not DONE."
    )
