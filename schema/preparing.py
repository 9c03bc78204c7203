"""Preparing: an operation is found and its values are checked, before anybody is asked for it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from graphql import GraphQLError, OperationDefinitionNode
from graphql import OperationType as GraphQLOperationType
from strawberry.types.graphql import OperationType

from resolvers.errors import BadRequestError
from schema.arguments import evaluate
from schema.coercion import coerced_variables
from schema.context import Prepared
from schema.documents import Documents, document_id
from schema.faults import bad_request
from schema.limits import check_variables, cost_of
from settings.limits import Limits

KINDS: Final = {kind: OperationType(kind.value) for kind in GraphQLOperationType}


class Refused(NamedTuple):
    """What is wrong with an operation as such, and the operation if it was found."""

    errors: list[GraphQLError]
    operation: OperationDefinitionNode | None = None


def prepare(
    documents: Documents,
    limits: Limits,
    query: str | None,
    values: dict[str, Any],
    name: str | None,
    extensions: Mapping[str, Any] | None,
) -> Prepared | Refused:
    """Return an operation that makes sense and is allowed, or what is wrong with it."""
    document = documents.read(query, document_id(extensions))
    if isinstance(document, list):
        return _refused(limits, document)
    operation = None
    try:
        operation = document.operation(name)
        check_variables(limits, values)
        variables = coerced_variables(document, operation, values, limits)
        if isinstance(variables, list):
            return _refused(limits, variables, operation)
        arguments = evaluate(document, operation, variables, limits)
        cost = cost_of(limits, document, operation, variables.coerced)
    except (BadRequestError, GraphQLError) as error:
        return _refused(limits, [error], operation)
    kind = KINDS[operation.operation]
    return Prepared(document, operation, kind, variables, arguments, cost)


def _refused(
    limits: Limits,
    errors: Iterable[Exception],
    operation: OperationDefinitionNode | None = None,
) -> Refused:
    told = [bad_request(error) for error in errors]
    return Refused(told[: limits.max_errors], operation)
