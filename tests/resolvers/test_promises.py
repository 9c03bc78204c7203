"""What the schema promises of every field is kept by what the database answers.

The executor passes the database's JSON on as it is, so that nothing else would notice.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
)

from demo import write_demo
from models import Activity, Offboarding, OffboardingStatus, Party, Permission, User, Viewer
from schema import schema
from tests.asking import Ask, gid

# What is asked here is larger than a client's operation may be.
pytestmark = pytest.mark.usefixtures("boundless")

GRAPHQL: Final[Any] = schema._schema  # noqa: SLF001 - Strawberry has no public way to it
DEPTH: Final = 4


def selected(type_: Any, depth: int) -> str:
    """Return a selection of every field of a type, each under a key that tells of its type."""
    named = get_named_type(type_)
    if is_leaf_type(named):
        return ""
    kinds = GRAPHQL.get_possible_types(named) if is_abstract_type(named) else [named]
    parts = [f"... on {kind.name} {{ {of_object(kind, depth)} }}" for kind in kinds]
    return f"{{ __typename {' '.join(parts)} }}"


def of_object(type_: GraphQLObjectType, depth: int) -> str:
    return " ".join(
        f"{type_.name}_{name}: {name} {selected(field.type, depth - 1)}"
        for name, field in type_.fields.items()
        if depth > 1 or is_leaf_type(get_named_type(field.type))
    )


def faults(value: Any, type_: Any, path: str) -> list[str]:
    """Return where a value is not what its type promises."""
    if isinstance(type_, GraphQLNonNull):
        return [path] if value is None else faults(value, type_.of_type, path)
    if value is None:
        return []
    if isinstance(type_, GraphQLList):
        assert isinstance(value, list), path
        return [fault for item in value for fault in faults(item, type_.of_type, f"{path}[]")]
    if is_leaf_type(type_):
        return [] if is_sound(value, type_) else [f"{path}: {value!r}"]
    known = GRAPHQL.get_type(value["__typename"])
    assert known is type_ or GRAPHQL.is_sub_type(type_, known), path
    keys = {f"{known.name}_{name}": field for name, field in known.fields.items()}
    return [
        fault
        for key, item in value.items()
        if key != "__typename"
        for fault in faults(item, keys[key].type, f"{path}.{key}")
    ]


def is_text(value: Any) -> bool:
    return type(value) is str


def is_moment(value: Any) -> bool:
    return datetime.fromisoformat(value).utcoffset() == timedelta()


def is_day(value: Any) -> bool:
    return date.fromisoformat(value).isoformat() == str(value)


SOUND: Final[dict[str, Callable[[Any], bool]]] = {
    "Int": lambda value: type(value) is int and abs(value) < 2**31,
    "Float": lambda value: type(value) in {int, float},
    "Boolean": lambda value: type(value) is bool,
    "DateTime": is_moment,
    "Date": is_day,
    "ID": is_text,
    "String": is_text,
    "Cursor": is_text,
}


def is_sound(value: Any, type_: Any) -> bool:
    return value in type_.values if isinstance(type_, GraphQLEnumType) else SOUND[type_.name](value)


ROOTS: Final = {
    name: field
    for name, field in GRAPHQL.query_type.fields.items()
    if not any(is_required_argument(argument) for argument in field.args.values())
    and name not in {"party", "product"}
}


@pytest.fixture
async def viewer(database: None) -> Viewer:  # noqa: ARG001 - it is written there
    """Write the demo and return somebody who may see all of its first organisation."""
    await write_demo()
    user = await User.get(email="approver@demo.example")
    return Viewer(user.id, user.organisation_id, frozenset(Permission), user.client_access)


async def test_keeps_what_the_schema_promises_of_every_field(ask: Ask, viewer: Viewer) -> None:
    found = {}
    for name, field in ROOTS.items():
        answered = await ask(viewer, f"{{ {name} {selected(field.type, DEPTH)} }}")

        found[name] = faults(answered[name], field.type, name)

    assert len(ROOTS) > 4
    assert found == {name: [] for name in ROOTS}


async def test_keeps_what_the_schema_promises_of_one_of_each(ask: Ask, viewer: Viewer) -> None:
    organisation = {"organisation_id": viewer.organisation_id}
    rows: list[Any] = [
        await Party.filter(**organisation).first(),
        await Offboarding.filter(**organisation, status=OffboardingStatus.DONE).first(),
        await Offboarding.filter(**organisation, product_id__isnull=False).first(),
        await Activity.filter(**organisation).first(),
        await User.get(id=viewer.user_id),
    ]

    node = GRAPHQL.get_type("Node")
    answered = await ask(
        viewer,
        f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {selected(node, DEPTH)} }}",
        ids=[gid(row) for row in rows],
    )

    found = answered["nodes"]
    assert [one["__typename"] for one in found] == [type(row).__name__ for row in rows]
    assert faults(found, GraphQLList(GraphQLNonNull(node)), "nodes") == []
