"""Limits of what an operation may ask for, checked before any of it is executed."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from orjson import dumps

from schema.context import Document
from schema.weights import PAGE, Weight, scales_for
from settings.limits import Limits

MOST_COSTS_KEPT: Final = 64
# The depth of a document so deep that the walk gives up.
BOTTOMLESS: Final = 1_000


class LimitError(GraphQLError):
    """An operation is larger than a limit allows."""

    def __init__(self, limit: str, maximum: int, actual: int | None, sentence: str) -> None:
        extensions: dict[str, Any] = {"code": "LIMIT_EXCEEDED", "limit": limit, "maximum": maximum}
        if actual is not None:
            # JSON's numbers end where fragments that double do not.
            extensions["actual"] = min(actual, 2**53 - 1)
        super().__init__(sentence, extensions=extensions)


def _check(name: str, maximum: int, actual: int, things: str) -> None:
    if actual > maximum:
        sentence = f"The operation has {actual} {things}; at most {maximum} are allowed."
        raise LimitError(name, maximum, actual, sentence)


def check_variables(limits: Limits, variables: Mapping[str, Any] | None) -> None:
    """Refuse variables that are nested too deeply or too large with a `LimitError`."""
    if not variables:
        return
    depth, level = 1, [v for v in variables.values() if isinstance(v, dict | list)]
    while level:
        depth += 1
        if depth > limits.max_json_depth:
            most = limits.max_json_depth
            sentence = f"The variables are nested too deeply; at most {most} levels are allowed."
            raise LimitError("MAX_JSON_DEPTH", most, None, sentence)
        level = [v for value in level for v in _inside(value) if isinstance(v, dict | list)]
    _check(
        "MAX_VARIABLES_BYTES",
        limits.max_variables_bytes,
        len(dumps(variables)),
        "bytes of variables",
    )


def _inside(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def check_shape(schema: GraphQLSchema, limits: Limits, node: DocumentNode) -> tuple[str, ...]:
    """Refuse a document with a `LimitError`, or return the variables that size its lists."""
    sizing: dict[str, None] = {}

    def at_least(variable: str) -> int:
        sizing[variable] = None
        return 1

    scales = scales_for(schema, node, at_least)
    for operation in node.definitions:
        if isinstance(operation, OperationDefinitionNode):
            try:
                weight = scales.weigh(operation)
            except RecursionError:
                weight = Weight(depth=BOTTOMLESS)
            _check_weight(limits, operation, weight)
    directives = scales.directives
    _check("MAX_DIRECTIVES", limits.max_directives, directives, "directives in one place")
    return tuple(sizing)


def _check_weight(limits: Limits, operation: OperationDefinitionNode, weight: Weight) -> None:
    _check("MAX_DEPTH", limits.max_depth, weight.depth, "levels")
    _check("MAX_ALIASES", limits.max_aliases, weight.aliases, "aliases")
    if operation.operation is OperationType.MUTATION:
        _check("MAX_MUTATIONS", limits.max_mutations, weight.fields, "mutations")
    _check("MAX_ROOT_FIELDS", limits.max_root_fields, weight.fields, "fields at its root")
    _check("MAX_COST", limits.max_cost, weight.cost, "points of cost")


def cost_of(
    limits: Limits,
    document: Document,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> int:
    """Return what an operation costs, or refuse it with a `LimitError`."""
    name = operation.name.value if operation.name else ""
    sizes = {variable: _size(variables.get(variable)) for variable in document.sizing}
    key = (name, *sizes.values())
    cost = document.costs.get(key)
    if cost is None:
        cost = scales_for(document.schema, document.node, sizes.__getitem__).weigh(operation).cost
        if len(document.costs) >= MOST_COSTS_KEPT:
            document.costs.clear()
        document.costs[key] = cost
    _check("MAX_COST", limits.max_cost, cost, "points of cost")
    return cost


def _size(value: object) -> int:
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) else PAGE
