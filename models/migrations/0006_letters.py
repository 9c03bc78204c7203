"""Reminders and digests beside the task letter."""

from typing import Any

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from typing_extensions import override

# A reminder is sent once for each day a task is due on, and a digest once a day.
RULES = """
alter table outgoing_mail
  alter column offboarding_id drop not null,
  alter column sender_id drop not null,
  drop constraint outgoing_mail_kind,
  add constraint outgoing_mail_kind check (kind in ('TASK_ASSIGNED', 'TASK_DUE', 'DAILY_DIGEST')),
  add constraint outgoing_mail_offboarding check ((offboarding_id is null) = (kind = 'DAILY_DIGEST')),
  add constraint outgoing_mail_sender check ((sender_id is null) = (kind <> 'TASK_ASSIGNED')),
  add constraint outgoing_mail_day check ((day is null) = (kind = 'TASK_ASSIGNED'));

create unique index outgoing_mail_one_reminder
  on outgoing_mail (offboarding_id, day) where kind = 'TASK_DUE';
create unique index outgoing_mail_one_digest
  on outgoing_mail (recipient_id, day) where kind = 'DAILY_DIGEST';
create index outgoing_mail_by_creation on outgoing_mail (organisation_id, created_at, id);
create index outgoing_mail_offboarding_id on outgoing_mail (offboarding_id);
"""


class Known(ops.AlterField):
    """Tells Tortoise of a field as it now is; the database is told in SQL, which rewrites less."""

    @override
    async def database_forward(self, *_: Any, **__: Any) -> None:
        return


class Migration(migrations.Migration):
    dependencies = [("models", "0005_sessions_and_scopes")]

    operations = [
        ops.AlterModelOptions(
            name="OutgoingMail",
            options={
                "table": "outgoing_mail",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A letter to a user; its id makes its Message-ID, so that a repeat shows.",
            },
        ),
        Known(
            model_name="OutgoingMail",
            name="offboarding",
            field=fields.ForeignKeyField(
                "models.Offboarding",
                source_field="offboarding_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="mails",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        Known(
            model_name="OutgoingMail",
            name="sender",
            field=fields.ForeignKeyField(
                "models.User",
                source_field="sender_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="mails_caused",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddField(
            model_name="OutgoingMail",
            name="day",
            field=fields.DateField(
                null=True, description="Day on which the task is due, or that the digest is of."
            ),
        ),
        ops.RunSQL(RULES),
    ]
