"""Groups that an issuer names, and entries of the log about somebody's access."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from tortoise import fields

RULES = """
alter table activity add constraint activity_user_tenant
  foreign key (organisation_id, user_id) references app_user (organisation_id, id);
create index activity_user on activity (user_id, id) where user_id is not null;
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0006_letters")]

    operations = [
        ops.AddField(
            model_name="Activity",
            name="user",
            field=fields.ForeignKeyField(
                "models.User",
                source_field="user_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="access_activity",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddField(
            model_name="BrowserSession",
            name="groups",
            field=ArrayField(
                null=True,
                description="Groups that the issuer named; null: the user's own.",
                element_type="TEXT",
            ),
        ),
        ops.RunSQL(RULES),
    ]
