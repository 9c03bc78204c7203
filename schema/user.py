"""People and organisations as a client sees them."""

import strawberry

import models
from schema.node import Node


@strawberry.type(description="Firm whose client file this is.")
class Organisation(Node):
    name: str = strawberry.field(description="Name of the organisation.")
    require_products_terminated: bool = strawberry.field(
        description="Whether a party can only end once the products it owns are terminated."
    )
    four_eyes: bool = strawberry.field(
        description="Whether another person than the starter must set DONE."
    )
    retention_months: int | None = strawberry.field(
        description="Months that data is kept after the end; null for ever."
    )


@strawberry.type(description="Person of an organisation.")
class User(Node):
    name: str = strawberry.field(description="Name of the person.")
    email: str = strawberry.field(description="E-mail address of the person.")
    enabled: bool = strawberry.field(
        description="Whether the person can sign in and be given tasks."
    )
    client_access: models.ClientAccess = strawberry.field(
        description="Which parties the person may see."
    )
    groups: list["UserGroup"] = strawberry.field(
        description="Groups that give the person permissions, by name."
    )


@strawberry.type(description="Group of users; a user has the permissions of all their groups.")
class UserGroup(Node):
    name: str = strawberry.field(description="Name of the group.")
    description: str = strawberry.field(description="What the group is for.")
    permissions: list[models.Permission] = strawberry.field(
        description="Permissions that the group gives."
    )
    is_default: bool = strawberry.field(
        description="Whether every organisation has it; such a group never changes."
    )
    member_count: int = strawberry.field(description="Number of people in the group.")


@strawberry.type(description="Who asks.")
class Viewer:
    user: User = strawberry.field(description="Person that the credential belongs to.")
    organisation: Organisation = strawberry.field(description="Organisation of the viewer.")
    permissions: list[models.Permission] = strawberry.field(
        description="Permissions of the viewer, from all groups."
    )
    client_access: models.ClientAccess = strawberry.field(
        description="Which parties the viewer may see."
    )
    language: models.Language = strawberry.field(
        description="Language in which the viewer is written to."
    )
    daily_digest: bool = strawberry.field(
        description="Whether the viewer gets a daily letter with their open tasks."
    )
    open_task_count: int = strawberry.field(
        description="Number of offboardings assigned to the viewer that are not DONE."
    )
