from tortoise import migrations
from tortoise.migrations import operations as ops
from models import (
    ActivityKind,
    ClientAccess,
    HoldingRole,
    MailKind,
    MailStatus,
    OffboardingResolution,
    OffboardingStatus,
    PartyStatus,
    PartyType,
    ProductStatus,
    TerminationReason,
)
from orjson import loads
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.fields.db_defaults import Now
from uuid_utils.compat import uuid7
from tortoise import fields


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Organisation",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("name", fields.CharField(unique=True, max_length=200)),
                ("require_products_terminated", fields.BooleanField(default=False)),
                ("four_eyes", fields.BooleanField(default=False)),
                ("retention_months", fields.IntField(null=True, default=60)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "organisation",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A tenant: nothing of one organisation is ever seen by another (R12).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="UserGroup",
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
                        related_name="user_groups",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                ("description", fields.CharField(max_length=500)),
                (
                    "permissions",
                    ArrayField(description="Names of permissions.", element_type="TEXT"),
                ),
            ],
            options={
                "table": "user_group",
                "app": "models",
                "unique_together": (("organisation", "name"),),
                "pk_attr": "id",
                "table_description": "A set of permissions; a user has those of all their groups.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="User",
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
                        related_name="users",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("email", fields.CharField(description="In lower case.", max_length=320)),
                ("name", fields.CharField(max_length=200)),
                ("enabled", fields.BooleanField(default=True)),
                (
                    "client_access",
                    fields.CharEnumField(
                        default=ClientAccess.OPEN,
                        description="OPEN or OWN.",
                        enum_type=ClientAccess,
                        max_length=10,
                    ),
                ),
                (
                    "groups",
                    fields.ManyToManyField(
                        "models.UserGroup",
                        unique=True,
                        db_constraint=True,
                        through="user_group_member",
                        forward_key="user_group_id",
                        backward_key="user_id",
                        related_name="members",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "app_user",
                "app": "models",
                "unique_together": (("organisation", "email"),),
                "pk_attr": "id",
                "table_description": "A person of one organisation; never deleted, only disabled (R8).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ApiToken",
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
                        related_name="api_tokens",
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
                        related_name="api_tokens",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                (
                    "hash",
                    fields.CharField(
                        unique=True, description="SHA-256 of the token, in hex.", max_length=64
                    ),
                ),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "api_token",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A credential of a user; only its SHA-256 is kept.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Party",
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
                        related_name="parties",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "type",
                    fields.CharEnumField(
                        description="Kind of party.", enum_type=PartyType, max_length=30
                    ),
                ),
                ("name", fields.CharField(max_length=500)),
                (
                    "reference",
                    fields.CharField(description="Unique in the organisation.", max_length=100),
                ),
                ("email", fields.CharField(null=True, max_length=320)),
                (
                    "status",
                    fields.CharEnumField(
                        default=PartyStatus.ACTIVE,
                        description="Status of the party.",
                        enum_type=PartyStatus,
                        max_length=20,
                    ),
                ),
                (
                    "listed",
                    fields.BooleanField(default=True, description="Rule V, kept under locks."),
                ),
                (
                    "offboarded_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "offboarded_by",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="offboarded_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="parties_offboarded",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("retention_until", fields.DateField(null=True)),
                ("onboarded_on", fields.DateField(null=True)),
                (
                    "manager",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="manager_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="parties_managed",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "party",
                "app": "models",
                "unique_together": (("organisation", "reference"),),
                "pk_attr": "id",
                "table_description": "A party of one organisation's client file.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Product",
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
                        related_name="products",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=500)),
                (
                    "number",
                    fields.CharField(description="Unique in the organisation.", max_length=100),
                ),
                (
                    "status",
                    fields.CharEnumField(
                        default=ProductStatus.ACTIVE,
                        description="Status of the product.",
                        enum_type=ProductStatus,
                        max_length=20,
                    ),
                ),
                (
                    "listed",
                    fields.BooleanField(default=True, description="Rule V, kept under locks."),
                ),
                ("opened_on", fields.DateField(null=True)),
                (
                    "terminated_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "terminated_by",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="terminated_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="products_terminated",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("retention_until", fields.DateField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "product",
                "app": "models",
                "unique_together": (("organisation", "number"),),
                "pk_attr": "id",
                "table_description": "An account, portfolio or policy of one organisation.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Holding",
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
                        related_name="holdings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "party",
                    fields.ForeignKeyField(
                        "models.Party",
                        source_field="party_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="holdings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="holdings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "role",
                    fields.CharEnumField(
                        description="Role of the party.", enum_type=HoldingRole, max_length=20
                    ),
                ),
                ("started_on", fields.DateField(null=True)),
                ("ended_on", fields.DateField(null=True)),
            ],
            options={
                "table": "holding",
                "app": "models",
                "unique_together": (("party", "product"),),
                "pk_attr": "id",
                "table_description": "That a party holds a product, in one role; it is ended, never deleted (R7).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Offboarding",
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
                        related_name="offboardings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "party",
                    fields.ForeignKeyField(
                        "models.Party",
                        source_field="party_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="offboardings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="offboardings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "status",
                    fields.CharEnumField(
                        default=OffboardingStatus.OPEN,
                        description="Status of the offboarding.",
                        enum_type=OffboardingStatus,
                        max_length=20,
                    ),
                ),
                (
                    "resolution",
                    fields.CharEnumField(
                        null=True,
                        description="Only when Done.",
                        enum_type=OffboardingResolution,
                        max_length=20,
                    ),
                ),
                (
                    "assignee",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="assignee_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="tasks",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "reason",
                    fields.CharEnumField(
                        null=True,
                        description="Reason of the termination.",
                        enum_type=TerminationReason,
                        max_length=30,
                    ),
                ),
                ("comment", fields.TextField(null=True, unique=False)),
                ("effective_on", fields.DateField(null=True)),
                ("due_on", fields.DateField(null=True)),
                (
                    "started_by",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="started_by_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="offboardings_started",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "closed_by",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="closed_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="offboardings_closed",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("version", fields.IntField(default=1)),
            ],
            options={
                "table": "offboarding",
                "app": "models",
                "pk_attr": "id",
                "table_description": "An offboarding of a party, or the termination of a product: exactly one of the two.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Activity",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                (
                    "organisation",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="organisation_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="activity",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(
                        description="What happened.", enum_type=ActivityKind, max_length=30
                    ),
                ),
                ("occurred_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "actor",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="actor_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="activity",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "offboarding",
                    fields.ForeignKeyField(
                        "models.Offboarding",
                        source_field="offboarding_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="activity",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "party",
                    fields.ForeignKeyField(
                        "models.Party",
                        source_field="party_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="activity",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="activity",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "changes",
                    fields.JSONField(
                        description="List of {field, before, after}.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
            ],
            options={
                "table": "activity",
                "app": "models",
                "pk_attr": "id",
                "table_description": "An entry of the log; the order of ids is the order of commits (R15).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OutgoingMail",
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
                        related_name="mails",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(
                        description="Which letter.", enum_type=MailKind, max_length=30
                    ),
                ),
                (
                    "offboarding",
                    fields.ForeignKeyField(
                        "models.Offboarding",
                        source_field="offboarding_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="mails",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "recipient",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="recipient_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="mails",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "sender",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="sender_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="mails_caused",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "status",
                    fields.CharEnumField(
                        default=MailStatus.QUEUED,
                        description="Status of the letter.",
                        enum_type=MailStatus,
                        max_length=10,
                    ),
                ),
                (
                    "attempts",
                    fields.IntField(default=0, description="How often a worker has taken it."),
                ),
                (
                    "due_at",
                    fields.DatetimeField(
                        db_default=Now(),
                        description="When it is tried next; pushed on while a worker has it.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                (
                    "give_up_at",
                    fields.DatetimeField(
                        null=True,
                        description="When trying ends; set by the first try.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("last_error", fields.CharField(null=True, max_length=500)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("sent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "outgoing_mail",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A letter to a user about an offboarding; its id makes its Message-ID, so a repeat shows.",
            },
            bases=["Model"],
        ),
    ]
