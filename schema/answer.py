"""The answer to an operation: what its root fields give, put together under their keys.

A query's root field comes whole from the database, and the result of a mutation is a small object,
so there is no row to walk through: what GraphQL says of execution takes a page here. What the
schema tells of itself is graphql-core's own.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any, cast

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
    is_leaf_type,
    located_error,
)
from graphql import OperationType as GraphQLOperationType
from strawberry.types.graphql import OperationType

from schema.arguments import arguments_given
from schema.context import Context, Place, Prepared, Use
from schema.field_resolver import resolver_of
from schema.selection import fields

Path = tuple[str | int, ...]
Stream = AsyncGenerator[tuple[bytes, ...], None]


class Answer:
    """The answer to one operation, and the errors of its fields so far."""

    def __init__(self, context: Context, prepared: Prepared) -> None:
        self.context = context
        self.prepared = prepared
        self.document = prepared.document
        self.operation = prepared.operation
        self.errors: list[GraphQLError] = []

    def _roots(self) -> Mapping[str, Use]:
        """Return the fields selected of the root, which the values of the operation decide."""
        prepared = self.prepared
        if prepared.roots is None:
            type_ = self.document.schema.get_root_type(self.operation.operation)
            if type_ is None:
                raise LookupError("the document was validated")
            prepared.roots = fields(prepared, (self.operation.selection_set,), type_).uses
        return prepared.roots

    async def data(self) -> dict[str, Any] | None:
        """Return the data of all root fields; None where one that must not be null failed."""
        selected = self._roots()
        try:
            if len(selected) == 1:
                ((key, use),) = selected.items()
                return {key: await self._field(None, use, (key,))}
            if self.prepared.kind is OperationType.MUTATION:
                return await self._object(selected, None, ())
            return await self._at_once(selected)
        except GraphQLError as error:
            self.errors.append(error)
            return None

    async def source(self) -> Stream:
        """Return what a subscription follows; raise its `GraphQLError` where it cannot."""
        ((key, use),) = self._roots().items()
        if use.definition is None:
            raise LookupError("the document was validated")
        try:
            return cast("Stream", await self._resolve(use.definition, use, None))
        except Exception as error:
            raise located_error(error, list(use.nodes), [key]) from error

    async def _object(
        self,
        selected: Mapping[str, Use],
        source: Any,  # noqa: ANN401 - any result of a mutation
        path: Path,
    ) -> dict[str, Any]:
        """Return an object from its selected fields, answered one after another."""
        return {key: await self._field(source, use, (*path, key)) for key, use in selected.items()}

    async def _at_once(self, selected: Mapping[str, Use]) -> dict[str, Any]:
        """Return the data of the root fields of a query, answered at the same time."""
        found = await asyncio.gather(
            *(self._field(None, use, (key,)) for key, use in selected.items()),
            return_exceptions=True,
        )
        for value in found:
            if isinstance(value, BaseException):
                raise value
        return dict(zip(selected, found, strict=True))

    async def _field(
        self,
        source: Any,  # noqa: ANN401 - as above
        use: Use,
        path: Path,
    ) -> Any:  # noqa: ANN401 - any value of JSON
        field = use.definition
        if field is None:
            return self._told_of_itself(use, path)
        try:
            value = await self._resolve(field, use, source)
            if type(value) is orjson.Fragment:
                return value
            return await self._complete(field.type, value, use.nodes, path)
        except Exception as error:
            located = located_error(error, list(use.nodes), list(path))
            if isinstance(field.type, GraphQLNonNull):
                raise located from error
            self.errors.append(located)
            return None

    async def _resolve(self, field: GraphQLField, use: Use, source: Any) -> Any:  # noqa: ANN401 - as above
        resolver = resolver_of(field)
        if resolver.function is None:
            return getattr(source, resolver.attribute)
        place = Place(self.context, use, self.prepared)
        if not field.args:
            return await resolver.function(source, place)
        node = use.nodes[0]
        arguments = self.prepared.arguments.get(id(node))
        if arguments is None:
            arguments = arguments_given(self.document, field, node, self.prepared.variables)
        try:
            return await resolver.function(source, place, **arguments)
        except tuple(resolver.handlers) as refusal:
            return resolver.handlers[type(refusal)].shown(refusal)

    async def _complete(
        self,
        type_: Any,  # noqa: ANN401 - any output type
        value: Any,  # noqa: ANN401 - as above
        nodes: tuple[FieldNode, ...],
        path: Path,
    ) -> Any:  # noqa: ANN401 - as above
        """Return a value as the JSON of its type."""
        if isinstance(type_, GraphQLNonNull):
            if value is None:
                raise TypeError(f"{'.'.join(map(str, path))} must not be null")
            type_ = type_.of_type
        if value is None or type(value) is orjson.Fragment:
            return value
        if isinstance(type_, GraphQLList):
            return [
                await self._complete(type_.of_type, item, nodes, (*path, number))
                for number, item in enumerate(value)
            ]
        if is_leaf_type(type_):
            return type_.coerce_output_value(value)
        name = type(value).__strawberry_definition__.name
        object_type: Any = self.document.schema.get_type(name)
        sets = tuple(node.selection_set for node in nodes if node.selection_set)
        return await self._object(fields(self.prepared, sets, object_type).uses, value, path)

    def _told_of_itself(self, use: Use, path: Path) -> Any:  # noqa: ANN401 - as above
        """Return the name of an object's type, or what the schema tells of itself."""
        if use.nodes[0].name.value == "__typename":
            return use.parent.name
        operation = OperationDefinitionNode(
            operation=GraphQLOperationType.QUERY,
            variable_definitions=self.operation.variable_definitions,
            selection_set=SelectionSetNode(selections=use.nodes),
        )
        document = DocumentNode(definitions=(operation, *self.document.fragments.values()))
        result = execute_sync(
            self.document.schema,
            document,
            variable_values=dict(self.prepared.variables.coerced),
        )
        self.errors += result.errors or ()
        return (result.data or {}).get(str(path[-1]))
