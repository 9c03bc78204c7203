"""Sign-ins of browsers, and tokens that can do less than their user."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from uuid_utils.compat import uuid7
from tortoise import fields

CHECKS = """
alter table api_token add constraint api_token_scopes check (scopes <@ array[
  'CLIENT_FILE_READ', 'CLIENT_FILE_WRITE', 'CLIENT_FILE_EXPORT', 'PARTY_OFFBOARDING_WRITE',
  'PARTY_OFFBOARDING_DONE_WRITE', 'PRODUCT_TERMINATION_WRITE', 'PRODUCT_TERMINATION_DONE_WRITE',
  'OFFBOARDING_REASON_READ', 'USER_ADMIN']);

alter table browser_session add constraint browser_session_user_tenant
  foreign key (organisation_id, user_id) references app_user (organisation_id, id);
create index browser_session_user on browser_session (user_id);
create index browser_session_end on browser_session (expires_at);
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0004_language")]

    operations = [
        ops.CreateModel(
            name="BrowserSession",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "organisation",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="organisation_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="browser_sessions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="browser_sessions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "hash",
                    fields.CharField(unique=True, description="SHA-256, in hex.", max_length=64),
                ),
                (
                    "issuer",
                    fields.TextField(
                        null=True,
                        description="Who vouched for the user; null in the demo.",
                        unique=False,
                    ),
                ),
                (
                    "id_token",
                    fields.TextField(
                        null=True,
                        description="What the issuer wants back when the user signs out.",
                        unique=False,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "browser_session",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A sign-in of a user in one browser, which holds the secret; only its SHA-256 is kept.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="ApiToken",
            name="last_used_at",
            field=fields.DatetimeField(
                null=True, description="To the minute.", auto_now=False, auto_now_add=False
            ),
        ),
        ops.AddField(
            model_name="ApiToken",
            name="scopes",
            field=ArrayField(
                null=True,
                description="Permissions it has at most; null: all of its user's.",
                element_type="TEXT",
            ),
        ),
        ops.RunSQL(CHECKS),
    ]
