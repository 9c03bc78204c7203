"""What is sent becomes what graphql-core makes of it, or is refused in graphql-core's words."""

from typing import Any, Final

import pytest
from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    OperationDefinitionNode,
    get_argument_values,
    get_variable_values,
    parse,
)
from graphql.execution.values import VariableValues
from hypothesis import given, settings
from hypothesis import strategies as st

from schema import schema
from schema.coerced_arguments import coerced_arguments
from schema.coercion import coerced_variables
from schema.context import Document
from settings.limits import Limits

SCHEMA: Final = schema._schema  # noqa: SLF001 - Strawberry's
ROOTS: Final = [SCHEMA.query_type, SCHEMA.mutation_type]
FIELDS: Final = {
    f"{root.name}.{name}": field
    for root in ROOTS
    if root is not None
    for name, field in root.fields.items()
    if field.args
}
LIMITS: Final = Limits()
TEXTS: Final = ["", "a", "2026-11-26", "2026-11-26T10:00:00Z", "OPEN", "DESC", "DONE", "true"]


def right(type_: Any) -> st.SearchStrategy[Any]:
    """Draw what a type may take, and with some luck what it does."""
    if isinstance(type_, GraphQLNonNull):
        return right(type_.of_type)
    if isinstance(type_, GraphQLList):
        return st.lists(anything(type_.of_type), max_size=2) | anything(type_.of_type)
    if isinstance(type_, GraphQLEnumType):
        return st.sampled_from(list(type_.values))
    if isinstance(type_, GraphQLInputObjectType):
        drawn = {name: anything(field.type) for name, field in type_.fields.items()}
        needed = [n for n, field in type_.fields.items() if isinstance(field.type, GraphQLNonNull)]
        others = {name: values for name, values in drawn.items() if name not in needed}
        return st.fixed_dictionaries({name: drawn[name] for name in needed}, optional=others)
    return st.sampled_from([*TEXTS, 0, 1, -1, 2**31, True, False, 1.5])


def anything(type_: Any) -> st.SearchStrategy[Any]:
    """Draw mostly that, and now and then what no type takes."""
    wrong = st.sampled_from([None, [], {}, {"unknown": 1}, [None], "NOPE", 1.5])
    return st.integers(0, 9).flatmap(lambda n: right(type_) if n else wrong)


def operation_for(name: str) -> tuple[Document, OperationDefinitionNode, FieldNode]:
    """Return an operation with a variable for each argument of a field."""
    kind = "query" if name.startswith("Query.") else "mutation"
    arguments = FIELDS[name].args
    variables = ", ".join(f"${key}: {argument.type}" for key, argument in arguments.items())
    given_ = ", ".join(f"{key}: ${key}" for key in arguments)
    node = parse(f"{kind} ({variables}) {{ {name.partition('.')[2]}({given_}) {{ __typename }} }}")
    (operation,) = node.definitions
    assert isinstance(operation, OperationDefinitionNode)
    (field,) = operation.selection_set.selections
    assert isinstance(field, FieldNode)
    return Document(node, SCHEMA, {"": operation}, {}), operation, field


def told(answer: VariableValues | list[GraphQLError]) -> Any:
    """Return values and where they come from, or what errors say."""
    if isinstance(answer, VariableValues):
        return answer.coerced, {name: source.value for name, source in answer.sources.items()}
    return [error.formatted for error in answer]


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.data())
def test_makes_of_variables_and_arguments_what_graphql_core_does(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(FIELDS)))
    document, operation, node = operation_for(name)
    inputs = {
        key: data.draw(anything(argument.type))
        for key, argument in FIELDS[name].args.items()
        if data.draw(st.integers(0, 4))
    }

    made = coerced_variables(document, operation, inputs, LIMITS)

    expected = get_variable_values(
        SCHEMA, operation.variable_definitions or (), inputs, max_errors=LIMITS.max_errors
    )
    assert told(made) == told(expected)
    if isinstance(made, VariableValues):
        arguments = coerced_arguments(document, FIELDS[name], node, made)
        assert arguments == get_argument_values(FIELDS[name], node, made)
        assert list(arguments) == list(get_argument_values(FIELDS[name], node, made))


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        pytest.param("Query.nodes", {"ids": "party_1"}, id="one for a list"),
        pytest.param("Query.offboardings", {"filter": {"state": ["OPEN"]}}, id="unknown field"),
        pytest.param("Query.offboardings", {"filter": ["OPEN"]}, id="no object"),
        pytest.param("Query.offboardings", {"filter": {"status": [None]}}, id="null in a list"),
        pytest.param("Query.offboardings", {"orderBy": {"direction": "ASC"}}, id="field missing"),
        pytest.param("Query.offboardings", {"orderBy": {"field": "DUE_ON"}}, id="a default"),
        pytest.param("Mutation.setOffboardingStatus", {}, id="no input"),
        pytest.param("Mutation.setOffboardingStatus", {"input": None}, id="null for an input"),
    ],
)
def test_tells_right_from_wrong_as_graphql_core_does(name: str, inputs: dict[str, Any]) -> None:
    document, operation, _ = operation_for(name)

    made = coerced_variables(document, operation, inputs, LIMITS)

    assert told(made) == told(
        get_variable_values(SCHEMA, operation.variable_definitions or (), inputs)
    )


@pytest.mark.parametrize(
    ("variables", "argument", "inputs"),
    [
        pytest.param("$n: Int = 3", "$n", {}, id="the default of the operation"),
        pytest.param("$n: Int = 3", "$n", {"n": None}, id="null in its place"),
        pytest.param("$n: Int", "$n", {}, id="no value"),
        pytest.param("$n: Int", "7", {}, id="a value in the document"),
        pytest.param("$n: Int, $m: Int!", "$n", {"m": 1, "x": 2}, id="more than is asked for"),
    ],
)
def test_takes_defaults_and_values_of_the_document(
    variables: str, argument: str, inputs: dict[str, Any]
) -> None:
    node = parse(f"query ({variables}) {{ assignableUsers(first: {argument}) {{ totalCount }} }}")
    (operation,) = node.definitions
    assert isinstance(operation, OperationDefinitionNode)
    (field,) = operation.selection_set.selections
    assert isinstance(field, FieldNode)
    document = Document(node, SCHEMA, {"": operation}, {})
    definition = FIELDS["Query.assignableUsers"]

    made = coerced_variables(document, operation, inputs, LIMITS)

    assert isinstance(made, VariableValues)
    expected = get_variable_values(SCHEMA, operation.variable_definitions or (), inputs)
    assert told(made) == told(expected)
    arguments = coerced_arguments(document, definition, field, made)
    assert arguments == get_argument_values(definition, field, made)


def test_refuses_null_for_an_argument_that_must_not_be_null() -> None:
    node = parse("query ($id: ID) { node(id: $id) { id } }")
    (operation,) = node.definitions
    assert isinstance(operation, OperationDefinitionNode)
    (field,) = operation.selection_set.selections
    assert isinstance(field, FieldNode)
    document = Document(node, SCHEMA, {"": operation}, {})
    made = coerced_variables(document, operation, {"id": None}, LIMITS)
    assert isinstance(made, VariableValues)

    with pytest.raises(GraphQLError, match="Argument 'id' has invalid value"):
        coerced_arguments(document, FIELDS["Query.node"], field, made)
