"""Groups of users as administrators change them."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

import models
from resolvers import groups
from schema.context import Info
from schema.errors import (
    ForbiddenError,
    GroupInUseError,
    InvalidInputError,
    LastAdministratorError,
    NotFoundError,
)
from schema.selection import selection
from schema.user import UserGroup

SAME = "Absent or null: unchanged."


@strawberry.input(description="A group to make.")
class CreateUserGroupInput:
    name: str = strawberry.field(description="Name that no other group has, 1 to 100 characters.")
    description: str = strawberry.field(
        default="", description="What the group is for, at most 500 characters."
    )
    permissions: list[models.Permission] = strawberry.field(
        description="Permissions that the group gives."
    )


@strawberry.input(description="Changes of a group.")
class ChangeUserGroupInput:
    group_id: strawberry.ID = strawberry.field(description="The group.")
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"Name that no other group has. {SAME}"
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"What the group is for. {SAME}"
    )
    permissions: list[models.Permission] | None = strawberry.field(
        default=strawberry.UNSET, description=f"Permissions that the group gives. {SAME}"
    )

    def wanted(self) -> groups.Group:
        """Return what is to be changed."""
        given = (self.name, self.description, self.permissions)
        name, description, permissions = (None if v is strawberry.UNSET else v for v in given)
        return groups.Group(name, description, permissions)  # type: ignore[arg-type] # each has its own type


@strawberry.input(description="A group to delete.")
class DeleteUserGroupInput:
    group_id: strawberry.ID = strawberry.field(description="Group without members.")


@strawberry.type(description="Success of a mutation of a group.")
class _GroupSaved:
    group_id: strawberry.Private[UUID]

    @strawberry.field(description="Group as saved.")
    async def group(self, info: Info) -> UserGroup:
        json = await groups.find(info.context.viewer, selection(info), self.group_id)
        return cast("UserGroup", json)


@strawberry.type(description="Success of `createUserGroup`.")
class CreateUserGroupSuccess(_GroupSaved):
    pass


@strawberry.type(description="Success of `changeUserGroup`.")
class ChangeUserGroupSuccess(_GroupSaved):
    pass


@strawberry.type(description="Success of `deleteUserGroup`.")
class DeleteUserGroupSuccess:
    deleted_id: strawberry.ID = strawberry.field(description="Id of what was the group.")


CreateUserGroupResult = Annotated[
    CreateUserGroupSuccess | ForbiddenError | InvalidInputError,
    strawberry.union("CreateUserGroupResult", description="Outcome of `createUserGroup`."),
]
ChangeUserGroupResult = Annotated[
    ChangeUserGroupSuccess
    | NotFoundError
    | ForbiddenError
    | InvalidInputError
    | LastAdministratorError,
    strawberry.union("ChangeUserGroupResult", description="Outcome of `changeUserGroup`."),
]
DeleteUserGroupResult = Annotated[
    DeleteUserGroupSuccess | NotFoundError | ForbiddenError | InvalidInputError | GroupInUseError,
    strawberry.union("DeleteUserGroupResult", description="Outcome of `deleteUserGroup`."),
]
