"""The GraphQL schema: what a client sees, and nothing but fields."""

from typing import Any, Final

from graphql import get_named_type, lexicographic_sort_schema, print_schema
from strawberry.schema.config import StrawberryConfig

from models import MODELS
from models.readable import Elements
from resolvers.tables import readable_of
from schema.errors import HANDLERS
from schema.execution import Schema
from schema.mutation import Mutation
from schema.node import SCALARS
from schema.query import Query
from schema.subscription import Subscription
from schema.user import UserGroup

schema: Final = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[UserGroup],
    exception_handlers=HANDLERS,
    config=StrawberryConfig(scalar_map=SCALARS),
)


def sdl() -> str:
    """Return the schema in GraphQL's own language, sorted, as it is committed."""
    return print_schema(lexicographic_sort_schema(schema._schema)) + "\n"  # noqa: SLF001 - no public way sorts while printing


def unreadable_fields() -> list[str]:
    """Return the fields of the schema that the model of their type cannot answer."""
    found = []
    for name, model in MODELS.items():
        type_: Any = schema._schema.get_type(name)  # noqa: SLF001 - as above
        readable, meta = readable_of(name), model._meta  # noqa: SLF001 - Tortoise's place for it
        known = {*readable.derived, *readable.links, *meta.fk_fields, *meta.fields_db_projection}
        found += [
            f"{name}.{field}"
            for field, definition in type_.fields.items()
            if definition.extensions["strawberry-definition"].python_name not in known
        ]
        for link, elements in readable.links.items():
            if isinstance(elements, Elements):
                inner: Any = get_named_type(type_.fields[link].type)
                found += [f"{inner.name}.{f}" for f in inner.fields if f not in elements.values]
    return found


if missing := unreadable_fields():
    raise TypeError(f"No model answers {', '.join(missing)}.")

__all__ = ["schema", "sdl"]
