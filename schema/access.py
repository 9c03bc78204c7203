"""Access of people as administrators give and take it."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

import models
from resolvers import access
from schema.context import Info
from schema.errors import (
    ForbiddenError,
    InvalidInputError,
    LastAdministratorError,
    NotFoundError,
)
from schema.filters import HOW_WORDS_ARE_FOUND, which
from schema.ids import input_key
from schema.selection import selection
from schema.user import User

SAME = "Absent or null: unchanged."


@strawberry.input(description=which("people"))
class UserFilter:
    search: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Words or their beginnings in name or e-mail, in any order."
        f" {HOW_WORDS_ARE_FOUND}",
    )
    enabled: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether they can sign in."
    )
    client_access: models.ClientAccess | None = strawberry.field(
        default=strawberry.UNSET, description="With this client access."
    )
    group_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Members of this group."
    )


def keys(ids: list[strawberry.ID]) -> list[UUID]:
    """Return the keys in the ids of groups; another id is of no such thing."""
    return [input_key(id, "UserGroup") for id in ids]


@strawberry.input(description="A person to let in.")
class InviteUserInput:
    email: str = strawberry.field(
        description="E-mail address by which the organisation's sign-in knows the person."
    )
    name: str = strawberry.field(description="Name of the person, 1 to 200 characters.")
    client_access: models.ClientAccess = strawberry.field(
        default=models.ClientAccess.OPEN, description="Which parties the person may see."
    )
    group_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Groups that give the person permissions."
    )


@strawberry.input(description="Access of a person.")
class SetUserAccessInput:
    user_id: strawberry.ID = strawberry.field(description="The person.")
    enabled: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"Whether the person can sign in; false ends all sessions. {SAME}",
    )
    client_access: models.ClientAccess | None = strawberry.field(
        default=strawberry.UNSET, description=f"Which parties the person may see. {SAME}"
    )
    group_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description=f"All groups the person is then in. {SAME}"
    )

    def access(self) -> access.Access:
        """Return what is to be set."""
        return access.Access(
            enabled=self.enabled if self.enabled is not strawberry.UNSET else None,
            client_access=self.client_access or None,
            groups=keys(self.group_ids)
            if self.group_ids is not None and self.group_ids is not strawberry.UNSET
            else None,
        )


@strawberry.type(description="Success of a mutation of a person's access.")
class _UserSaved:
    user_id: strawberry.Private[UUID]

    @strawberry.field(description="Person as saved.")
    async def user(self, info: Info) -> User:
        return cast("User", await access.find(info.context.viewer, selection(info), self.user_id))


@strawberry.type(description="Success of `inviteUser`.")
class InviteUserSuccess(_UserSaved):
    pass


@strawberry.type(description="Success of `setUserAccess`.")
class SetUserAccessSuccess(_UserSaved):
    pass


InviteUserResult = Annotated[
    InviteUserSuccess | NotFoundError | ForbiddenError | InvalidInputError,
    strawberry.union("InviteUserResult", description="Outcome of `inviteUser`."),
]
SetUserAccessResult = Annotated[
    SetUserAccessSuccess
    | NotFoundError
    | ForbiddenError
    | InvalidInputError
    | LastAdministratorError,
    strawberry.union("SetUserAccessResult", description="Outcome of `setUserAccess`."),
]
