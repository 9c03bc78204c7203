"""Users, and the groups that give them permissions."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid4

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.db_defaults import SqlDefault
from tortoise.models import Model
from uuid_utils.compat import uuid7

from models.errors import InvalidInputError
from models.organisation import Organisation, of_organisation
from models.readable import Asker, Choice, Filter, Link, Order, Readable


class ClientAccess(StrEnum):
    """Which parties a user may see."""

    OPEN = "OPEN"
    OWN = "OWN"


class Language(StrEnum):
    """In which language a user is written to; each has a catalogue in `mail/catalogues/`."""

    EN = "EN"
    NL = "NL"


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


def _matches(user: str, words: str, _asker: Asker) -> str:
    """Return the condition that each word begins a word of the name or the e-mail."""
    text = f"{user}.name || ' ' || {user}.email"
    return f"array_to_tsvector(search_words({text})) @@ search_query({words}, '{{}}')"


class User(Model):
    """A person of one organisation; never deleted, only disabled (R8)."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "models.Organisation", related_name="users", on_delete=fields.RESTRICT
    )
    organisation_id: UUID
    email = fields.CharField(max_length=320, description="In lower case.")
    name = fields.CharField(max_length=200)
    enabled = fields.BooleanField(default=True)
    client_access = fields.CharEnumField(
        ClientAccess, max_length=10, default=ClientAccess.OPEN, description="OPEN or OWN."
    )
    language = fields.CharEnumField(
        Language,
        max_length=10,
        default=Language.EN,
        db_default=Language.EN,
        description="Language of their letters.",
    )
    daily_digest = fields.BooleanField(
        default=False, db_default=False, description="Whether they want the daily digest."
    )
    mail_key = fields.UUIDField(
        default=uuid4,
        db_default=SqlDefault("gen_random_uuid()"),
        description="Secret; signs what a letter to them lets its bearer do.",
    )
    groups: fields.ManyToManyRelation["UserGroup"] = fields.ManyToManyField(
        "models.UserGroup",
        through="user_group_member",
        forward_key="user_group_id",
        backward_key="user_id",
        related_name="members",
        on_delete=fields.RESTRICT,
    )
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta(Model.Meta):
        table = "app_user"
        unique_together = (("organisation", "email"),)

    readable = Readable(
        visible=of_organisation,
        orders={"NAME": Order(lambda user: f'sort_key({user}.name) collate "C"', "text")},
        order=("NAME", False),
        links={
            "groups": Link(
                "UserGroup",
                source=lambda _user, group: (
                    f"user_group_member m join user_group {group} on {group}.id = m.user_group_id"
                ),
                condition=lambda user, _group: f"m.user_id = {user}.id",
                order=lambda group: f'{group}.name collate "C"',
            )
        },
        filters={
            "search": Filter(_matches, "text"),
            "enabled": Choice(lambda user, is_so, _: f"{user}.enabled = {str(is_so).lower()}"),
            "client_access": Filter(
                lambda user, access, _: f"{user}.client_access = {access}", "text"
            ),
            "group_id": Filter(
                lambda user, group, _: (
                    f"exists (select from user_group_member m where m.user_id = {user}.id"
                    f" and m.user_group_id = {group})"
                ),
                "uuid",
            ),
        },
    )


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

    members: fields.ManyToManyRelation[User]

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
