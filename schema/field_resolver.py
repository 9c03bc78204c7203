"""Who answers a field: found once, and kept with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql import GraphQLField, get_named_type
from strawberry.types.field import StrawberryField

from models import DomainError
from schema.errors import HANDLERS, Shows


@dataclass(frozen=True, slots=True)
class Resolver:
    """Who answers a field: a function of ours, or an attribute of the object it is a field of."""

    function: Callable[..., Any] | None
    attribute: str
    handlers: Mapping[type[DomainError], Shows]


def resolver_of(field: GraphQLField) -> Resolver:
    """Return who answers a field, and the refusals that its type can show; kept with the field."""
    known: Resolver | None = field.extensions.get("resolver")
    if known is None:
        known = field.extensions["resolver"] = _resolver(
            field.extensions["strawberry-definition"], field
        )
    return known


def _resolver(definition: StrawberryField, field: GraphQLField) -> Resolver:
    resolver = definition.base_resolver
    members = {type_.name for type_ in getattr(get_named_type(field.type), "types", ())}
    return Resolver(
        function=None if resolver is None else cast("Callable[..., Any]", resolver.wrapped_func),
        attribute=definition.python_name,
        handlers={h.exception_type: h for h in HANDLERS if h.error_type.__name__ in members},
    )
