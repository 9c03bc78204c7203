"""The schema as a whole: committed as it is, described in full, named alike, answered by models."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_introspection_type,
    is_specified_scalar_type,
)

import models
from models.errors import DomainError
from schema import schema, sdl, unreadable_fields
from schema.error_codes import ErrorCode

COMMITTED: Final = Path(__file__).resolve().parents[1] / "schema" / "schema.graphql"
GRAPHQL: Final[Any] = schema._schema  # noqa: SLF001 - Strawberry has no public way to it
OWN_TYPES: Final = {
    name: type_
    for name, type_ in GRAPHQL.type_map.items()
    if not is_introspection_type(type_) and not is_specified_scalar_type(type_)
}
MUTATIONS: Final = GRAPHQL.mutation_type.fields


def test_is_committed_as_the_code_says() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == sdl(), "run `make schema`"


# ---------------------------------------------------------------- descriptions


def parts(types: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Yield everything that can be described, by its place, with its description."""
    for name, type_ in types.items():
        yield name, type_.description
        if isinstance(type_, GraphQLEnumType):
            yield from ((f"{name}.{value}", it.description) for value, it in type_.values.items())
        for field, definition in getattr(type_, "fields", {}).items():
            yield f"{name}.{field}", definition.description
            for argument, it in getattr(definition, "args", {}).items():
                yield f"{name}.{field}({argument})", it.description


def test_describes_everything() -> None:
    described = dict(parts(OWN_TYPES))

    assert len(described) > 400
    assert [place for place, text in described.items() if not (text and text.strip())] == []


def test_describes_in_sentences() -> None:
    odd = [
        place
        for place, text in parts(OWN_TYPES)
        # The scalars that Strawberry brings along speak for themselves.
        if place not in {"Date", "DateTime"} and text and not re.fullmatch(r'["A-Z][^\n]*[.]', text)
    ]

    assert odd == []


def test_finds_what_is_not_described() -> None:
    @strawberry.type
    class Query:
        shoe_size: int

    other: Any = strawberry.Schema(Query)._schema  # noqa: SLF001 - as above

    assert dict(parts({"Query": other.get_type("Query")})) == {
        "Query": None,
        "Query.shoeSize": None,
    }


# ---------------------------------------------------------------- names and shapes


def test_names_alike() -> None:
    fields = [
        field
        for type_ in OWN_TYPES.values()
        for field in getattr(type_, "fields", {})
        if not isinstance(type_, GraphQLEnumType)
    ]
    values = [
        value
        for type_ in OWN_TYPES.values()
        if isinstance(type_, GraphQLEnumType)
        for value in type_.values
    ]

    assert [name for name in OWN_TYPES if not re.fullmatch(r"[A-Z][A-Za-z]*", name)] == []
    assert [name for name in fields if not re.fullmatch(r"[a-z][A-Za-z0-9]*", name)] == []
    assert [name for name in values if not re.fullmatch(r"[A-Z]+(_[A-Z]+)*", name)] == []


@pytest.mark.parametrize("name", MUTATIONS)
def test_takes_one_input_and_answers_a_union_of_success_and_refusals(name: str) -> None:
    mutation, stem = MUTATIONS[name], name[0].upper() + name[1:]

    result = get_named_type(mutation.type)

    assert {key: str(argument.type) for key, argument in mutation.args.items()} == {
        "input": f"{stem}Input!"
    }
    assert str(mutation.type) == f"{stem}Result!"
    assert isinstance(result, GraphQLUnionType)
    success, *refusals = result.types
    assert success.name == f"{stem}Success"
    assert refusals
    for refusal in refusals:
        assert refusal.name.endswith("Error")
        assert [interface.name for interface in refusal.interfaces] == ["Error"]
    names_something = any(
        get_named_type(it.type).name == "ID"
        for it in get_named_type(mutation.args["input"].type).fields.values()
    )
    wanted = {"NotFoundError", "ForbiddenError"} if names_something else {"ForbiddenError"}
    assert wanted <= {refusal.name for refusal in refusals}


def test_has_one_error_type_for_each_code_and_each_refusal() -> None:
    interface = GRAPHQL.get_type("Error")
    assert isinstance(interface, GraphQLInterfaceType)
    types = {type_.name for type_ in GRAPHQL.get_possible_types(interface)}
    codes = {"".join(word.capitalize() for word in code.split("_")) + "Error" for code in ErrorCode}
    refusals = {refusal.__name__ for refusal in DomainError.__subclasses__()}

    assert types == codes == refusals
    assert set(GRAPHQL.get_type("ErrorCode").values) == set(ErrorCode)


