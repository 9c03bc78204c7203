"""The queries: each root field is answered by one statement."""

from typing import Annotated, cast

import strawberry

from resolvers import (
    activity,
    client_file,
    mails,
    nodes,
    offboardings,
    parties,
    products,
    statistics,
    users,
)
from schema import ids as global_ids
from schema.activity import Activity, ActivityFilter
from schema.administration import AdministrationQuery
from schema.client_file import ClientFile
from schema.context import Info
from schema.filters import HOW_WORDS_ARE_FOUND
from schema.mail import OutgoingMail, OutgoingMailFilter
from schema.node import Node
from schema.offboarding import Offboarding, OffboardingFilter, OffboardingOrder
from schema.orders import Direction, OffboardingOrderField
from schema.pagination import Argument, Connection, connection
from schema.party import Party
from schema.product import Product
from schema.selection import selection
from schema.statistics import OffboardingStatistics
from schema.user import User, Viewer
from schema.webhooks import WebhookQueries

Id = Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")]


@strawberry.type(description="What can be asked.")
class Query(AdministrationQuery, WebhookQueries):
    @strawberry.field(description="Who asks, and what they may do.")
    async def viewer(self, info: Info) -> Viewer:
        return cast("Viewer", await users.viewer(info.context.viewer, selection(info)))

    @strawberry.field(description="Anything by its id; null when it may not be seen.")
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    ) -> Node | None:
        found = await nodes.find(info.context.viewer, selection(info), global_ids.parse(id))
        return cast("Node | None", found)

    @strawberry.field(description="Things by their ids, in the order asked; null as for `node`.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID], strawberry.argument(description="Their ids, at most 100.")
        ],
    ) -> list[Node | None]:
        keys = [global_ids.parse(id) for id in ids]
        found = await nodes.find_many(info.context.viewer, selection(info), keys)
        return cast("list[Node | None]", found)

    @strawberry.field(description="Overview of the viewer's parties and products.")
    async def client_file(self, info: Info) -> ClientFile:
        return cast("ClientFile", await client_file.overview(info.context.viewer, selection(info)))

    @strawberry.field(
        description="Party by its id or its reference, one of the two; null when there is none."
    )
    async def party(
        self,
        info: Info,
        id: Id = strawberry.UNSET,
        reference: Annotated[
            str | None, strawberry.argument(description="Its reference.")
        ] = strawberry.UNSET,
    ) -> Party | None:
        key = global_ids.key(id, "Party") if id else None
        found = await parties.find(info.context.viewer, selection(info), key, reference or None)
        return cast("Party | None", found)

    @strawberry.field(
        description="Product by its id or its number, one of the two; null when there is none."
    )
    async def product(
        self,
        info: Info,
        id: Id = strawberry.UNSET,
        number: Annotated[
            str | None, strawberry.argument(description="Its number.")
        ] = strawberry.UNSET,
    ) -> Product | None:
        key = global_ids.key(id, "Product") if id else None
        found = await products.find(info.context.viewer, selection(info), key, number or None)
        return cast("Product | None", found)

    @strawberry.field(description="Offboarding by its id; null when there is none.")
    async def offboarding(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    ) -> Offboarding | None:
        key = global_ids.key(id, "Offboarding")
        found = await offboardings.find(info.context.viewer, selection(info), key)
        return cast("Offboarding | None", found)

    offboardings: Connection[Offboarding] = connection(
        "Offboardings of the organisation: the task list.",
        offboardings.tasks,
        filter=Argument(OffboardingFilter | None, "Which offboardings."),
        order_by=Argument(
            OffboardingOrder | None,
            "Order of the offboardings.",
            OffboardingOrder(field=OffboardingOrderField.STARTED_AT, direction=Direction.DESC),
        ),
    )
    assignable_users: Connection[User] = connection(
        "Enabled people of the organisation, by name.",
        users.assignable,
        search=Argument(
            str | None,
            f"Words or their beginnings in name or e-mail, in any order. {HOW_WORDS_ARE_FOUND}",
        ),
    )
    activity: Connection[Activity] = connection(
        "Log of what happened, oldest first.",
        activity.log,
        filter=Argument(ActivityFilter | None, "Which entries."),
    )
    mails: Connection[OutgoingMail] = connection(
        "Letters of the organisation, newest first; needs USER_ADMIN.",
        mails.mails,
        filter=Argument(OutgoingMailFilter | None, "Which letters."),
    )

    @strawberry.field(description="Statistics of the offboardings that meet the filter.")
    async def statistics(
        self,
        info: Info,
        filter: Annotated[
            OffboardingFilter | None, strawberry.argument(description="Which offboardings.")
        ] = strawberry.UNSET,
    ) -> OffboardingStatistics:
        found = await statistics.statistics(info.context.viewer, selection(info))
        return cast("OffboardingStatistics", found)
