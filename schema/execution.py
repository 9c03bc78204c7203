"""Execution: an operation is found, its values are checked, and its root fields are answered."""

from collections.abc import AsyncGenerator, Iterable
from typing import Any, Final

import orjson
import strawberry
from graphql import GraphQLError, OperationDefinitionNode, get_variable_values, located_error
from graphql import OperationType as GraphQLOperationType
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType
from typing_extensions import override

from auth import UnauthenticatedError
from events import StoppedError
from resolvers.errors import BadRequestError
from schema.answer import Answer
from schema.arguments import evaluate
from schema.context import Context, Document
from schema.documents import MOST_ERRORS, Documents
from schema.faults import bad_request, is_bad_request, told

KINDS: Final = {kind.value: kind for kind in OperationType}
ONE_ANSWER: Final = (OperationType.QUERY, OperationType.MUTATION)


class OperationRefusedError(Exception):
    """An operation that is not executed at all, or a stream that broke off: why, as it is told."""

    def __init__(self, errors: Iterable[GraphQLError]) -> None:
        super().__init__()
        self.errors = [error.formatted for error in errors]


class Schema(strawberry.Schema):
    """A Strawberry schema whose operations are executed by `schema/answer.py`."""

    @property
    def documents(self) -> Documents:
        """The documents that were sent lately."""
        try:
            return self._documents
        except AttributeError:
            self._documents: Documents = Documents(self._schema)
            return self._documents

    @override
    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Context | None = None,
        root_value: Any = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Execute a query or mutation; what is wrong with it as such is a `PreExecutionError`."""
        answer = self._prepared(query, variable_values, context_value, operation_name)
        if isinstance(answer, PreExecutionError):
            return answer
        kind = KINDS[answer.operation.operation.value]
        if kind not in (allowed_operation_types or ONE_ANSWER):
            raise InvalidOperationTypeError(kind)
        return await _result(answer)

    async def answers(
        self,
        query: str,
        variable_values: dict[str, Any] | None,
        context_value: Context,
        operation_name: str | None,
    ) -> AsyncGenerator[tuple[bytes, ...], None]:
        """Return the answers of any operation, encoded, as they come: one, or those of a stream.

        Raises `OperationRefusedError` for what is wrong with it as such.
        """
        answer = self._prepared(query, variable_values, context_value, operation_name)
        if isinstance(answer, PreExecutionError):
            raise OperationRefusedError(answer.errors or [])
        if answer.operation.operation is GraphQLOperationType.SUBSCRIPTION:
            return await _stream(answer)
        return _once(answer)

    def _prepared(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None,
        context_value: Context | None,
        operation_name: str | None,
    ) -> Answer | PreExecutionError:
        """Return the answer of an operation whose arguments make sense, or what is wrong."""
        if context_value is None:
            raise TypeError("an operation is executed for a viewer")
        document = self.documents.read(query or "")
        if isinstance(document, list):
            return _refused(document)
        context_value.document = document
        try:
            operation = _operation(document, operation_name)
        except GraphQLError as error:
            return _refused([error])
        variables = get_variable_values(
            self._schema,
            operation.variable_definitions or (),
            variable_values or {},
            max_errors=MOST_ERRORS,
        )
        if isinstance(variables, list):
            return _refused(variables)
        try:
            evaluate(self._schema, context_value, operation, variables)
        except (BadRequestError, GraphQLError) as error:
            return _refused([error])
        return Answer(context_value, operation, variables)


async def _result(answer: Answer) -> ExecutionResult:
    data = await answer.data()
    return ExecutionResult(data=data, errors=[told(error) for error in answer.errors] or None)


async def _once(answer: Answer) -> AsyncGenerator[tuple[bytes, ...], None]:
    result = await _result(answer)
    errors = [error.formatted for error in result.errors or ()]
    if any(is_bad_request(error) for error in errors):
        raise OperationRefusedError(result.errors or [])
    whole: dict[str, Any] = {"errors": errors} if errors else {}
    yield (orjson.dumps(whole | {"data": result.data}),)


async def _stream(answer: Answer) -> AsyncGenerator[tuple[bytes, ...], None]:
    """Return the answers of a subscription: its resolver wraps and encodes each by itself."""
    try:
        return _told_of_faults(await answer.source())
    except GraphQLError as error:
        raise OperationRefusedError([told(error)]) from error


async def _told_of_faults(
    source: AsyncGenerator[tuple[bytes, ...], None],
) -> AsyncGenerator[tuple[bytes, ...], None]:
    try:
        async for answers in source:
            yield answers
    except (StoppedError, UnauthenticatedError):
        raise
    except Exception as error:
        raise OperationRefusedError([told(located_error(error))]) from error


def _operation(document: Document, name: str | None) -> OperationDefinitionNode:
    """Return the operation of a name, or the only one."""
    if name is not None:
        operation = document.operations.get(name)
        if operation is None:
            raise GraphQLError(f"Unknown operation named '{name}'.")
        return operation
    if not document.operations:
        raise GraphQLError("Must provide an operation.")
    if len(document.operations) > 1:
        raise GraphQLError("Must provide operation name if query contains multiple operations.")
    return next(iter(document.operations.values()))


def _refused(errors: Iterable[Exception]) -> PreExecutionError:
    return PreExecutionError(data=None, errors=[bad_request(error) for error in errors])
