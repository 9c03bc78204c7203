"""Parameters of an address that mean the arguments of a field: `onboardedOn.from=2020-01-01`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    coerce_input_value,
    get_named_type,
    get_nullable_type,
)
from graphql.utilities import validate_input_value

from resolvers.errors import BadRequestError
from resolvers.selection import Arguments
from schema.plain_values import snake, taker

GraphQLArguments = Mapping[str, GraphQLArgument]

_PAGES: Final = {"first", "after", "last", "before"}
_TRUTH: Final[Mapping[str, bool]] = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: where in the arguments its value goes, its type, and if it may be repeated."""

    path: tuple[str, ...]
    type: Any
    many: bool = False

    def value_of(self, name: str, texts: list[str]) -> object:
        """Return the value that texts stand for, or refuse with `BadRequestError`."""
        if len(texts) > 1 and not self.many:
            raise BadRequestError(f"Give {name} once.")
        values = [self._read(name, text) for text in texts]
        return values if self.many else values[0]

    def _read(self, name: str, text: str) -> object:
        if self.type is GraphQLBoolean:
            if text not in _TRUTH:
                raise BadRequestError(f"{name} is true or false.")
            return _TRUTH[text]
        if isinstance(self.type, GraphQLEnumType) and text not in self.type.values:
            raise BadRequestError(f"{name} is one of {', '.join(self.type.values)}.")
        return text


def parameters_of(arguments: GraphQLArguments) -> dict[str, Parameter]:
    """Return the parameters for the arguments of a connection, but those of its pages."""
    found: dict[str, Parameter] = {}
    for name, argument in arguments.items():
        if name not in _PAGES:
            found |= _of_argument(name, get_named_type(argument.type))
    return found


def _of_argument(name: str, type_: Any) -> dict[str, Parameter]:  # noqa: ANN401 - any input type
    if not isinstance(type_, GraphQLInputObjectType):
        return {name: Parameter((name,), type_)}
    if name == "orderBy":
        types = {part: get_named_type(field.type) for part, field in type_.fields.items()}
        return {
            "orderBy": Parameter((name, "field"), types["field"]),
            "direction": Parameter((name, "direction"), types["direction"]),
        }
    found: dict[str, Parameter] = {}
    for key, field in type_.fields.items():
        named = get_named_type(field.type)
        if isinstance(named, GraphQLInputObjectType):
            for side, end in named.fields.items():
                found[f"{key}.{side}"] = Parameter((name, key, side), get_named_type(end.type))
        else:
            many = isinstance(get_nullable_type(field.type), GraphQLList)
            found[key] = Parameter((name, key), named, many=many)
    return found


def arguments_of(
    arguments: GraphQLArguments, order: str, given: Iterable[tuple[str, str]]
) -> Arguments:
    """Return the arguments that parameters mean; `order` is what is sorted by unless told.

    Refuses with `BadRequestError` what there is not and what makes no sense.
    """
    parameters = parameters_of(arguments)
    texts: dict[str, list[str]] = {}
    for name, text in given:
        texts.setdefault(name, []).append(text)
    inputs: dict[str, Any] = (
        {"includeOffboarded": False} if "includeOffboarded" in arguments else {}
    )
    for name, values in texts.items():
        if name not in parameters:
            known = ", ".join(parameters)
            raise BadRequestError(f"There is no parameter {name} here, but {known}.")
        _put(inputs, parameters[name].path, parameters[name].value_of(name, values))
    if "orderBy" in inputs:
        inputs["orderBy"].setdefault("field", order)
    return {snake(name): _plain(name, value, arguments) for name, value in inputs.items()}


def _put(inputs: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    for name in path[:-1]:
        inputs = inputs.setdefault(name, {})
    inputs[path[-1]] = value


def _plain(name: str, value: object, arguments: GraphQLArguments) -> Any:  # noqa: ANN401 - of any type
    type_ = arguments[name].type

    def refuse(error: Exception, path: list[str | int]) -> None:
        place = ".".join(part for part in path if isinstance(part, str)) or name
        raise BadRequestError(f"{place}: {error}") from error

    validate_input_value(value, type_, refuse)
    return taker(name, type_)(coerce_input_value(value, type_))
