"""Arguments of the fields of a document, as plain values, checked before anything is executed."""

from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
)
from graphql.execution.values import VariableValues
from strawberry.utils.str_converters import to_snake_case

from resolvers.errors import BadRequestError, TooLongError
from resolvers.paging import page_of
from resolvers.selection import Arguments
from schema.coerced_arguments import coerced_arguments
from schema.context import Context, Document, Taking
from schema.fields_with_arguments import fields_with_arguments
from schema.ids import key
from settings.limits import Limits

LONGEST_SEARCH: Final = 200
# In a list, where the limits of a process are not at hand.
MOST_IN_A_LIST: Final = Limits().max_list_items

# Names are few and asked for often.
snake: Final = cache(to_snake_case)

# What the ids in a filter stand for.
_IDS_OF: Final = {
    "actorId": "User",
    "groupId": "UserGroup",
    "userId": "User",
    "assigneeId": "User",
    "managerId": "User",
    "offboardingId": "Offboarding",
    "partyId": "Party",
    "productId": "Product",
    "recipientId": "User",
    "webhookId": "Webhook",
}


def plain(value: Any, type_: Any, most: int) -> Any:  # noqa: ANN401 - a value of any input type
    """Return an input value with names as in Python, enum members, and no NUL in its text.

    A list has at most so many values.
    """
    if isinstance(type_, GraphQLNonNull):
        return plain(value, type_.of_type, most)
    if value is None:
        return None
    if isinstance(type_, GraphQLList):
        if len(value) > most:
            raise TooLongError(f"A list has at most {most} values.", "MAX_LIST_ITEMS", most)
        return [plain(item, type_.of_type, most) for item in value]
    if isinstance(type_, GraphQLInputObjectType):
        return {snake(k): of_input(k, v, type_.fields[k].type, most) for k, v in value.items()}
    if isinstance(type_, GraphQLEnumType):
        return type_.wrapped_cls(value)  # type: ignore[attr-defined] # Strawberry's enums have it
    return _scalar(value)


def _scalar(value: object) -> object:
    if isinstance(value, datetime):
        return _in_utc(value)
    if isinstance(value, str) and "\0" in value:
        raise BadRequestError("A text cannot hold the character NUL.")
    return value


def _in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC, which is also the zone of one that names none."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise BadRequestError("A time lies beyond the calendar.") from error


def of_input(name: str, value: Any, type_: Any, most: int = MOST_IN_A_LIST) -> Any:  # noqa: ANN401 - as above
    """Return the value of an argument, or of a field of an input, as resolvers take it."""
    if value is None:
        return None
    if get_named_type(type_) is GraphQLID and name in _IDS_OF:
        return key(value, _IDS_OF[name])
    if name == "search":
        return _search(plain(value, type_, most))
    return plain(value, type_, most)


def _search(text: str) -> str | None:
    """Return what is searched for; a blank search is none."""
    if len(text) > LONGEST_SEARCH:
        raise BadRequestError(f"A search has at most {LONGEST_SEARCH} characters.")
    return text if text.strip() else None


def evaluate(
    schema: GraphQLSchema,
    context: Context,
    operation: OperationDefinitionNode,
    variables: VariableValues,
    limits: Limits,
) -> None:
    """Keep the arguments of all fields; refuse a page that makes no sense before any of it runs."""
    context.variables = variables.coerced
    if context.document is None:
        return
    name = operation.name.value if operation.name else ""
    for taking in fields_with_arguments(schema, context.document, name):
        arguments = _arguments(context.document, taking, variables, limits.max_list_items)
        context.arguments[id(taking.node)] = arguments
        if taking.pages is not None:
            page_of(taking.pages, arguments, limits.max_page_size)
    if any(context.variables[variable] is None for variable in context.document.switching[name]):
        raise BadRequestError("A variable of @skip or @include cannot be null.")


def given(value: Any, type_: Any) -> Any:  # noqa: ANN401 - as above
    """Return the value of an argument of a mutation as its resolver takes it, and as it came."""
    if isinstance(type_, GraphQLNonNull):
        return given(value, type_.of_type)
    if value is None:
        return None
    if isinstance(type_, GraphQLList):
        return [given(item, type_.of_type) for item in value]
    if isinstance(type_, GraphQLInputObjectType):
        kind = type_.extensions["strawberry-definition"].origin
        return kind(**{snake(k): given(v, type_.fields[k].type) for k, v in value.items()})
    if isinstance(type_, GraphQLEnumType):
        return type_.wrapped_cls(value)  # type: ignore[attr-defined] # Strawberry's enums have it
    return value


def arguments_given(
    document: Document, field: GraphQLField, node: FieldNode, variables: VariableValues
) -> dict[str, Any]:
    """Return the arguments of a mutation by the names that its resolver gives them."""
    values = coerced_arguments(document, field, node, variables)
    return {snake(name): given(v, field.args[name].type) for name, v in values.items()}


def _arguments(
    document: Document, taking: Taking, variables: VariableValues, most: int
) -> Arguments:
    args = taking.field.args
    values = coerced_arguments(document, taking.field, taking.node, variables)
    return {snake(name): of_input(name, v, args[name].type, most) for name, v in values.items()}
