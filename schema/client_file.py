"""The Client File overview as a client sees it."""

from typing import Annotated

import strawberry

from schema.node import compiled
from schema.orders import Direction, PartyOrderField, ProductOrderField
from schema.pagination import After, Before, Connection, First, Last
from schema.party import Party, PartyFilter, PartyOrder
from schema.product import Product, ProductFilter, ProductOrder

IncludeOffboarded = Annotated[
    bool,
    strawberry.argument(
        description="Whether to list what has left the overview: what has ended together with all"
        " that it was tied to as owner or product."
    ),
]


@strawberry.type(description="Overview of an organisation's parties and products.")
class ClientFile:
    @strawberry.field(description="Parties of the client file.")
    def parties(
        self,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        filter: Annotated[
            PartyFilter | None, strawberry.argument(description="Which parties.")
        ] = strawberry.UNSET,
        order_by: Annotated[
            PartyOrder | None, strawberry.argument(description="Order of the parties.")
        ] = PartyOrder(field=PartyOrderField.NAME, direction=Direction.ASC),
        include_offboarded: IncludeOffboarded = False,  # noqa: FBT002 - named in GraphQL
    ) -> Connection[Party]:
        return compiled()

    @strawberry.field(description="Products of the client file.")
    def products(
        self,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        filter: Annotated[
            ProductFilter | None, strawberry.argument(description="Which products.")
        ] = strawberry.UNSET,
        order_by: Annotated[
            ProductOrder | None, strawberry.argument(description="Order of the products.")
        ] = ProductOrder(field=ProductOrderField.NUMBER, direction=Direction.ASC),
        include_offboarded: IncludeOffboarded = False,  # noqa: FBT002 - named in GraphQL
    ) -> Connection[Product]:
        return compiled()
