"""Where ids go in and rows come out: read off the schema, so that no new place is forgotten."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    parse,
    visit,
)
from typing_extensions import override

from schema import schema

GRAPHQL: Final[Any] = schema._schema  # noqa: SLF001 - Strawberry has no public way to it
ROOTS: Final[Mapping[str, Any]] = {
    "query": GRAPHQL.query_type,
    "mutation": GRAPHQL.mutation_type,
    "subscription": GRAPHQL.subscription_type,
}

# What an id stands for, by the name of its argument; of `id` and `ids`, by the field.
KINDS: Final = {
    "actorId": ("User",),
    "apiTokenId": ("ApiToken",),
    "assigneeId": ("User",),
    "groupId": ("UserGroup",),
    "groupIds": ("UserGroup",),
    "mailId": ("OutgoingMail",),
    "managerId": ("User",),
    "offboardingId": ("Offboarding",),
    "partyId": ("Party",),
    "productId": ("Product",),
    "recipientId": ("User",),
    "userId": ("User",),
    "webhookId": ("Webhook",),
    "deliveryId": ("WebhookDelivery",),
    "party.id": ("Party",),
    "product.id": ("Product",),
    "offboarding.id": ("Offboarding",),
}
NODES: Final = tuple(
    sorted(type_.name for type_ in GRAPHQL.get_possible_types(GRAPHQL.get_type("Node")))
)
# A value for what has to be given and is no id.
SAMPLES: Final = {
    "Boolean": "false",
    "Date": '"2026-06-01"',
    "DateTime": '"2026-06-01T00:00:00Z"',
    "Int": "1",
    "String": '"Something"',
}


@dataclass(frozen=True)
class Place:
    """An argument, or a key within one, that takes an id of one of some kinds."""

    root: str
    fields: tuple[str, ...]
    path: tuple[str, ...]
    kinds: tuple[str, ...]

    @override
    def __str__(self) -> str:
        return f"{'.'.join(self.fields)}({'.'.join(self.path)})"


def _kinds(field: str, name: str) -> tuple[str, ...]:
    """Return what an id stands for; a new name has to be put into `KINDS`."""
    if name in {"id", "ids"}:
        return NODES if field in {"node", "nodes"} else KINDS[f"{field}.{name}"]
    return KINDS[name]


def _ids_in(name: str, type_: Any) -> Iterator[tuple[str, ...]]:
    named = get_named_type(type_)
    if named.name == "ID":
        yield (name,)
    if isinstance(named, GraphQLInputObjectType):
        for key, value in named.fields.items():
            yield from ((name, *rest) for rest in _ids_in(key, value.type))


def ways() -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """Yield each field that can be asked for, with the fields that lead to it, each type once."""
    for root, root_type in ROOTS.items():
        seen: set[str] = set()
        waiting: list[tuple[tuple[str, ...], Any]] = [((), root_type)]
        while waiting:
            fields, type_ = waiting.pop(0)
            if type_.name in seen:
                continue
            seen.add(type_.name)
            for name, field in type_.fields.items():
                yield root, (*fields, name), field
                inner = get_named_type(field.type)
                needs = any(isinstance(it.type, GraphQLNonNull) for it in field.args.values())
                if isinstance(inner, GraphQLObjectType) and not needs and root == "query":
                    waiting.append(((*fields, name), inner))


def places() -> list[Place]:
    """Return every place of the schema that takes an id."""
    return [
        Place(root, fields, path, _kinds(fields[-1], path[-1]))
        for root, fields, field in ways()
        for name, argument in field.args.items()
        for path in _ids_in(name, argument.type)
    ]


def _value(
    name: str, type_: Any, path: tuple[str, ...], own: Mapping[str, str], field: str
) -> str | None:
    """Return a literal: `$id` at the path, something good where a value has to be given."""
    required = isinstance(type_, GraphQLNonNull)
    if path[:1] != (name,) and not required:
        return None
    here, inner = path[:1] == (name,), get_nullable_type(type_)
    if isinstance(inner, GraphQLList):
        item = "$id" if here and len(path) == 1 else ""
        return f"[{item}]"
    if isinstance(inner, GraphQLInputObjectType):
        rest = path[1:] if here else ()
        given = {key: _value(key, it.type, rest, own, field) for key, it in inner.fields.items()}
        return "{" + ", ".join(f"{k}: {v}" for k, v in given.items() if v is not None) + "}"
    if inner.name == "ID":
        return "$id" if here else f'"{own[_kinds(field, name)[0]]}"'
    if isinstance(inner, GraphQLEnumType):
        return str(next(iter(inner.values)))
    return SAMPLES[inner.name]


def document_for(place: Place, own: Mapping[str, str], kind: str) -> str:
    """Return a document that shows `$id` at a place, and asks for all that comes of it."""
    type_, text, ends = ROOTS[place.root], "", ""
    for name in place.fields:
        field = type_.fields[name]
        given = {
            key: _value(key, it.type, place.path, own, name)
            for key, it in field.args.items()
            if name == place.fields[-1]
        }
        arguments = ", ".join(f"{k}: {v}" for k, v in given.items() if v is not None)
        text += f"{{ {name}{f'({arguments})' if arguments else ''} "
        ends += " }"
        type_ = get_named_type(field.type)
    if isinstance(type_, GraphQLInterfaceType):
        selected = f"{{ __typename ... on {kind} {selection(GRAPHQL.get_type(kind), 1)} }}"
    else:
        selected = selection(type_, 1)
    return f"{place.root} ($id: ID!) {text}{selected}{ends}"


def selection(type_: Any, depth: int) -> str:
    """Return all fields of a type, and of what they lead to as far as is asked."""
    if not isinstance(type_, GraphQLUnionType):
        return _fields(type_, depth, set())
    types: dict[str, set[str]] = {}
    for member in type_.types:
        for name, field in member.fields.items():
            types.setdefault(name, set()).add(str(field.type))
    # Fields of one name and several types do not go together; each is asked for elsewhere.
    apart = {name for name, of in types.items() if len(of) > 1}
    parts = [f"... on {it.name} {_fields(it, depth, apart)}" for it in type_.types]
    return f"{{ __typename {' '.join(parts)} }}"


def _fields(type_: Any, depth: int, left_out: set[str]) -> str:
    parts = ["__typename"]
    for name, field in type_.fields.items():
        inner = get_named_type(field.type)
        few = "(first: 3)" if "first" in field.args else ""
        if name in left_out:
            continue
        if is_leaf_type(inner):
            parts.append(name)
        elif depth > 0:
            parts.append(f"{name}{few} {selection(inner, depth - _costs(inner))}")
    return f"{{ {' '.join(parts)} }}"


def _costs(type_: Any) -> int:
    """Return how much further it is to a row: a page and its items are on the way to one."""
    return 0 if type_.name.endswith(("Connection", "Edge")) else 1


def documents() -> Iterator[tuple[str, str]]:
    """Yield a document for each thing that can be asked for without an id, and for each node."""
    for name, field in GRAPHQL.query_type.fields.items():
        if not {"id", "ids"} & set(field.args):
            few = "(first: 3)" if "first" in field.args else ""
            yield name, f"{{ {name}{few} {selection(get_named_type(field.type), 2)} }}"
    for name in NODES:
        inner = selection(GRAPHQL.get_type(name), 2)
        yield name, f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {name} {inner} }} }}"


def fields_in(document: str) -> set[str]:
    """Return each field that a document asks for, with its type."""
    found, type_info = set(), TypeInfo(GRAPHQL)

    class Fields(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            if not node.name.value.startswith("__"):
                found.add(f"{type_info.get_parent_type()}.{node.name.value}")

    visit(parse(document), TypeInfoVisitor(type_info, Fields()))
    return found


def fields_of_rows() -> set[str]:
    """Return each field of what queries lead to."""
    seen: set[str] = set()
    waiting = [GRAPHQL.query_type]
    found = set()
    while waiting:
        type_ = waiting.pop()
        if type_.name in seen or is_leaf_type(type_):
            continue
        seen.add(type_.name)
        if isinstance(type_, GraphQLUnionType):
            waiting += type_.types
            continue
        if isinstance(type_, GraphQLInterfaceType):
            waiting += GRAPHQL.get_possible_types(type_)
            continue
        found |= {f"{type_.name}.{name}" for name in type_.fields}
        waiting += [get_named_type(field.type) for field in type_.fields.values()]
    return found
