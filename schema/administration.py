"""Administration of access: its queries and mutations, all of which need USER_ADMIN."""

from typing import Annotated, TypeVar

import strawberry

from resolvers import access, api_tokens, groups
from schema.access import (
    InviteUserInput,
    InviteUserResult,
    InviteUserSuccess,
    SetUserAccessInput,
    SetUserAccessResult,
    SetUserAccessSuccess,
    UserFilter,
    keys,
)
from schema.api_token import (
    ApiToken,
    ApiTokenFilter,
    CreateApiTokenInput,
    CreateApiTokenResult,
    CreateApiTokenSuccess,
    RevokeApiTokenInput,
    RevokeApiTokenResult,
    RevokeApiTokenSuccess,
)
from schema.context import Info
from schema.ids import input_key
from schema.pagination import Argument, Connection, connection
from schema.user import User, UserGroup
from schema.user_group import (
    ChangeUserGroupInput,
    ChangeUserGroupResult,
    ChangeUserGroupSuccess,
    CreateUserGroupInput,
    CreateUserGroupResult,
    CreateUserGroupSuccess,
    DeleteUserGroupInput,
    DeleteUserGroupResult,
    DeleteUserGroupSuccess,
)

T = TypeVar("T")

Input = Annotated[T, strawberry.argument(description="What to do.")]


@strawberry.type(description="What administrators of access can ask.")
class AdministrationQuery:
    users: Connection[User] = connection(
        "People of the organisation, by name; needs USER_ADMIN.",
        access.users,
        filter=Argument(UserFilter | None, "Which people."),
    )
    user_groups: Connection[UserGroup] = connection(
        "Groups of the organisation, by name; needs USER_ADMIN.", groups.groups
    )
    api_tokens: Connection[ApiToken] = connection(
        "API tokens of the organisation, newest first; needs USER_ADMIN.",
        api_tokens.tokens,
        filter=Argument(ApiTokenFilter | None, "Which tokens."),
    )


@strawberry.type(description="What administrators of access can do.")
class AdministrationMutation:
    @strawberry.mutation(description="Let a person of the organisation in.")
    async def invite_user(self, info: Info, input: Input[InviteUserInput]) -> InviteUserResult:
        id = await access.invite(
            info.context.viewer,
            input.email,
            input.name,
            input.client_access,
            keys(input.group_ids),
        )
        return InviteUserSuccess(user_id=id)

    @strawberry.mutation(description="Enable or disable a person, or give them other access.")
    async def set_user_access(
        self, info: Info, input: Input[SetUserAccessInput]
    ) -> SetUserAccessResult:
        id = await access.set_access(
            info.context.viewer, input_key(input.user_id, "User"), input.access()
        )
        return SetUserAccessSuccess(user_id=id)

    @strawberry.mutation(description="Make a group of the organisation's own.")
    async def create_user_group(
        self, info: Info, input: Input[CreateUserGroupInput]
    ) -> CreateUserGroupResult:
        wanted = groups.Group(input.name, input.description, input.permissions)
        return CreateUserGroupSuccess(group_id=await groups.create(info.context.viewer, wanted))

    @strawberry.mutation(description="Change a group of the organisation's own.")
    async def change_user_group(
        self, info: Info, input: Input[ChangeUserGroupInput]
    ) -> ChangeUserGroupResult:
        key = input_key(input.group_id, "UserGroup")
        id = await groups.change(info.context.viewer, key, input.wanted())
        return ChangeUserGroupSuccess(group_id=id)

    @strawberry.mutation(description="Delete a group of the organisation's own without members.")
    async def delete_user_group(
        self, info: Info, input: Input[DeleteUserGroupInput]
    ) -> DeleteUserGroupResult:
        await groups.delete(info.context.viewer, input_key(input.group_id, "UserGroup"))
        return DeleteUserGroupSuccess(deleted_id=input.group_id)

    @strawberry.mutation(description="Make an API token of the viewer's; its secret is shown once.")
    async def create_api_token(
        self, info: Info, input: Input[CreateApiTokenInput]
    ) -> CreateApiTokenResult:
        id, secret = await api_tokens.create(
            info.context.viewer, input.name, input.scopes, input.expires_at
        )
        return CreateApiTokenSuccess(api_token_id=id, secret=secret)

    @strawberry.mutation(description="Let an API token be good no more.")
    async def revoke_api_token(
        self, info: Info, input: Input[RevokeApiTokenInput]
    ) -> RevokeApiTokenResult:
        key = input_key(input.api_token_id, "ApiToken")
        id = await api_tokens.revoke(info.context.viewer, key)
        return RevokeApiTokenSuccess(api_token_id=id)
