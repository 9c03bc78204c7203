"""Webhooks and what became of each entry at them, and the letter that one was switched off."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from models.webhook import WebhookDeliveryStatus
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from tortoise.fields.db_defaults import Now
from uuid_utils.compat import uuid7
from tortoise import fields

RULES = """
alter table webhook
  add constraint webhook_tenant unique (organisation_id, id),
  add constraint webhook_created_by_tenant
    foreign key (organisation_id, created_by_id) references app_user (organisation_id, id),
  add constraint webhook_previous_secret
    check ((previous_secret is null) = (previous_secret_until is null)),
  add constraint webhook_failing check ((failures = 0) = (failing_since is null));
create index webhook_queue on webhook (due_at) where enabled;
create index webhook_by_creation on webhook (organisation_id, created_at, id);

alter table activity add constraint activity_tenant unique (organisation_id, id);
alter table webhook_delivery
  add constraint webhook_delivery_status check (status in ('PENDING', 'DELIVERED', 'FAILED')),
  add constraint webhook_delivery_delivered check ((status = 'DELIVERED') = (delivered_at is not null)),
  add constraint webhook_delivery_webhook_tenant foreign key (organisation_id, webhook_id)
    references webhook (organisation_id, id) on delete cascade,
  add constraint webhook_delivery_activity_tenant
    foreign key (organisation_id, activity_id) references activity (organisation_id, id);
create unique index webhook_delivery_once
  on webhook_delivery (webhook_id, activity_id) where not redelivery;
create index webhook_delivery_again
  on webhook_delivery (webhook_id, created_at) where redelivery and status = 'PENDING';
create index webhook_delivery_by_creation on webhook_delivery (organisation_id, created_at, id);

alter table outgoing_mail
  drop constraint outgoing_mail_kind, drop constraint outgoing_mail_offboarding,
  drop constraint outgoing_mail_day,
  add constraint outgoing_mail_kind
    check (kind in ('TASK_ASSIGNED', 'TASK_DUE', 'DAILY_DIGEST', 'WEBHOOK_DISABLED')),
  add constraint outgoing_mail_offboarding
    check ((offboarding_id is null) = (kind in ('DAILY_DIGEST', 'WEBHOOK_DISABLED'))),
  add constraint outgoing_mail_day
    check ((day is null) = (kind in ('TASK_ASSIGNED', 'WEBHOOK_DISABLED'))),
  add constraint outgoing_mail_webhook check ((webhook_url is null) = (kind <> 'WEBHOOK_DISABLED'));
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0007_access")]

    operations = [
        ops.CreateModel(
            name="Webhook",
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
                        related_name="webhooks",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("url", fields.CharField(max_length=2000)),
                (
                    "kinds",
                    ArrayField(
                        null=True, description="Null: entries of every kind.", element_type="TEXT"
                    ),
                ),
                ("enabled", fields.BooleanField(default=True)),
                ("disabled_reason", fields.CharField(null=True, max_length=500)),
                ("secret", fields.CharField(max_length=100)),
                ("previous_secret", fields.CharField(null=True, max_length=100)),
                (
                    "previous_secret_until",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "place",
                    fields.BigIntField(description="Id of the last entry that was dealt with."),
                ),
                (
                    "failures",
                    fields.IntField(
                        default=0, description="Attempts that failed since one succeeded."
                    ),
                ),
                (
                    "failing_since",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "due_at",
                    fields.DatetimeField(
                        description="When it is posted to next; pushed on while a worker does.",
                        db_default=Now(),
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                (
                    "created_by",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="created_by_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="webhooks",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "webhook",
                "app": "models",
                "pk_attr": "id",
                "table_description": "An address that is told of each entry, in order, past the place it has got to.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WebhookDelivery",
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
                        related_name="webhook_deliveries",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "webhook",
                    fields.ForeignKeyField(
                        "models.Webhook",
                        source_field="webhook_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="deliveries",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "activity",
                    fields.ForeignKeyField(
                        "models.Activity",
                        source_field="activity_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="webhook_deliveries",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "status",
                    fields.CharEnumField(
                        default=WebhookDeliveryStatus.PENDING,
                        description="How far it is.",
                        enum_type=WebhookDeliveryStatus,
                        max_length=10,
                    ),
                ),
                (
                    "redelivery",
                    fields.BooleanField(
                        default=False, description="Asked for by an administrator."
                    ),
                ),
                ("attempts", fields.IntField(default=0)),
                ("response_status", fields.IntField(null=True)),
                ("last_error", fields.CharField(null=True, max_length=500)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "attempted_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "delivered_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "webhook_delivery",
                "app": "models",
                "pk_attr": "id",
                "table_description": "What became of one entry at one webhook.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="OutgoingMail",
            name="webhook_url",
            field=fields.CharField(null=True, max_length=2000),
        ),
        ops.RunSQL(RULES),
    ]
