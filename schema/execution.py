"""Execution: cached documents, graphql-core's executor, rows as the database made them."""

from collections.abc import Iterable
from typing import Any

import orjson
import strawberry
from graphql import GraphQLError
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType
from typing_extensions import override

from resolvers.errors import BadRequestError
from schema.arguments import evaluate
from schema.context import Context
from schema.documents import Documents
from schema.faults import bad_request, told


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
        """Execute an operation; what is wrong with it as such is a `PreExecutionError`."""
        if context_value is None:
            raise TypeError("an operation is executed for a viewer")
        document = self.documents.read(query or "")
        if isinstance(document, list):
            return _refused(document)
        context_value.document = document
        executor: Any = Execution.build(
            self._schema,
            document.node,
            root_value,
            context_value,
            variable_values,
            operation_name,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type] # a guard but for its type
        )
        if isinstance(executor, list):
            return _refused(executor)
        kind = OperationType(executor.operation.operation.value)
        if allowed_operation_types is not None and kind not in allowed_operation_types:
            raise InvalidOperationTypeError(kind)
        try:
            evaluate(self._schema, context_value, executor.operation, executor.variable_values)
        except (BadRequestError, GraphQLError) as error:
            return _refused([error])
        result = executor.execute_operation()
        if executor.is_awaitable(result):
            result = await result
        errors = [told(error) for error in result.errors or ()]
        return ExecutionResult(data=result.data, errors=errors or None)


def _refused(errors: Iterable[Exception]) -> PreExecutionError:
    return PreExecutionError(data=None, errors=[bad_request(error) for error in errors])
