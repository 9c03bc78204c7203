"""Coercion: what is sent becomes values of the types asked for, by what is worked out once.

That takes what is right. What is not is left to graphql-core, which says what is wrong with it.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    OperationDefinitionNode,
    Undefined,
    VariableNode,
    get_argument_values,
    get_variable_values,
    is_required_input_field,
)
from graphql.execution.get_variable_signature import (
    GraphQLVariableSignature,
    get_variable_signature,
)
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value

from schema.context import Document
from settings.limits import Limits

Coerce = Callable[[Any], Any]


class _NotTakenError(Exception):
    """A value is not what its type takes, or not in the plain way."""


class Variable(NamedTuple):
    """A variable of an operation, and what makes a value of its type of one that was sent."""

    signature: GraphQLVariableSignature
    coerce: Coerce


class _Field(NamedTuple):
    """A field of an input: what is sent for it, or what stands in for it, if anything may."""

    name: str
    key: str
    coerce: Coerce
    default: Any
    is_required: bool


def coercer(type_: Any) -> Coerce:  # noqa: ANN401 - any input type
    """Return what makes a value of a type of a value of JSON, or raises where that is not plain."""
    if isinstance(type_, GraphQLNonNull):
        return _required(_coercer(type_.of_type))
    return _optional(_coercer(type_))


def _coercer(type_: Any) -> Coerce:  # noqa: ANN401 - as above
    if isinstance(type_, GraphQLList):
        return _list_of(coercer(type_.of_type))
    if isinstance(type_, GraphQLInputObjectType):
        return _object(type_)
    coerce: Coerce = type_.coerce_input_value
    return coerce


def _required(coerce: Coerce) -> Coerce:
    def required(value: Any) -> Any:  # noqa: ANN401 - a value of JSON
        if value is None:
            raise _NotTakenError
        return coerce(value)

    return required


def _optional(coerce: Coerce) -> Coerce:
    return lambda value: None if value is None else coerce(value)


def _list_of(coerce: Coerce) -> Coerce:
    def items(value: Any) -> list[Any]:  # noqa: ANN401 - as above
        return [coerce(item) for item in (value if isinstance(value, list) else [value])]

    return items


@cache
def _object(type_: GraphQLInputObjectType) -> Coerce:
    # Filled at its first use: a type may have fields of its own type.
    fields: Final[list[_Field]] = []

    def taken(value: Any) -> Any:  # noqa: ANN401 - as above
        if not isinstance(value, dict) or type_.is_one_of:
            raise _NotTakenError
        if not fields:
            fields.extend(_fields_of(type_))
        coerced, left = {}, len(value)
        for field in fields:
            if field.name in value:
                left -= 1
                coerced[field.key] = field.coerce(value[field.name])
            elif field.is_required:
                raise _NotTakenError
            elif field.default is not Undefined:
                coerced[field.key] = field.default
        if left:
            raise _NotTakenError
        return type_.out_type(coerced)

    return taken


def _fields_of(type_: GraphQLInputObjectType) -> list[_Field]:
    return [
        _Field(
            name,
            field.out_name or name,
            coercer(field.type),
            coerce_default_value(field),
            is_required_input_field(field),
        )
        for name, field in type_.fields.items()
    ]


def variables_of(document: Document, operation: OperationDefinitionNode) -> list[Variable]:
    """Return the variables of an operation of a valid document, found once and kept with it."""
    known = document.variables.get(id(operation))
    if known is None:
        nodes = operation.variable_definitions or ()
        signatures = [get_variable_signature(document.schema, node) for node in nodes]
        known = document.variables[id(operation)] = [
            Variable(signature, coercer(signature.type))
            for signature in signatures
            if isinstance(signature, GraphQLVariableSignature)
        ]
    return known


def coerced_variables(
    document: Document,
    operation: OperationDefinitionNode,
    inputs: dict[str, Any],
    limits: Limits,
) -> VariableValues | list[GraphQLError]:
    """Return the values of the variables of an operation, or what is wrong with them."""
    try:
        return _coerced(variables_of(document, operation), inputs)
    except Exception:  # noqa: BLE001 - whatever it is, graphql-core tells it better
        return get_variable_values(
            document.schema,
            operation.variable_definitions or (),
            inputs,
            max_errors=limits.max_errors,
            hide_suggestions=not limits.introspection,
        )


def _coerced(variables: list[Variable], inputs: dict[str, Any]) -> VariableValues:
    sources: dict[str, VariableValueSource] = {}
    coerced: dict[str, Any] = {}
    for signature, coerce in variables:
        name = signature.name
        value = inputs.get(name, Undefined)
        sources[name] = VariableValueSource(signature, value)
        if value is not Undefined:
            coerced[name] = coerce(value)
        elif signature.default is not None:
            coerced[name] = coerce_default_value(signature)
        elif isinstance(signature.type, GraphQLNonNull):
            raise _NotTakenError
    return VariableValues(sources, coerced)


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
    except _NotTakenError:
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
            raise _NotTakenError
        key, variable, default, is_nullable = argument
        value = default if variable is None else coerced.get(variable, default)
        if value is not Undefined:
            if value is None and not is_nullable:
                raise _NotTakenError
            yield key, value
        elif not is_nullable:
            raise _NotTakenError
