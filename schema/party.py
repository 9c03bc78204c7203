"""Parties as a client sees them."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry

import models
from schema.filters import HOW_WORDS_ARE_FOUND, DateRange, which
from schema.node import Node
from schema.orders import Direction, PartyOrderField
from schema.pagination import Connection, connection
from schema.user import User

if TYPE_CHECKING:
    from schema.offboarding import Offboarding
    from schema.product import Holding, Product

OffboardingType = Annotated["Offboarding", strawberry.lazy("schema.offboarding")]
ProductType = Annotated["Product", strawberry.lazy("schema.product")]
HoldingType = Annotated["Holding", strawberry.lazy("schema.product")]


@strawberry.type(description="Person, company or joint group of the client file.")
class Party(Node):
    type: models.PartyType = strawberry.field(description="Kind of the party.")
    name: str = strawberry.field(description="Name of the party.")
    reference: str = strawberry.field(
        description="Number that the organisation gave the party; unique in it."
    )
    email: str | None = strawberry.field(description="E-mail address of the party.")
    status: models.PartyStatus = strawberry.field(description="Status of the party.")
    offboarding_state: models.OffboardingState = strawberry.field(
        description="Where the party stands; PENDING while an offboarding is not DONE."
    )
    offboarded_at: dt.datetime | None = strawberry.field(
        description="Timestamp of the end of the relationship."
    )
    retention_until: dt.date | None = strawberry.field(
        description="Day from which the data may be deleted; null while it must be kept."
    )
    onboarded_on: dt.date | None = strawberry.field(
        description="Day on which the relationship began."
    )
    manager: User | None = strawberry.field(
        description="Relationship manager; with client access OWN one sees the parties one manages."
    )
    holdings: list[HoldingType] = strawberry.field(description="Holdings, ended ones too.")
    products: list[ProductType] = strawberry.field(
        description="Products that the party holds now, by number."
    )
    offboarding: OffboardingType | None = strawberry.field(
        description="Offboarding that is in progress."
    )
    offboardings: Connection[OffboardingType] = connection(
        "All offboardings of the party, newest first."
    )
    created_at: dt.datetime = strawberry.field(description="Timestamp of the first entry.")
    updated_at: dt.datetime = strawberry.field(description="Timestamp of the last change.")
    viewer_can_start_offboarding: bool = strawberry.field(
        description="Whether the viewer can start an offboarding of the party now."
    )


@strawberry.input(description="Order of parties.")
class PartyOrder:
    field: PartyOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(
        default=Direction.ASC, description="Which way to order."
    )


@strawberry.input(description=which("parties"))
class PartyFilter:
    search: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Words or their beginnings in name, reference or e-mail, in any order."
        f" {HOW_WORDS_ARE_FOUND}",
    )
    type: list[models.PartyType] | None = strawberry.field(
        default=strawberry.UNSET, description="Of one of these kinds."
    )
    status: list[models.PartyStatus] | None = strawberry.field(
        default=strawberry.UNSET, description="With one of these statuses."
    )
    offboarding_state: list[models.OffboardingState] | None = strawberry.field(
        default=strawberry.UNSET, description="Standing at one of these."
    )
    manager_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Managed by this person."
    )
    onboarded_on: DateRange | None = strawberry.field(
        default=strawberry.UNSET, description="Onboarded in this period."
    )
