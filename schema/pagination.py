"""Relay connections, with cursors that hold a place and not a count."""

from typing import Annotated, Generic, TypeVar

import strawberry

from schema.node import Cursor

T = TypeVar("T")

First = Annotated[
    int | None,
    strawberry.argument(
        description="At most this many from the start, 1 to 100; 50 where neither is given."
    ),
]
Last = Annotated[
    int | None, strawberry.argument(description="At most this many from the end, 1 to 100.")
]
After = Annotated[
    Cursor | None, strawberry.argument(description="Only what comes after this cursor.")
]
Before = Annotated[
    Cursor | None, strawberry.argument(description="Only what comes before this cursor.")
]


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
