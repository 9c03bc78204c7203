"""Arguments of the fields of a document, as plain values, checked before anything is executed."""

from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    OperationDefinitionNode,
)
from graphql.execution.values import VariableValues

from resolvers.errors import BadRequestError
from resolvers.paging import page_of
from resolvers.selection import Arguments
from schema.coerced_arguments import coerced_arguments
from schema.context import Document, Taking
from schema.fields_with_arguments import fields_with_arguments
from schema.plain_values import giver, snake, taker
from settings.limits import Limits


def evaluate(
    document: Document,
    operation: OperationDefinitionNode,
    variables: VariableValues,
    limits: Limits,
) -> dict[int, Arguments]:
    """Return the arguments of all fields by their nodes; refuse a page that makes no sense."""
    name = operation.name.value if operation.name else ""
    found: dict[int, Arguments] = {}
    for taking in fields_with_arguments(document, name):
        arguments = _arguments(document, taking, variables, limits.max_list_items)
        found[id(taking.node)] = arguments
        if taking.pages is not None:
            page_of(taking.pages, arguments, limits.max_page_size)
    switching = document.switching[name]
    if switching and any(variables.coerced[variable] is None for variable in switching):
        raise BadRequestError("A variable of @skip or @include cannot be null.")
    return found


def arguments_given(
    document: Document, field: GraphQLField, node: FieldNode, variables: VariableValues
) -> dict[str, Any]:
    """Return the arguments of a mutation by the names that its resolver gives them."""
    values = coerced_arguments(document, field, node, variables)
    return {snake(name): giver(field.args[name].type)(v) for name, v in values.items()}


def _arguments(
    document: Document, taking: Taking, variables: VariableValues, most: int
) -> Arguments:
    args = taking.field.args
    values = coerced_arguments(document, taking.field, taking.node, variables)
    return {snake(name): taker(name, args[name].type, most)(v) for name, v in values.items()}
