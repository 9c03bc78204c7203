"""Plain values: what resolvers take for the value of an argument, worked out once for each type."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from sys import maxsize
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLList,
    get_named_type,
    get_nullable_type,
)
from strawberry.utils.str_converters import to_snake_case

from resolvers.errors import BadRequestError, TooLongError
from schema.ids import key
from settings.limits import Limits

# Makes a plain value of one that its type has taken, or refuses it with `BadRequestError`.
Take = Callable[[Any], Any]

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


@cache
def taker(name: str, type_: Any, most: int = MOST_IN_A_LIST) -> Take:  # noqa: ANN401 - any input type
    """Return what takes the values of an argument, or of a field of an input, of a name and type.

    Values become names as in Python, members of enums, moments in UTC and keys of rows. Refused are
    lists of more than so many values, ids of something else, long searches, and NUL in a text.
    """
    if name in _IDS_OF and get_named_type(type_) is GraphQLID:
        return _key_of(_IDS_OF[name])
    return _search if name == "search" else _taker(type_, most)


def _taker(type_: Any, most: int) -> Take:  # noqa: ANN401 - as above
    type_ = get_nullable_type(type_)
    if isinstance(type_, GraphQLList):
        return _list_of(_taker(type_.of_type, most), most)
    if isinstance(type_, GraphQLInputObjectType):
        return _object(type_, most)
    if isinstance(type_, GraphQLEnumType):
        return _member_of(type_.wrapped_cls)  # type: ignore[attr-defined] # Strawberry's enums have it
    return _scalar


def _key_of(type_name: str) -> Take:
    return lambda id: None if id is None else key(id, type_name)


@cache
def giver(type_: Any) -> Take:  # noqa: ANN401 - as above
    """Return what takes the values of a type for the resolver of a mutation.

    They become inputs and members of enums, and are else as they came: to refuse them is its turn.
    """
    type_ = get_nullable_type(type_)
    if isinstance(type_, GraphQLList):
        return _list_of(giver(type_.of_type))
    if isinstance(type_, GraphQLInputObjectType):
        return _input(type_)
    if isinstance(type_, GraphQLEnumType):
        return _member_of(type_.wrapped_cls)  # type: ignore[attr-defined] # as above
    return _as_it_is


def _input(type_: GraphQLInputObjectType) -> Take:
    kind, types = type_.extensions["strawberry-definition"].origin, type_.fields

    def made(values: dict[str, Any] | None) -> object:
        if values is None:
            return None
        return kind(**{snake(name): giver(types[name].type)(v) for name, v in values.items()})

    return made


def _as_it_is(value: object) -> object:
    return value


def _list_of(take: Take, most: int = maxsize) -> Take:
    def items(values: list[Any] | None) -> list[Any] | None:
        if values is None:
            return None
        if len(values) > most:
            raise TooLongError(f"A list has at most {most} values.", "MAX_LIST_ITEMS", most)
        return [take(value) for value in values]

    return items


@cache
def _object(type_: GraphQLInputObjectType, most: int) -> Take:
    def fields(values: dict[str, Any] | None) -> dict[str, Any] | None:
        if values is None:
            return None
        # The takers are not found before: a type may have fields of its own type.
        types = type_.fields
        return {snake(k): taker(k, types[k].type, most)(v) for k, v in values.items()}

    return fields


def _member_of(enum: Take) -> Take:
    return lambda value: None if value is None else enum(value)


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


def _search(text: str | None) -> object:
    """Return what is searched for; a blank search is none."""
    if text is None:
        return None
    _scalar(text)
    if len(text) > LONGEST_SEARCH:
        raise BadRequestError(f"A search has at most {LONGEST_SEARCH} characters.")
    return text if text.strip() else None
