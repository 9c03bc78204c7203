"""The Client File overview as a client sees it."""

from typing import Final

import strawberry

from schema.orders import Direction, PartyOrderField, ProductOrderField
from schema.pagination import Argument, Connection, connection
from schema.party import Party, PartyFilter, PartyOrder
from schema.product import Product, ProductFilter, ProductOrder

INCLUDE_OFFBOARDED: Final = Argument(
    bool,
    "Whether to list what has left the overview: what has ended together with all that it was tied"
    " to as owner or product.",
    default=False,
)


@strawberry.type(description="Overview of an organisation's parties and products.")
class ClientFile:
    parties: Connection[Party] = connection(
        "Parties of the client file.",
        filter=Argument(PartyFilter | None, "Which parties."),
        order_by=Argument(
            PartyOrder | None,
            "Order of the parties.",
            PartyOrder(field=PartyOrderField.NAME, direction=Direction.ASC),
        ),
        include_offboarded=INCLUDE_OFFBOARDED,
    )
    products: Connection[Product] = connection(
        "Products of the client file.",
        filter=Argument(ProductFilter | None, "Which products."),
        order_by=Argument(
            ProductOrder | None,
            "Order of the products.",
            ProductOrder(field=ProductOrderField.NUMBER, direction=Direction.ASC),
        ),
        include_offboarded=INCLUDE_OFFBOARDED,
    )
