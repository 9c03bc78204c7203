"""Relay connections, with cursors that hold a place and not a count."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import Signature
from typing import Annotated, Any, Final, Generic, TypeVar

import orjson
import strawberry
from strawberry.types.fields.resolver import Parameter

from models import Viewer
from resolvers.selection import Asked
from schema.context import Info
from schema.node import Cursor, compiled
from schema.selection import selection

T = TypeVar("T")

# Answers a page in one statement.
Resolve = Callable[[Viewer, Asked], Awaitable[orjson.Fragment | None]]


@strawberry.type(description="Whether and where a list goes on.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follows this page.")
    has_previous_page: bool = strawberry.field(description="Whether more precedes this page.")
    start_cursor: Cursor | None = strawberry.field(
        description="Cursor of the first item; null on an empty page."
    )
    end_cursor: Cursor | None = strawberry.field(
        description="Cursor of the last item; null on an empty page."
    )


@strawberry.type(description="Item of a list with its place in it.")
class Edge(Generic[T]):
    cursor: Cursor = strawberry.field(description="Place of the item.")
    node: T = strawberry.field(description="The item.")


@strawberry.type(description="Page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="Items with their places.")
    nodes: list[T] = strawberry.field(description="Items.")
    page_info: PageInfo = strawberry.field(description="Whether and where the list goes on.")
    total_count: int = strawberry.field(
        description="Number of items on all pages; counted only when asked for."
    )


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a field: its type, what it means, and what it is where it is not given."""

    kind: Any
    description: str
    default: Any = strawberry.UNSET

    def named(self, name: str) -> Parameter:
        """Return the parameter of a resolver that Strawberry reads the argument from."""
        annotation: Any = Annotated[self.kind, strawberry.argument(description=self.description)]
        return Parameter(name, Parameter.KEYWORD_ONLY, default=self.default, annotation=annotation)


PLACE: Final = (
    " It is a place in an order: one of another filter will do, and one of another order is refused"
    " with BAD_REQUEST."
)
PAGES: Final = {
    "first": Argument(
        int | None,
        "At most this many from the start, 1 to 100; 50 where neither it nor `last` is given. Both"
        " are refused with BAD_REQUEST.",
    ),
    "after": Argument(Cursor | None, f"Only what comes after this cursor.{PLACE}"),
    "last": Argument(int | None, "At most this many from the end, 1 to 100, in the same order."),
    "before": Argument(Cursor | None, f"Only what comes before this cursor.{PLACE}"),
}


def connection(
    description: str,
    resolve: Resolve | None = None,
    **arguments: Argument,
) -> Any:  # noqa: ANN401 - a field, in place of the value it is annotated with
    """Return a field that is a connection, with the arguments of its pages and those given.

    `resolve` answers a root field; any other is part of the statement of its root.
    """

    async def page(_source: object, info: Info, **_arguments: object) -> orjson.Fragment | None:
        return (
            compiled() if resolve is None else await resolve(info.context.viewer, selection(info))
        )

    every = PAGES | arguments
    signature = Signature([argument.named(name) for name, argument in every.items()])
    vars(page)["__signature__"] = signature
    return strawberry.field(resolver=page, description=description)
