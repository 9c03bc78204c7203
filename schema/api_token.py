"""API tokens as administrators see them, and what their mutations take and answer."""

import datetime as dt
from typing import Annotated, cast
from uuid import UUID

import strawberry

import models
from resolvers import api_tokens
from schema.context import Info
from schema.errors import ForbiddenError, InvalidInputError, NotFoundError
from schema.filters import which
from schema.node import Node
from schema.selection import selection
from schema.user import User


@strawberry.type(description="Credential of an integration, which acts as the user who made it.")
class ApiToken(Node):
    name: str = strawberry.field(description="What it is for.")
    user: User = strawberry.field(description="Person who made it.")
    scopes: list[models.Permission] | None = strawberry.field(
        description="Permissions that it has while its user has them; null for all of these."
    )
    created_at: dt.datetime = strawberry.field(description="Timestamp of its making.")
    expires_at: dt.datetime = strawberry.field(description="Timestamp from which it is refused.")
    revoked_at: dt.datetime | None = strawberry.field(
        description="Timestamp of its revocation; null for none."
    )
    last_used_at: dt.datetime | None = strawberry.field(
        description="Timestamp of its last use, to the minute; null for never."
    )


@strawberry.input(description=which("API tokens"))
class ApiTokenFilter:
    user_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Made by this person."
    )


@strawberry.input(description="An API token to make.")
class CreateApiTokenInput:
    name: str = strawberry.field(description="What it is for, 1 to 100 characters.")
    scopes: list[models.Permission] = strawberry.field(
        description="Permissions that it is to have, of those that you have."
    )
    expires_at: dt.datetime = strawberry.field(
        description="Timestamp from which it is refused, at most a year from now."
    )


@strawberry.input(description="An API token to revoke.")
class RevokeApiTokenInput:
    api_token_id: strawberry.ID = strawberry.field(description="The token.")


@strawberry.type(description="Success of a mutation of an API token.")
class _ApiTokenSaved:
    api_token_id: strawberry.Private[UUID]

    @strawberry.field(description="Token as saved.")
    async def api_token(self, info: Info) -> ApiToken:
        json = await api_tokens.find(info.context.viewer, selection(info), self.api_token_id)
        return cast("ApiToken", json)


@strawberry.type(description="Success of `createApiToken`.")
class CreateApiTokenSuccess(_ApiTokenSaved):
    secret: str = strawberry.field(
        description="The credential itself, shown this once: `Authorization: Bearer <secret>`."
    )


@strawberry.type(description="Success of `revokeApiToken`; also where it was revoked before.")
class RevokeApiTokenSuccess(_ApiTokenSaved):
    pass


CreateApiTokenResult = Annotated[
    CreateApiTokenSuccess | ForbiddenError | InvalidInputError,
    strawberry.union("CreateApiTokenResult", description="Outcome of `createApiToken`."),
]
RevokeApiTokenResult = Annotated[
    RevokeApiTokenSuccess | NotFoundError | ForbiddenError,
    strawberry.union("RevokeApiTokenResult", description="Outcome of `revokeApiToken`."),
]
