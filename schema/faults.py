"""Top-level errors as a client is told of them: mistakes in full, faults by an id only."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from graphql import GraphQLError

import models
from resolvers.errors import BadRequestError
from schema.errors import code_of

logger = logging.getLogger(__name__)


def bad_request(error: Exception) -> GraphQLError:
    """Return the error of a request that can never be right, whatever it was that noticed."""
    extensions: dict[str, Any] = {"code": "BAD_REQUEST"}
    if not isinstance(error, GraphQLError):
        return GraphQLError(str(error), extensions=extensions)
    return GraphQLError(
        error.message,
        error.nodes,
        error.source,
        error.positions,
        error.path,
        extensions={**(error.extensions or {}), **extensions},
    )


def told(error: GraphQLError) -> GraphQLError:
    """Return an error as the client is told of it: a fault is logged and told by its id only."""
    original = error.original_error
    if isinstance(original, BadRequestError):
        extensions: dict[str, Any] = {"code": "BAD_REQUEST"}
    elif isinstance(original, models.ForbiddenError):
        extensions = {"code": "FORBIDDEN", "permission": original.permission}
    elif isinstance(original, models.DomainError):
        extensions = {"code": code_of(original)}
    elif original is None or isinstance(original, GraphQLError):
        extensions = {"code": "BAD_REQUEST", **(error.extensions or {})}
    else:
        return _fault(error)
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


def _fault(error: GraphQLError) -> GraphQLError:
    fault = uuid4().hex
    logger.error("fault %s at %s", fault, error.path, exc_info=error.original_error)
    return GraphQLError(
        f"Something went wrong on our side; tell support the id {fault}.",
        nodes=error.nodes,
        path=error.path,
        extensions={"code": "INTERNAL", "id": fault},
    )


def is_bad_request(error: Mapping[str, Any]) -> bool:
    """Whether an error, as a client is told of it, says that the request can never be right."""
    return bool(error.get("extensions", {}).get("code") == "BAD_REQUEST")
