"""Users: who they are, what they may see and how they are written to."""

from enum import StrEnum
from uuid import UUID, uuid4

from tortoise import fields
from tortoise.fields.db_defaults import SqlDefault
from tortoise.models import Model
from uuid_utils.compat import uuid7

from models.organisation import Organisation, of_organisation
from models.readable import Asker, Choice, Filter, Link, Order, Readable
from models.user_group import UserGroup


class ClientAccess(StrEnum):
    """Which parties a user may see."""

    OPEN = "OPEN"
    OWN = "OWN"


class Language(StrEnum):
    """In which language a user is written to; each has a catalogue in `mail/catalogues/`."""

    EN = "EN"
    NL = "NL"


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
    groups: fields.ManyToManyRelation[UserGroup] = fields.ManyToManyField(
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
