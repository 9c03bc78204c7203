"""Who asks over HTTP, and that they do not do so too often."""

from starlette.types import Scope

import auth
from rates import Rates, TooManyError
from schema.context import Context
from schema.requests import HttpError


async def context_of(scope: Scope, rates: Rates) -> Context:
    """Return who asks, or refuse with 401; who asks or fails too often, with 429."""
    try:
        credential = auth.credential_of(scope)
        viewer = await credential.viewer()
        rates.ask(viewer.user_id)
    except auth.UnauthenticatedError as error:
        raise _unauthenticated(error, scope, rates) from error
    except TooManyError as error:
        raise _too_many(error) from error
    return Context(viewer, credential)


def _unauthenticated(error: auth.UnauthenticatedError, scope: Scope, rates: Rates) -> HttpError:
    try:
        rates.fail(scope)
    except TooManyError as too_many:
        return _too_many(too_many)
    message = "Show a valid token as Authorization: Bearer <token>, or sign in."
    return HttpError(401, error.code, message, **{"www-authenticate": "Bearer"})


def _too_many(error: TooManyError) -> HttpError:
    return HttpError(429, error.code, str(error), **{"retry-after": str(error.seconds)})
