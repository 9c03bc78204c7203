"""What a user shows to say who they are, of which only hashes are kept."""

import hashlib
from datetime import datetime
from typing import Final
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model
from uuid_utils.compat import uuid7

from models.organisation import Organisation, of_organisation
from models.readable import Filter, Order, Readable
from models.user import User
from models.user_group import Permission

TOKEN_PREFIX: Final = "offb_"  # noqa: S105 - what a token looks like, not a token


def hash_of(secret: str) -> str:
    """Return what is kept of a secret; 256 random bits need no slower hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


class ApiToken(Model):
    """A credential of a user; only its SHA-256 is kept."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "models.Organisation", related_name="api_tokens", on_delete=fields.RESTRICT
    )
    organisation_id: UUID
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="api_tokens", on_delete=fields.RESTRICT
    )
    user_id: UUID
    name = fields.CharField(max_length=100)
    scopes: ArrayField = ArrayField(
        "text", null=True, description="Permissions it has at most; null: all of its user's."
    )
    hash = fields.CharField(max_length=64, unique=True, description="SHA-256 of the token, in hex.")
    expires_at = fields.DatetimeField()
    revoked_at: datetime | None = fields.DatetimeField(null=True)
    last_used_at: datetime | None = fields.DatetimeField(null=True, description="To the minute.")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta(Model.Meta):
        table = "api_token"

    readable = Readable(
        visible=lambda token, asker: (
            f"{of_organisation(token, asker)} and {asker.may(Permission.USER_ADMIN)}"
        ),
        orders={"CREATED_AT": Order(lambda token: f"{token}.created_at", "timestamptz")},
        order=("CREATED_AT", True),
        filters={"user_id": Filter(lambda token, user, _: f"{token}.user_id = {user}", "uuid")},
    )


class BrowserSession(Model):
    """A sign-in of a user in one browser, which holds the secret; only its SHA-256 is kept."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "models.Organisation", related_name="browser_sessions", on_delete=fields.RESTRICT
    )
    organisation_id: UUID
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="browser_sessions", on_delete=fields.RESTRICT
    )
    user_id: UUID
    hash = fields.CharField(max_length=64, unique=True, description="SHA-256, in hex.")
    issuer: str | None = fields.TextField(
        null=True, description="Who vouched for the user; null in the demo."
    )
    id_token: str | None = fields.TextField(
        null=True, description="What the issuer wants back when the user signs out."
    )
    groups: ArrayField = ArrayField(
        "text", null=True, description="Groups that the issuer named; null: the user's own."
    )
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at: datetime = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "browser_session"
