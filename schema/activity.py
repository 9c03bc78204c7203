"""The activity log as a client sees it."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry

import models
from schema.filters import which
from schema.node import Cursor, Node
from schema.user import User

if TYPE_CHECKING:
    from schema.offboarding import Offboarding
    from schema.party import Party
    from schema.product import Product

OffboardingType = Annotated["Offboarding", strawberry.lazy("schema.offboarding")]
PartyType = Annotated["Party", strawberry.lazy("schema.party")]
ProductType = Annotated["Product", strawberry.lazy("schema.product")]


@strawberry.type(description="Value of a field before and after.")
class Change:
    field: str = strawberry.field(description="Name of the field.")
    before: str | None = strawberry.field(
        description="Value before; null for none, or to who may not see reasons. A person by id."
    )
    after: str | None = strawberry.field(
        description="Value after; null for none, or to who may not see reasons. A person by id."
    )


@strawberry.type(description="Something that happened; entries never change.")
class Activity(Node):
    cursor: Cursor = strawberry.field(
        description="Place in the log; the order of places is the order of commits."
    )
    kind: models.ActivityKind = strawberry.field(description="What happened.")
    occurred_at: dt.datetime = strawberry.field(description="Timestamp of the event.")
    actor: User | None = strawberry.field(description="Who did it; null for the system.")
    offboarding: OffboardingType | None = strawberry.field(description="Offboarding it is about.")
    party: PartyType | None = strawberry.field(description="Party it is about.")
    product: ProductType | None = strawberry.field(description="Product it is about.")
    user: User | None = strawberry.field(description="Person whose access it is about.")
    changes: list[Change] = strawberry.field(description="Fields that changed.")


@strawberry.input(description=which("entries"))
class ActivityFilter:
    kind: list[models.ActivityKind] | None = strawberry.field(
        default=strawberry.UNSET, description="Of one of these kinds."
    )
    offboarding_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="About this offboarding."
    )
    party_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="About this party or its offboardings."
    )
    product_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="About this product or its terminations."
    )
    user_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="About the access of this person."
    )
    actor_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Done by this person."
    )
