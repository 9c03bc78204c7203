"""The subscriptions: what happens, as it happens; each reads as the queries do."""

from collections.abc import AsyncGenerator
from typing import Annotated, cast
from uuid import UUID

import strawberry

from resolvers import activity, changes
from resolvers.following import Followed
from schema.activity import Activity, ActivityFilter
from schema.context import Info
from schema.node import Cursor
from schema.offboarding import Offboarding
from schema.selection import selection


def followed(info: Info) -> Followed:
    """Return what is followed, to be wrapped as the answer of the operation's field."""
    asked = selection(info)
    arguments = asked.arguments_of(asked.selection)
    named = [*(arguments.get("filter") or {}).values(), arguments.get("offboarding_id")]
    about = {id for id in named if isinstance(id, UUID)}
    if arguments.get("assigned_to_me"):
        about.add(info.context.viewer.user_id)
    before = f'{{"data":{{"{asked.selection.key}":'
    return Followed(asked, before, "}}", frozenset(about))


@strawberry.type(description="What can be followed.")
class Subscription:
    @strawberry.subscription(
        description=(
            "What happens, in the order of commits: everything after a cursor, then live, each"
            " entry once. Without `after`, from now on."
        )
    )
    async def activity(
        self,
        info: Info,
        after: Annotated[
            Cursor | None,
            strawberry.argument(description="Cursor of the last entry that was seen."),
        ] = strawberry.UNSET,
        filter: Annotated[
            ActivityFilter | None, strawberry.argument(description="Which entries.")
        ] = strawberry.UNSET,
    ) -> AsyncGenerator[Activity, None]:
        pages = await activity.follow(info.context.current, followed(info))
        return cast("AsyncGenerator[Activity, None]", pages)

    @strawberry.subscription(
        description=(
            "Offboardings that change, each as it now is: of several changes at once, the state"
            " after the last."
        )
    )
    async def offboarding_changed(
        self,
        info: Info,
        offboarding_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only this one.")
        ] = strawberry.UNSET,
        assigned_to_me: Annotated[  # noqa: FBT002 - named in GraphQL
            bool,
            strawberry.argument(
                description="Only those assigned to the viewer, now or until the change."
            ),
        ] = False,
    ) -> AsyncGenerator[Offboarding, None]:
        pages = await changes.follow(info.context.current, followed(info))
        return cast("AsyncGenerator[Offboarding, None]", pages)
