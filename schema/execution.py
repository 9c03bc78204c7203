"""Execution: an operation is found, its values are checked, and its root fields are answered."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import suppress
from time import perf_counter
from typing import Any, Final

import orjson
import strawberry
from graphql import GraphQLError, located_error
from graphql import OperationType as GraphQLOperationType
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType
from typing_extensions import override

from auth import UnauthenticatedError
from events import StoppedError
from observing import tracing
from observing.figures import observe
from resolvers.errors import BadRequestError
from schema.answer import Answer
from schema.arguments import evaluate
from schema.coercion import coerced_variables
from schema.context import Context, name_of
from schema.deadline import Deadline
from schema.documents import Documents, document_id
from schema.faults import bad_request, codes_of, told, unfinished
from schema.limits import check_variables, cost_of
from schema.turns import Turns
from settings.limits import Limits

KINDS: Final = {kind: OperationType(kind.value) for kind in GraphQLOperationType}
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
            return self.limit(Limits())

    def limit(self, limits: Limits, at_once: int = 8) -> Documents:
        """Hold every operation from now on to these limits, and execute so many at once."""
        self.limits: Limits = limits
        self._turns = Turns(at_once, limits.max_wait_seconds)
        self._documents: Documents = Documents(self._schema, limits)
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
        """Execute a query or mutation, or raise `OverloadedError` where it would only wait.

        What is wrong with it as such is a `PreExecutionError`.
        """
        answer = self._prepared(
            query, variable_values, context_value, operation_name, operation_extensions
        )
        if isinstance(answer, PreExecutionError):
            return answer
        kind = KINDS[answer.operation.operation]
        if kind not in (allowed_operation_types or ONE_ANSWER):
            raise InvalidOperationTypeError(kind)
        return await self._result(answer, kind)

    async def answers(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None,
        context_value: Context,
        operation_name: str | None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> AsyncGenerator[tuple[bytes, ...], None]:
        """Return the answers of any operation, encoded, as they come: one, or those of a stream.

        Raises `OperationRefusedError` for what is wrong with it as such.
        """
        answer = self._prepared(
            query, variable_values, context_value, operation_name, operation_extensions
        )
        if isinstance(answer, PreExecutionError):
            raise OperationRefusedError(answer.errors or [])
        if answer.operation.operation is GraphQLOperationType.SUBSCRIPTION:
            return await _stream(answer)
        return self._once(answer)

    def is_mutation(self, query: str | None, id: str | None, name: str | None) -> bool:
        """Whether a document asks for a mutation; what is wrong with it is told by executing it."""
        document = self.documents.read(query, id)
        if isinstance(document, list):
            return False
        with suppress(GraphQLError):
            return document.operation(name).operation is GraphQLOperationType.MUTATION
        return False

    def _prepared(
        self,
        query: str | None,
        values: dict[str, Any] | None,
        context: Context | None,
        name: str | None,
        extensions: dict[str, Any] | None,
    ) -> Answer | PreExecutionError:
        """Return the answer of an operation that makes sense and is allowed, or what is wrong."""
        if context is None:
            raise TypeError("an operation is executed for a viewer")
        document = self.documents.read(query, document_id(extensions))
        if isinstance(document, list):
            return self._refused(document)
        context.document = document
        try:
            check_variables(self.limits, values)
            operation = document.operation(name)
            variables = coerced_variables(document, operation, values or {}, self.limits)
            if isinstance(variables, list):
                return self._refused(variables)
            context.operation = name_of(operation)
            if tracing.spans is not None:
                tracing.spans.name_operation(operation.operation.value, context.operation)
            evaluate(self._schema, context, operation, variables, self.limits)
            context.cost = cost_of(self.limits, document, operation, variables.coerced)
        except (BadRequestError, GraphQLError) as error:
            return self._refused([error])
        return Answer(context, operation, variables)

    def _refused(self, errors: Iterable[Exception]) -> PreExecutionError:
        told = [bad_request(error) for error in errors]
        return PreExecutionError(data=None, errors=told[: self.limits.max_errors])

    async def _result(self, answer: Answer, kind: OperationType) -> ExecutionResult:
        who = answer.context.viewer.user_id
        began = await self._turns.take(who)
        try:
            with Deadline(self.limits.operation_seconds):
                data = await answer.data()
        except TimeoutError:
            return ExecutionResult(data=None, errors=[unfinished(kind)])
        finally:
            self._turns.give_back(who, began)
        errors = [told(error, kind) for error in answer.errors[: self.limits.max_errors]]
        return ExecutionResult(data, errors or None, {"cost": answer.context.cost})

    async def _once(self, answer: Answer) -> AsyncGenerator[tuple[bytes, ...], None]:
        started = perf_counter()
        result = await self._result(answer, KINDS[answer.operation.operation])
        errors = [error.formatted for error in result.errors or ()]
        code = {"code": errors[0]["extensions"]["code"]} if errors else {}
        observe({"operation": answer.context.operation, **code}, perf_counter() - started)
        if "BAD_REQUEST" in codes_of(errors):
            raise OperationRefusedError(result.errors or [])
        whole: dict[str, Any] = {"errors": errors} if errors else {}
        yield (orjson.dumps(whole | {"data": result.data, "extensions": result.extensions}),)


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
