"""What a request brings along: the viewer, and the document with what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import DocumentNode, FieldNode, GraphQLField

from auth import Credential
from models import Viewer
from models.readable import Readable
from resolvers.selection import Arguments, Selection


@dataclass(frozen=True, slots=True)
class Selected:
    """What is selected of a field where some variables, which `@skip` reads, have these values."""

    selection: Selection
    nodes: tuple[FieldNode, ...]
    switches: Mapping[str, bool]
    plans: dict[Any, Any] = field(default_factory=dict)

    def holds_for(self, variables: Mapping[str, Any]) -> bool:
        """Whether a request's variables select the same."""
        return all(bool(variables[name]) is value for name, value in self.switches.items())


@dataclass(frozen=True, slots=True)
class Taking:
    """A field that takes arguments; `pages` is what a connection pages through."""

    node: FieldNode
    field: GraphQLField
    pages: Readable | None


@dataclass(eq=False, slots=True)
class Document:
    """A valid document, with what was worked out of it: shared by all who send the same text."""

    node: DocumentNode
    taking: dict[str, list[Taking]] = field(default_factory=dict)
    switching: dict[str, set[str]] = field(default_factory=dict)
    selections: dict[tuple[object, ...], list[Selected]] = field(default_factory=dict)


@dataclass(slots=True)
class Context:
    """The context of one request; all but who asks is filled in on the way to the resolvers.

    Where the answer is a stream, `credential` says who asks later on.
    """

    viewer: Viewer
    credential: Credential | None = None
    document: Document | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    arguments: dict[int, Arguments] = field(default_factory=dict)

    async def current(self) -> Viewer:
        """Return who asks, as of now; raise `UnauthenticatedError` once nobody does."""
        return self.viewer if self.credential is None else await self.credential.viewer()


Info = strawberry.Info[Context, None]
