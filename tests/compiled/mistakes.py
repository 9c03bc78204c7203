"""What makes a request wrong as a whole, whatever of it would be executed."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    VariableNode,
    get_argument_values,
    get_named_type,
)
from graphql.execution.values import get_variable_values

from tests.compiled.places import DEFAULT_ORDERS, order_of, place_in

ID_KEYS: Final = {
    "managerId": "user",
    "assigneeId": "user",
    "actorId": "user",
    "groupId": "user_group",
    "userId": "user",
    "offboardingId": "offboarding",
    "partyId": "party",
    "productId": "product",
    "recipientId": "user",
    "webhookId": "webhook",
}
NODE_TYPES: Final = {
    "activity": "Activity",
    "api_token": "ApiToken",
    "offboarding": "Offboarding",
    "organisation": "Organisation",
    "outgoing_mail": "OutgoingMail",
    "party": "Party",
    "product": "Product",
    "user": "User",
    "user_group": "UserGroup",
    "webhook": "Webhook",
    "webhook_delivery": "WebhookDelivery",
}


LARGEST_PAGE: Final = 100
MOST_IN_A_LIST: Final = 250
LONGEST_SEARCH: Final = 200


class BadRequestError(Exception):
    """The request can never be right."""


def check(condition: object) -> None:
    if not condition:
        raise BadRequestError


def key_of(id_: str) -> tuple[str, UUID | int]:
    """Return the type and the key that a global id stands for."""
    prefix, _, value = id_.rpartition("_")
    check(prefix in NODE_TYPES)
    if prefix == "activity":
        check(value.isascii() and value.isdigit() and value == str(int(value)) != "0")
        return NODE_TYPES[prefix], int(value)
    try:
        check(str(UUID(value)) == value)
    except ValueError as error:
        raise BadRequestError from error
    return NODE_TYPES[prefix], UUID(value)


def check_request(
    schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]
) -> None:
    """Refuse with `BadRequestError` what is wrong with any argument of a document."""
    (operation,) = (d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    values = get_variable_values(schema, operation.variable_definitions or (), dict(variables))
    check(not isinstance(values, list))
    assert not isinstance(values, list)
    for node, field in _fields(schema, document, operation, values.coerced):
        try:
            arguments = get_argument_values(field, node, values)
        except GraphQLError as error:
            raise BadRequestError from error
        _check_value(arguments)
        type_name = get_named_type(field.type).name
        if type_name.endswith("Connection"):
            _check_page(type_name.removesuffix("Connection"), arguments)


def _fields(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> Iterator[tuple[FieldNode, GraphQLField]]:
    fragments = {
        d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
    }

    def below(node: Any, parent: Any) -> Iterator[tuple[FieldNode, GraphQLField]]:
        for selected in node.selection_set.selections if node.selection_set else ():
            for directive in selected.directives or ():
                value = directive.arguments[0].value
                check(
                    not isinstance(value, VariableNode) or variables[value.name.value] is not None
                )
            if isinstance(selected, FragmentSpreadNode):
                fragment = fragments[selected.name.value]
                yield from below(fragment, schema.get_type(fragment.type_condition.name.value))
            elif isinstance(selected, InlineFragmentNode):
                on = selected.type_condition
                yield from below(selected, schema.get_type(on.name.value) if on else parent)
            elif selected.name.value != "__typename":
                field = parent.fields[selected.name.value]
                yield selected, field
                yield from below(selected, get_named_type(field.type))

    return below(operation, schema.query_type)


def _check_value(value: Any) -> None:
    match value:
        case str():
            check("\0" not in value)
        case datetime() if value.tzinfo is not None:
            _check_moment(value)
        case list():
            check(len(value) <= MOST_IN_A_LIST)
            for item in value:
                _check_value(item)
        case dict():
            for name, item in value.items():
                _check_value(item)
                if item is not None:
                    _check_named(name, item)
        case _:
            pass


def _check_moment(moment: datetime) -> None:
    try:
        moment.astimezone(UTC)
    except OverflowError as error:
        raise BadRequestError from error


def _check_named(name: str, value: Any) -> None:
    if name == "search":
        check(len(value) <= LONGEST_SEARCH)
    if name in ID_KEYS:
        check(key_of(value)[0].lower() == ID_KEYS[name])


def _check_page(type_name: str, arguments: Mapping[str, Any]) -> None:
    first, last = arguments.get("first"), arguments.get("last")
    check(first is None or last is None)
    check(all(size is None or 1 <= size <= LARGEST_PAGE for size in (first, last)))
    assert type_name in DEFAULT_ORDERS
    for name in ("after", "before"):
        if arguments.get(name) is not None:
            try:
                place_in(arguments[name], type_name, *order_of(type_name, arguments))
            except (ValueError, TypeError) as error:
                raise BadRequestError from error
