"""Arguments of a field as their types take them, by what is worked out once for a document.

That takes what variables and the schema give. What stands in the document, and what is wrong, is
left to graphql-core.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLNonNull,
    Undefined,
    VariableNode,
    get_argument_values,
)
from graphql.execution.values import VariableValues
from graphql.utilities.coerce_input_value import coerce_default_value

from schema.coercion import NotTakenError
from schema.context import Document


class Argument(NamedTuple):
    """An argument of a field: the value of a variable, or else what the schema says it is."""

    key: str
    variable: str | None
    default: Any
    is_nullable: bool


def coerced_arguments(
    document: Document, field: GraphQLField, node: FieldNode, variables: VariableValues
) -> dict[str, Any]:
    """Return the arguments of a field, or raise the `GraphQLError` of what is wrong with them."""
    known = document.arguments.get(id(node))
    if known is None:
        known = document.arguments[id(node)] = _arguments_of(field, node)
    try:
        return dict(_given(known, variables.coerced))
    except NotTakenError:
        return get_argument_values(field, node, variables)


def _arguments_of(field: GraphQLField, node: FieldNode) -> list[Argument | None]:
    """Return the arguments of a field; None for one whose value stands in the document."""
    values = {argument.name.value: argument.value for argument in node.arguments or ()}
    known: list[Argument | None] = []
    for name, argument in field.args.items():
        value = values.get(name)
        if value is None or isinstance(value, VariableNode):
            variable = None if value is None else value.name.value
            is_nullable = not isinstance(argument.type, GraphQLNonNull)
            default = coerce_default_value(argument)
            known.append(Argument(argument.out_name or name, variable, default, is_nullable))
        else:
            known.append(None)
    return known


def _given(
    arguments: list[Argument | None], coerced: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    for argument in arguments:
        if argument is None:
            raise NotTakenError
        key, variable, default, is_nullable = argument
        value = default if variable is None else coerced.get(variable, default)
        if value is not Undefined:
            if value is None and not is_nullable:
                raise NotTakenError
            yield key, value
        elif not is_nullable:
            raise NotTakenError
