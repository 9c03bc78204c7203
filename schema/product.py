"""Products and holdings as a client sees them."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry

import models
from schema.filters import HOW_WORDS_ARE_FOUND, DateRange, which
from schema.node import Node
from schema.orders import Direction, ProductOrderField
from schema.pagination import Connection, connection

if TYPE_CHECKING:
    from schema.offboarding import Offboarding
    from schema.party import Party

OffboardingType = Annotated["Offboarding", strawberry.lazy("schema.offboarding")]
PartyType = Annotated["Party", strawberry.lazy("schema.party")]


@strawberry.type(description="Account, portfolio or policy.")
class Product(Node):
    name: str = strawberry.field(description="Name of the product.")
    number: str = strawberry.field(
        description="Account, policy or portfolio number; unique in the organisation."
    )
    status: models.ProductStatus = strawberry.field(description="Status of the product.")
    offboarding_state: models.OffboardingState = strawberry.field(
        description="Where the product stands; PENDING while a termination is not DONE."
    )
    opened_on: dt.date | None = strawberry.field(description="Day of opening.")
    terminated_at: dt.datetime | None = strawberry.field(
        description="Timestamp of the termination."
    )
    retention_until: dt.date | None = strawberry.field(
        description="Day from which the data may be deleted; null while it must be kept."
    )
    holdings: list["Holding"] = strawberry.field(description="Holdings, ended ones too.")
    parties: list[PartyType] = strawberry.field(
        description="Parties that hold the product now, by name."
    )
    offboarding: OffboardingType | None = strawberry.field(
        description="Termination that is in progress."
    )
    offboardings: Connection[OffboardingType] = connection(
        "All terminations of the product, newest first."
    )
    created_at: dt.datetime = strawberry.field(description="Timestamp of the first entry.")
    updated_at: dt.datetime = strawberry.field(description="Timestamp of the last change.")
    viewer_can_start_offboarding: bool = strawberry.field(
        description="Whether the viewer can start the termination of the product now."
    )


@strawberry.type(description="That a party holds a product.")
class Holding:
    party: PartyType = strawberry.field(description="Party that holds the product.")
    product: Product = strawberry.field(description="Product that is held.")
    role: models.HoldingRole = strawberry.field(description="Role of the party.")
    started_on: dt.date | None = strawberry.field(description="First day.")
    ended_on: dt.date | None = strawberry.field(
        description="Last day; null while the party holds the product."
    )


@strawberry.input(description="Order of products.")
class ProductOrder:
    field: ProductOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(
        default=Direction.ASC, description="Which way to order."
    )


@strawberry.input(description=which("products"))
class ProductFilter:
    search: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Words or their beginnings in name or number, in any order."
        f" {HOW_WORDS_ARE_FOUND}",
    )
    name: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="With one of these names, exactly."
    )
    status: list[models.ProductStatus] | None = strawberry.field(
        default=strawberry.UNSET, description="With one of these statuses."
    )
    offboarding_state: list[models.OffboardingState] | None = strawberry.field(
        default=strawberry.UNSET, description="Standing at one of these."
    )
    opened_on: DateRange | None = strawberry.field(
        default=strawberry.UNSET, description="Opened in this period."
    )
