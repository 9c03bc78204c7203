"""Administration of access: its queries and mutations, all of which need USER_ADMIN."""

from typing import Annotated, cast

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
from schema.pagination import After, Before, Connection, First, Last
from schema.selection import selection
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

INPUT = "What to do."


@strawberry.type(description="What administrators of access can ask.")
class AdministrationQuery:
    @strawberry.field(description="People of the organisation, by name; needs USER_ADMIN.")
    async def users(
        self,
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        filter: Annotated[
            UserFilter | None, strawberry.argument(description="Which people.")
        ] = strawberry.UNSET,
    ) -> Connection[User]:
        found = await access.users(info.context.viewer, selection(info))
        return cast("Connection[User]", found)

    @strawberry.field(description="Groups of the organisation, by name; needs USER_ADMIN.")
    async def user_groups(
        self,
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Connection[UserGroup]:
        found = await groups.groups(info.context.viewer, selection(info))
        return cast("Connection[UserGroup]", found)

    @strawberry.field(description="API tokens of the organisation, newest first; needs USER_ADMIN.")
    async def api_tokens(
        self,
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        filter: Annotated[
            ApiTokenFilter | None, strawberry.argument(description="Which tokens.")
        ] = strawberry.UNSET,
    ) -> Connection[ApiToken]:
        found = await api_tokens.tokens(info.context.viewer, selection(info))
        return cast("Connection[ApiToken]", found)


@strawberry.type(description="What administrators of access can do.")
class AdministrationMutation:
    @strawberry.mutation(description="Let a person of the organisation in.")
    async def invite_user(
        self, info: Info, input: Annotated[InviteUserInput, strawberry.argument(description=INPUT)]
    ) -> InviteUserResult:
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
        self,
        info: Info,
        input: Annotated[SetUserAccessInput, strawberry.argument(description=INPUT)],
    ) -> SetUserAccessResult:
        id = await access.set_access(
            info.context.viewer, input_key(input.user_id, "User"), input.access()
        )
        return SetUserAccessSuccess(user_id=id)

    @strawberry.mutation(description="Make a group of the organisation's own.")
    async def create_user_group(
        self,
        info: Info,
        input: Annotated[CreateUserGroupInput, strawberry.argument(description=INPUT)],
    ) -> CreateUserGroupResult:
        wanted = groups.Group(input.name, input.description, input.permissions)
        return CreateUserGroupSuccess(group_id=await groups.create(info.context.viewer, wanted))

    @strawberry.mutation(description="Change a group of the organisation's own.")
    async def change_user_group(
        self,
        info: Info,
        input: Annotated[ChangeUserGroupInput, strawberry.argument(description=INPUT)],
    ) -> ChangeUserGroupResult:
        key = input_key(input.group_id, "UserGroup")
        id = await groups.change(info.context.viewer, key, input.wanted())
        return ChangeUserGroupSuccess(group_id=id)

    @strawberry.mutation(description="Delete a group of the organisation's own without members.")
    async def delete_user_group(
        self,
        info: Info,
        input: Annotated[DeleteUserGroupInput, strawberry.argument(description=INPUT)],
    ) -> DeleteUserGroupResult:
        await groups.delete(info.context.viewer, input_key(input.group_id, "UserGroup"))
        return DeleteUserGroupSuccess(deleted_id=input.group_id)

    @strawberry.mutation(description="Make an API token of the viewer's; its secret is shown once.")
    async def create_api_token(
        self,
        info: Info,
        input: Annotated[CreateApiTokenInput, strawberry.argument(description=INPUT)],
    ) -> CreateApiTokenResult:
        id, secret = await api_tokens.create(
            info.context.viewer, input.name, input.scopes, input.expires_at
        )
        return CreateApiTokenSuccess(api_token_id=id, secret=secret)

    @strawberry.mutation(description="Let an API token be good no more.")
    async def revoke_api_token(
        self,
        info: Info,
        input: Annotated[RevokeApiTokenInput, strawberry.argument(description=INPUT)],
    ) -> RevokeApiTokenResult:
        key = input_key(input.api_token_id, "ApiToken")
        id = await api_tokens.revoke(info.context.viewer, key)
        return RevokeApiTokenSuccess(api_token_id=id)
