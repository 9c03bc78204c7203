"""In which language users are written to, and whether they want a digest."""

from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.db_defaults import SqlDefault
from tortoise.migrations import operations as ops

from models.user import Language


class Migration(migrations.Migration):
    dependencies = [("models", "0003_search_and_orders")]

    operations = [
        ops.AddField(
            model_name="User",
            name="language",
            field=fields.CharEnumField(
                default=Language.EN,
                description="Language of their letters.",
                db_default=Language.EN,
                enum_type=Language,
                max_length=10,
            ),
        ),
        ops.AddField(
            model_name="User",
            name="daily_digest",
            field=fields.BooleanField(
                default=False, description="Whether they want the daily digest.", db_default=False
            ),
        ),
        ops.AddField(
            model_name="User",
            name="mail_key",
            field=fields.UUIDField(
                default=uuid4,
                description="Secret; signs what a letter to them lets its bearer do.",
                db_default=SqlDefault("gen_random_uuid()"),
            ),
        ),
        ops.RunSQL(
            "alter table app_user add constraint app_user_language check (language in ('EN', 'NL'))"
        ),
    ]
