"""What a request brings along: the viewer, and the document with what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import strawberry
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.execution.values import VariableValues
from strawberry.types.graphql import OperationType

from auth import Credential
from models import Viewer
from models.readable import Readable
from resolvers.selection import Arguments, Asked, Selection


@dataclass(frozen=True, slots=True)
class Selected:
    """What is selected of a field where some variables, which `@skip` reads, have these values."""

    selection: Selection
    nodes: tuple[FieldNode, ...]
    switches: Mapping[str, bool]
    plans: dict[Any, Any] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Use:
    """A field of an object as it is asked for under one key, by all the nodes that do so.

    `definition` is None for what GraphQL tells of each object by itself; `selections` is what was
    selected of it so far, by the variables that decide over it.
    """

    parent: GraphQLObjectType
    definition: GraphQLField | None
    nodes: tuple[FieldNode, ...]
    selections: list[Selected] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields selected of an object, by their keys, where the switches have these values."""

    uses: Mapping[str, Use]
    switches: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Taking:
    """A field that takes arguments; `pages` is what a connection pages through."""

    node: FieldNode
    field: GraphQLField
    pages: Readable | None


@dataclass(eq=False, slots=True)
class Document:
    """A valid document, with what was worked out of it: shared by all who send the same text.

    `sizing` names the variables that size its lists, `costs` what it costs by their values.
    """

    node: DocumentNode
    schema: GraphQLSchema
    operations: Mapping[str, OperationDefinitionNode]
    fragments: Mapping[str, FragmentDefinitionNode]
    sizing: tuple[str, ...] = ()
    costs: dict[tuple[object, ...], int] = field(default_factory=dict)
    variables: dict[int, list[Any]] = field(default_factory=dict)
    arguments: dict[int, list[Any]] = field(default_factory=dict)
    taking: dict[str, list[Taking]] = field(default_factory=dict)
    switching: dict[str, set[str]] = field(default_factory=dict)
    fields: dict[tuple[object, ...], list[Fields]] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """Return the operation of a name, or the only one; else raise a `GraphQLError`."""
        if name is not None:
            operation = self.operations.get(name)
            if operation is None:
                raise GraphQLError(f"Unknown operation named '{name}'.")
            return operation
        if not self.operations:
            raise GraphQLError("Must provide an operation.")
        if len(self.operations) > 1:
            raise GraphQLError("Must provide operation name if query contains multiple operations.")
        return next(iter(self.operations.values()))


@dataclass(eq=False, slots=True)
class Prepared:
    """An operation with its values, which makes sense and is allowed: the same for whoever asks.

    `arguments` holds those of its fields by their nodes. Filled in when it is first executed are
    `roots`, the fields selected of its root, and `asked`, what is asked of fields by their uses.
    """

    document: Document
    operation: OperationDefinitionNode
    kind: OperationType
    variables: VariableValues
    arguments: Mapping[int, Arguments]
    cost: int
    roots: Mapping[str, Use] | None = None
    asked: dict[Use, Asked] = field(default_factory=dict)


@dataclass(slots=True)
class Context:
    """The context of one request: who asks, and from its execution on what they ask.

    Where the answer is a stream, `credential` says who asks later on. `operation` is the name that
    operators are told.
    """

    viewer: Viewer
    credential: Credential | None = None
    operation: str | None = None

    async def current(self) -> Viewer:
        """Return who asks, as of now; raise `UnauthenticatedError` once nobody does."""
        return self.viewer if self.credential is None else await self.credential.viewer()


class Place(NamedTuple):
    """Where a field is asked: what a resolver is given as its `Info`."""

    context: Context
    use: Use
    prepared: Prepared


Info = strawberry.Info[Context, None]
