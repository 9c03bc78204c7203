"""Webhooks: addresses of others that are told of each entry of the log, and what became of it."""

import secrets
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.db_defaults import Now
from tortoise.models import Model
from uuid_utils.compat import uuid7

from models.activity import Activity
from models.errors import InvalidInputError
from models.organisation import Organisation, of_organisation
from models.readable import Asker, Filter, Order, Readable
from models.user import User
from models.user_group import Permission

LONGEST_URL: Final = 2_000
MOST_PER_ORGANISATION: Final = 20
# For how long letters are signed with the old secret too.
ROTATION: Final = timedelta(hours=24)
# For how long an address may fail before it is switched off.
PATIENCE: Final = timedelta(hours=24)


class WebhookDeliveryStatus(StrEnum):
    """How far the delivery of an entry is."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


def visible(row: str, asker: Asker) -> str:
    """Return the condition that the viewer may see a webhook or a delivery: as an administrator."""
    return f"{of_organisation(row, asker)} and {asker.may(Permission.USER_ADMIN)}"


def new_secret() -> str:
    """Return a secret as Standard Webhooks has them: 256 random bits."""
    return f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"


def check_url(url: str, *, private: bool) -> None:
    """Refuse an address that cannot be posted to, or may not; `private` lets any host be."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise InvalidInputError("url", "This is not an address.") from error
    if len(url) > LONGEST_URL or not url.isprintable() or " " in url:
        raise InvalidInputError("url", f"An address has at most {LONGEST_URL} printable signs.")
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise InvalidInputError("url", "The address must begin with https://.")
    if not parts.hostname or parts.username is not None or parts.fragment:
        raise InvalidInputError("url", "Give an address with a host, no login and no fragment.")
    if not private and not is_public(parts.hostname):
        raise InvalidInputError("url", "The host is of a private network.")


def is_public(host: str) -> bool:
    """Whether a host may be on the public internet; a name is looked up when it is posted to."""
    if host.rstrip(".").lower().rpartition(".")[2] in {"localhost", "internal", "local"}:
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return True
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global and not address.is_multicast


class Webhook(Model):
    """An address that is told of each entry, in order, past the place it has got to."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "models.Organisation", related_name="webhooks", on_delete=fields.RESTRICT
    )
    organisation_id: UUID
    url = fields.CharField(max_length=LONGEST_URL)
    kinds: ArrayField = ArrayField("text", null=True, description="Null: entries of every kind.")
    enabled = fields.BooleanField(default=True)
    disabled_reason: str | None = fields.CharField(max_length=500, null=True)  # type: ignore[assignment] # Tortoise types a nullable text as never null
    secret = fields.CharField(max_length=100)
    previous_secret: str | None = fields.CharField(max_length=100, null=True)  # type: ignore[assignment] # likewise
    previous_secret_until: datetime | None = fields.DatetimeField(null=True)
    place = fields.BigIntField(description="Id of the last entry that was dealt with.")
    failures = fields.IntField(default=0, description="Attempts that failed since one succeeded.")
    failing_since: datetime | None = fields.DatetimeField(null=True)
    due_at = fields.DatetimeField(
        db_default=Now(), description="When it is posted to next; pushed on while a worker does."
    )
    created_by: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="webhooks", on_delete=fields.RESTRICT
    )
    created_by_id: UUID
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta(Model.Meta):
        table = "webhook"

    readable = Readable(
        visible=visible,
        orders={"CREATED_AT": Order(lambda webhook: f"{webhook}.created_at", "timestamptz")},
        order=("CREATED_AT", False),
    )

    @property
    def secrets(self) -> list[str]:
        """The secrets to sign with: the new one, and for a day the one before."""
        until = self.previous_secret_until
        if self.previous_secret is None or until is None or until <= datetime.now(UTC):
            return [self.secret]
        return [self.secret, self.previous_secret]

    def rotate(self) -> None:
        """Take a new secret; the old one signs too until all receivers know the new one."""
        self.previous_secret = self.secret
        self.previous_secret_until = datetime.now(UTC) + ROTATION
        self.secret = new_secret()

    def switch(self, *, on: bool) -> None:
        """Switch it on, at once and as if it had never failed, or off."""
        if on and not self.enabled:
            self.failures, self.failing_since, self.disabled_reason = 0, None, None
            self.due_at = self.created_at  # past by any clock
        self.enabled = on


class WebhookDelivery(Model):
    """What became of one entry at one webhook."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "models.Organisation", related_name="webhook_deliveries", on_delete=fields.RESTRICT
    )
    organisation_id: UUID
    webhook: fields.ForeignKeyRelation[Webhook] = fields.ForeignKeyField(
        "models.Webhook", related_name="deliveries", on_delete=fields.CASCADE
    )
    webhook_id: UUID
    activity: fields.ForeignKeyRelation[Activity] = fields.ForeignKeyField(
        "models.Activity", related_name="webhook_deliveries", on_delete=fields.RESTRICT
    )
    activity_id: int
    status = fields.CharEnumField(
        WebhookDeliveryStatus,
        max_length=10,
        default=WebhookDeliveryStatus.PENDING,
        description="How far it is.",
    )
    redelivery = fields.BooleanField(default=False, description="Asked for by an administrator.")
    attempts = fields.IntField(default=0)
    response_status: int | None = fields.IntField(null=True)
    last_error: str | None = fields.CharField(max_length=500, null=True)  # type: ignore[assignment] # as above
    created_at = fields.DatetimeField(auto_now_add=True)
    attempted_at: datetime | None = fields.DatetimeField(null=True)
    delivered_at: datetime | None = fields.DatetimeField(null=True)

    class Meta(Model.Meta):
        table = "webhook_delivery"

    readable = Readable(
        visible=visible,
        orders={"CREATED_AT": Order(lambda delivery: f"{delivery}.created_at", "timestamptz")},
        order=("CREATED_AT", True),
        filters={
            "webhook_id": Filter(lambda row, id_, _: f"{row}.webhook_id = {id_}", "uuid"),
            "status": Filter(lambda row, values, _: f"{row}.status = any({values})", "text[]"),
        },
    )

    def again(self) -> "WebhookDelivery":
        """Return a new delivery, not yet saved, of the same entry."""
        return WebhookDelivery(
            organisation_id=self.organisation_id,
            webhook_id=self.webhook_id,
            activity_id=self.activity_id,
            redelivery=True,
        )
