"""Top-level errors as a client is told of them: mistakes in full, faults by an id only."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from graphql import GraphQLError
from strawberry.types.graphql import OperationType

import models
from database import is_away, is_full, took_too_long
from observing import log_fault
from resolvers.errors import BadRequestError, TooLongError
from schema.errors import code_of

logger = logging.getLogger(__name__)


def bad_request(error: Exception) -> GraphQLError:
    """Return the error of a request that can never be right, whatever it was that noticed."""
    extensions = _extensions_of(error)
    if not isinstance(error, GraphQLError):
        return GraphQLError(str(error), extensions=extensions)
    return GraphQLError(
        error.message,
        error.nodes,
        error.source,
        error.positions,
        error.path,
        extensions={**extensions, **(error.extensions or {})},
    )


def _extensions_of(error: Exception) -> dict[str, Any]:
    """Return what a mistake tells beside its sentence: its code, and the limit that it exceeds."""
    if isinstance(error, TooLongError):
        return {"code": "BAD_REQUEST", "limit": error.limit, "maximum": error.maximum}
    return {"code": "BAD_REQUEST"}


def told(error: GraphQLError, kind: OperationType = OperationType.QUERY) -> GraphQLError:
    """Return an error as the client is told of it: a fault is logged and told by its id only."""
    original = error.original_error
    if isinstance(original, BadRequestError):
        extensions = _extensions_of(original)
    elif isinstance(original, models.ForbiddenError):
        extensions = {"code": "FORBIDDEN", "permission": original.permission}
    elif isinstance(original, models.DomainError):
        extensions = {"code": code_of(original)}
    elif original is None or isinstance(original, GraphQLError):
        extensions = {"code": "BAD_REQUEST", **(error.extensions or {})}
    else:
        return _mishap(error, original, kind)
    # GraphQL's own takes the attribute `message`, which is the class's.
    message = str(original) if isinstance(original, models.DomainError) else error.message
    return GraphQLError(
        message,
        error.nodes,
        error.source,
        error.positions,
        error.path,
        original,
        extensions,
    )


def _mishap(error: GraphQLError, original: Exception, kind: OperationType) -> GraphQLError:
    """Return the error of what neither the client nor a rule is to blame for."""
    if took_too_long(original):
        return unfinished(kind)
    if is_full(original):
        logger.error("the disk of the database is full")
        return _retryable("UNAVAILABLE", "The database has no room at the moment.", kind)
    if is_away(original):
        logger.warning("the database is away: %s", type(original).__name__)
        return _retryable("UNAVAILABLE", "The database is not there at the moment.", kind)
    fault = log_fault(original, at=".".join(map(str, error.path or ())))
    return GraphQLError(
        f"Something went wrong on our side; tell support the id {fault}.",
        nodes=error.nodes,
        path=error.path,
        extensions={"code": "INTERNAL", "id": fault},
    )


def unfinished(kind: OperationType) -> GraphQLError:
    """Return the error of an operation that has taken too long and was given up."""
    return _retryable("TIMEOUT", "This took too long and was given up.", kind)


def _retryable(code: str, sentence: str, kind: OperationType) -> GraphQLError:
    if kind is OperationType.MUTATION:
        sentence += " Whether it has changed anything is not known: look before you repeat it."
    return GraphQLError(sentence, extensions={"code": code})


def codes_of(errors: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the codes of errors as a client is told of them."""
    return {error["extensions"]["code"] for error in errors}
