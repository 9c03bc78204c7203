"""Execution: cached documents, graphql-core's executor, rows as the database made them."""

from collections.abc import AsyncGenerator, Iterable
from typing import Any, Final

import orjson
import strawberry
from graphql import ExecutionResult as GraphQLResult
from graphql import GraphQLError, located_error
from graphql import OperationType as GraphQLOperationType
from graphql.execution import create_source_event_stream
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType
from typing_extensions import override

from auth import UnauthenticatedError
from events import StoppedError
from resolvers.errors import BadRequestError
from schema.arguments import evaluate
from schema.context import Context
from schema.documents import Documents
from schema.faults import bad_request, is_bad_request, told

ONE_ANSWER: Final = (OperationType.QUERY, OperationType.MUTATION)


class OperationRefusedError(Exception):
    """An operation that is not executed at all, or a stream that broke off: why, as it is told."""

    def __init__(self, errors: Iterable[GraphQLError]) -> None:
        super().__init__()
        self.errors = [error.formatted for error in errors]


class Execution(StrawberryGraphQLCoreExecutionContext):
    """Executes an operation whose rows are read whole, one statement for each root field."""

    @override
    def complete_value(
        self,
        return_type: Any,
        field_details_list: Any,
        info: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        if type(result) is orjson.Fragment:
            return result
        return super().complete_value(
            return_type, field_details_list, info, path, result, position_context
        )


class Schema(strawberry.Schema):
    """A Strawberry schema that runs no extensions: these would cost as much again."""

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
        executor = self._prepared(query, variable_values, context_value, operation_name)
        if isinstance(executor, PreExecutionError):
            return executor
        kind = OperationType(executor.operation.operation.value)
        if kind not in (allowed_operation_types or ONE_ANSWER):
            raise InvalidOperationTypeError(kind)
        return await _result(executor)

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
        executor = self._prepared(query, variable_values, context_value, operation_name)
        if isinstance(executor, PreExecutionError):
            raise OperationRefusedError(executor.errors or [])
        if executor.operation.operation is GraphQLOperationType.SUBSCRIPTION:
            return await _stream(executor)
        return _once(executor)

    def _prepared(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None,
        context_value: Context | None,
        operation_name: str | None,
    ) -> Execution | PreExecutionError:
        """Return the executor of an operation whose arguments make sense, or what is wrong."""
        if context_value is None:
            raise TypeError("an operation is executed for a viewer")
        document = self.documents.read(query or "")
        if isinstance(document, list):
            return _refused(document)
        context_value.document = document
        executor: Any = Execution.build(
            self._schema,
            document.node,
            None,
            context_value,
            variable_values,
            operation_name,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type] # a guard but for its type
        )
        if isinstance(executor, list):
            return _refused(executor)
        prepared: Execution = executor
        try:
            evaluate(self._schema, context_value, executor.operation, executor.variable_values)
        except (BadRequestError, GraphQLError) as error:
            return _refused([error])
        return prepared


async def _result(executor: Execution) -> ExecutionResult:
    result: Any = executor.execute_operation()
    if executor.is_awaitable(result):
        result = await result
    errors = [told(error) for error in result.errors or ()]
    return ExecutionResult(data=result.data, errors=errors or None)


async def _once(executor: Execution) -> AsyncGenerator[tuple[bytes, ...], None]:
    result = await _result(executor)
    errors = [error.formatted for error in result.errors or ()]
    if any(is_bad_request(error) for error in errors):
        raise OperationRefusedError(result.errors or [])
    answer: dict[str, Any] = {"errors": errors} if errors else {}
    yield (orjson.dumps(answer | {"data": result.data}),)


async def _stream(executor: Execution) -> AsyncGenerator[tuple[bytes, ...], None]:
    """Return the answers of a subscription: its resolver wraps and encodes each by itself."""
    source: Any = create_source_event_stream(executor)
    if executor.is_awaitable(source):
        source = await source
    if isinstance(source, GraphQLResult):
        raise OperationRefusedError([told(error) for error in source.errors or ()])
    return _told_of_faults(source)


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


def _refused(errors: Iterable[Exception]) -> PreExecutionError:
    return PreExecutionError(data=None, errors=[bad_request(error) for error in errors])
