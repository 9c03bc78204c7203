"""Groups of users, and the permissions they give."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model
from uuid_utils.compat import uuid7

from models.errors import InvalidInputError
from models.organisation import Organisation, of_organisation
from models.readable import Order, Readable

if TYPE_CHECKING:
    from models.user import User


class Permission(StrEnum):
    """What a group of users may do."""

    CLIENT_FILE_READ = "CLIENT_FILE_READ"
    CLIENT_FILE_WRITE = "CLIENT_FILE_WRITE"
    CLIENT_FILE_EXPORT = "CLIENT_FILE_EXPORT"
    PARTY_OFFBOARDING_WRITE = "PARTY_OFFBOARDING_WRITE"
    PARTY_OFFBOARDING_DONE_WRITE = "PARTY_OFFBOARDING_DONE_WRITE"
    PRODUCT_TERMINATION_WRITE = "PRODUCT_TERMINATION_WRITE"
    PRODUCT_TERMINATION_DONE_WRITE = "PRODUCT_TERMINATION_DONE_WRITE"
    OFFBOARDING_REASON_READ = "OFFBOARDING_REASON_READ"
    USER_ADMIN = "USER_ADMIN"


_OFFICER: Final = (
    Permission.CLIENT_FILE_READ,
    Permission.PARTY_OFFBOARDING_WRITE,
    Permission.PRODUCT_TERMINATION_WRITE,
)

# The groups that every organisation has from the start: name → description, permissions.
DEFAULT_GROUPS: Final[Mapping[str, tuple[str, tuple[Permission, ...]]]] = {
    "Reader": ("Reads the client file.", (Permission.CLIENT_FILE_READ,)),
    "Analyst": (
        "Reads and exports the client file.",
        (Permission.CLIENT_FILE_READ, Permission.CLIENT_FILE_EXPORT),
    ),
    "Officer": ("Starts and edits offboardings and terminations.", _OFFICER),
    "Approver": (
        "Officer who also sets Done and reads reasons.",
        (
            *_OFFICER,
            Permission.PARTY_OFFBOARDING_DONE_WRITE,
            Permission.PRODUCT_TERMINATION_DONE_WRITE,
            Permission.OFFBOARDING_REASON_READ,
        ),
    ),
    "Administrator": ("Gives and takes access.", (Permission.USER_ADMIN,)),
}


_DEFAULT_NAMES: Final = ", ".join(f"'{name}'" for name in DEFAULT_GROUPS)


class UserGroup(Model):
    """A set of permissions; a user has those of all their groups."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "models.Organisation", related_name="user_groups", on_delete=fields.RESTRICT
    )
    organisation_id: UUID
    name = fields.CharField(max_length=100)
    description = fields.CharField(max_length=500)
    permissions: ArrayField = ArrayField("text", description="Names of permissions.")

    members: fields.ManyToManyRelation["User"]

    class Meta(Model.Meta):
        table = "user_group"
        unique_together = (("organisation", "name"),)

    readable = Readable(
        visible=of_organisation,
        derived={
            "is_default": lambda group, _: f"{group}.name in ({_DEFAULT_NAMES})",
            "member_count": lambda group, _: (
                f"(select count(*) from user_group_member m where m.user_group_id = {group}.id)"
            ),
        },
        orders={"NAME": Order(lambda group: f'sort_key({group}.name) collate "C"', "text")},
        order=("NAME", False),
    )

    def check_custom(self) -> None:
        """Refuse with `InvalidInputError` to touch a group that every organisation has."""
        if self.name in DEFAULT_GROUPS:
            message = "Every organisation has this group as it is; make one of your own."
            raise InvalidInputError("groupId", message)

    @classmethod
    def defaults(cls, organisation: Organisation) -> list["UserGroup"]:
        """Return the groups, not yet saved, that an organisation has from the start."""
        return [
            cls(
                organisation_id=organisation.id,
                name=name,
                description=description,
                permissions=list(permissions),
            )
            for name, (description, permissions) in DEFAULT_GROUPS.items()
        ]
