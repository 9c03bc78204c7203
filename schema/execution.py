"""Execution: an operation is prepared, waits for its turn, and its root fields are answered."""

from collections.abc import AsyncGenerator, Iterable
from time import perf_counter
from typing import Any, Final

import orjson
import strawberry
from graphql import GraphQLError, OperationDefinitionNode, located_error
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType
from typing_extensions import override

from auth import UnauthenticatedError
from events import StoppedError
from observing import tracing
from observing.figures import observe
from schema.answer import Answer
from schema.context import Context, Prepared
from schema.deadline import Deadline
from schema.documents import Documents
from schema.faults import codes_of, told, unfinished
from schema.preparing import Refused, prepare
from schema.turns import Turns
from settings.limits import Limits

SUBSCRIPTION: Final = OperationType.SUBSCRIPTION
ONE_ANSWER: Final = (OperationType.QUERY, OperationType.MUTATION)
# As much of an operation's name is told in the log, the figures and traces.
LONGEST_NAME: Final = 100


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
        if context_value is None:
            raise TypeError("an operation is executed for a viewer")
        prepared = self.prepare(query, variable_values, operation_name, operation_extensions)
        return await self.answer(prepared, context_value, allowed_operation_types or ONE_ANSWER)

    def prepare(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> Prepared | Refused:
        """Return an operation that makes sense and is allowed, or what is wrong with it."""
        values = variable_values or {}
        return prepare(
            self.documents, self.limits, query, values, operation_name, operation_extensions
        )

    async def answer(
        self, prepared: Prepared | Refused, context: Context, allowed: Iterable[OperationType]
    ) -> ExecutionResult:
        """Execute a query or mutation that was prepared, as `execute` does."""
        _tell(context, prepared.operation)
        if isinstance(prepared, Refused):
            return PreExecutionError(data=None, errors=prepared.errors)
        kind, who = prepared.kind, context.viewer.user_id
        if kind not in allowed:
            raise InvalidOperationTypeError(kind)
        answer = Answer(context, prepared)
        began = await self._turns.take(who)
        try:
            with Deadline(self.limits.operation_seconds):
                data = await answer.data()
        except TimeoutError:
            return ExecutionResult(data=None, errors=[unfinished(kind)])
        finally:
            self._turns.give_back(who, began)
        errors = [told(error, kind) for error in answer.errors[: self.limits.max_errors]]
        return ExecutionResult(data, errors or None, {"cost": prepared.cost})

    async def answers(
        self, prepared: Prepared | Refused, context: Context
    ) -> AsyncGenerator[tuple[bytes, ...], None]:
        """Return the answers of any operation, encoded, as they come: one, or those of a stream.

        Raises `OperationRefusedError` for what is wrong with it as such.
        """
        _tell(context, prepared.operation)
        if isinstance(prepared, Refused):
            raise OperationRefusedError(prepared.errors)
        if prepared.kind is SUBSCRIPTION:
            return await _stream(Answer(context, prepared))
        return self._once(prepared, context)

    async def _once(
        self, prepared: Prepared, context: Context
    ) -> AsyncGenerator[tuple[bytes, ...], None]:
        started = perf_counter()
        result = await self.answer(prepared, context, ONE_ANSWER)
        errors = [error.formatted for error in result.errors or ()]
        code = {"code": errors[0]["extensions"]["code"]} if errors else {}
        observe({"operation": context.operation, **code}, perf_counter() - started)
        if "BAD_REQUEST" in codes_of(errors):
            raise OperationRefusedError(result.errors or [])
        whole: dict[str, Any] = {"errors": errors} if errors else {}
        yield (orjson.dumps(whole | {"data": result.data, "extensions": result.extensions}),)


def _tell(context: Context, operation: OperationDefinitionNode | None) -> None:
    """Tell operators what is executed, by its name if it has one."""
    if operation is None:
        return
    context.operation = operation.name.value[:LONGEST_NAME] if operation.name else None
    if tracing.spans is not None:
        tracing.spans.name_operation(operation.operation.value, context.operation)


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
