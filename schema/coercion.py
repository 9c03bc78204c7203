"""Coercion: the values of variables as their types take them, by what is worked out once.

That takes what is right. What is not is left to graphql-core, which says what is wrong with it.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    OperationDefinitionNode,
    Undefined,
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


class NotTakenError(Exception):
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
            raise NotTakenError
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
            raise NotTakenError
        if not fields:
            fields.extend(_fields_of(type_))
        coerced, left = {}, len(value)
        for field in fields:
            if field.name in value:
                left -= 1
                coerced[field.key] = field.coerce(value[field.name])
            elif field.is_required:
                raise NotTakenError
            elif field.default is not Undefined:
                coerced[field.key] = field.default
        if left:
            raise NotTakenError
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


def _coerced(variables: list[Variable], inputs: Mapping[str, Any]) -> VariableValues:
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
            raise NotTakenError
    return VariableValues(sources, coerced)