def test_gives_each_error_type_to_some_mutation() -> None:
    given = {
        type_.name for field in MUTATIONS.values() for type_ in get_named_type(field.type).types
    }
    errors = {type_.name for type_ in GRAPHQL.get_possible_types(GRAPHQL.get_type("Error"))}

    assert errors - given == set()


def connections() -> list[str]:
    return [name for name in OWN_TYPES if name.endswith("Connection")]


def test_pages_every_connection_alike() -> None:
    shapes = {
        name: {field: str(it.type) for field, it in OWN_TYPES[name].fields.items()}
        for name in connections()
    }

    assert len(shapes) == 10
    for name, shape in shapes.items():
        node = name.removesuffix("Connection")
        assert shape == {
            "edges": f"[{node}Edge!]!",
            "nodes": f"[{node}!]!",
            "pageInfo": "PageInfo!",
            "totalCount": "Int!",
        }
        edge = {field: str(it.type) for field, it in OWN_TYPES[f"{node}Edge"].fields.items()}
        assert edge == {"cursor": "Cursor!", "node": f"{node}!"}


def test_takes_the_arguments_of_pages_wherever_there_is_a_connection() -> None:
    taken = {
        f"{name}.{field}": {
            key: str(argument.type)
            for key, argument in it.args.items()
            if key in {"first", "after", "last", "before"}
        }
        for name, type_ in OWN_TYPES.items()
        if isinstance(type_, GraphQLObjectType)
        for field, it in type_.fields.items()
        if get_named_type(it.type).name in connections()
    }

    pages = {"first": "Int", "after": "Cursor", "last": "Int", "before": "Cursor"}
    assert taken == dict.fromkeys(taken, pages)
    assert len(taken) == 14


def test_wants_no_member_of_a_filter() -> None:
    filters = [name for name in OWN_TYPES if name.endswith(("Filter", "Range"))]

    required = [
        f"{name}.{field}"
        for name in filters
        for field, it in OWN_TYPES[name].fields.items()
        if isinstance(it.type, GraphQLNonNull)
    ]

    assert len(filters) == 10
    assert required == []


def test_gives_an_id_to_all_that_can_be_found_again() -> None:
    nodes = {type_.name for type_ in GRAPHQL.get_possible_types(GRAPHQL.get_type("Node"))}
    with_id = {
        name
        for name, type_ in OWN_TYPES.items()
        if isinstance(type_, GraphQLObjectType) and "id" in type_.fields
    }

    assert nodes == with_id
    assert nodes == set(models.MODELS) - {"Holding"}


def test_publishes_nothing_internal() -> None:
    internal = {
        "listed",
        "hash",
        "offboardedById",
        "organisationId",
        "sortName",
        "password",
        "token",
    }
    shown = {
        field
        for type_ in OWN_TYPES.values()
        if isinstance(type_, GraphQLObjectType | GraphQLInputObjectType)
        for field in type_.fields
    }

    assert shown & internal == set()


# ---------------------------------------------------------------- models answer it


def test_shows_no_field_that_no_model_answers() -> None:
    assert unreadable_fields() == []


@pytest.mark.parametrize("name", ["Party", "Activity", "Change"])
def test_finds_a_field_that_no_model_answers(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    @strawberry.type
    class Planted:
        shoe_size: int

    planted: Any = strawberry.Schema(Planted)._schema  # noqa: SLF001 - as above
    field = planted.get_type("Planted").fields["shoeSize"]
    monkeypatch.setitem(GRAPHQL.get_type(name).fields, "shoeSize", field)

    assert unreadable_fields() == [f"{name}.shoeSize"]


def test_keeps_the_enums_of_models_and_schema_the_same() -> None:
    for name, type_ in OWN_TYPES.items():
        if isinstance(type_, GraphQLEnumType) and hasattr(models, name):
            assert list(type_.values) == [member.name for member in getattr(models, name)], name


def test_prints_each_type_once_in_the_order_of_names() -> None:
    kinds = "type|enum|input|interface|union|scalar"

    names = re.findall(rf"^(?:{kinds}) (\w+)", sdl(), re.MULTILINE)

    assert len(names) == len(OWN_TYPES)
    assert names == sorted(set(names))
