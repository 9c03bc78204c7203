"""Parties: the people, companies and joint groups of a client file."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model
from uuid_utils.compat import uuid7

from models.organisation import Organisation, of_organisation
from models.readable import Asker, Filter, Link, Order, Range, Readable
from models.search import matching, states
from models.user import User
from models.user_group import Permission


class PartyType(StrEnum):
    """What kind of party it is."""

    NATURAL_PERSON = "NATURAL_PERSON"
    LEGAL_ENTITY = "LEGAL_ENTITY"
    NATURAL_PERSON_GROUP = "NATURAL_PERSON_GROUP"


class PartyStatus(StrEnum):
    """Whether the relationship with the party goes on."""

    ACTIVE = "ACTIVE"
    OFFBOARDED = "OFFBOARDED"


def visible(party: str, asker: Asker) -> str:
    """Return the condition that the viewer may see a party (R12)."""
    condition = f"{of_organisation(party, asker)} and {asker.may(Permission.CLIENT_FILE_READ)}"
    return f"{condition} and {party}.manager_id = {asker.user}" if asker.own else condition


def _state(party: str, _asker: Asker) -> str:
    return (
        f"case when {party}.status = 'OFFBOARDED' then 'OFFBOARDED' when exists (select from"
        f" offboarding o where o.party_id = {party}.id and o.status <> 'DONE')"
        " then 'PENDING' else 'NONE' end"
    )


def _can_start(party: str, asker: Asker) -> str:
    return (
        f"({asker.may(Permission.PARTY_OFFBOARDING_WRITE)} and {party}.status = 'ACTIVE'"
        f" and not exists (select from offboarding o where o.party_id = {party}.id"
        " and o.status <> 'DONE'))"
    )


class Party(Model):
    """A party of one organisation's client file."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "models.Organisation", related_name="parties", on_delete=fields.RESTRICT
    )
    organisation_id: UUID
    type = fields.CharEnumField(PartyType, max_length=30, description="Kind of party.")
    name = fields.CharField(max_length=500)
    reference = fields.CharField(max_length=100, description="Unique in the organisation.")
    email = fields.CharField(max_length=320, null=True)
    status = fields.CharEnumField(
        PartyStatus, max_length=20, default=PartyStatus.ACTIVE, description="Status of the party."
    )
    listed = fields.BooleanField(default=True, description="Rule V, kept under locks.")
    offboarded_at: datetime | None = fields.DatetimeField(null=True)
    offboarded_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="parties_offboarded", null=True, on_delete=fields.RESTRICT
    )
    offboarded_by_id: UUID | None
    retention_until: date | None = fields.DateField(null=True)
    onboarded_on: date | None = fields.DateField(null=True)
    manager: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="parties_managed", null=True, on_delete=fields.RESTRICT
    )
    manager_id: UUID | None
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta(Model.Meta):
        table = "party"
        unique_together = (("organisation", "reference"),)

    readable = Readable(
        visible=visible,
        derived={"offboarding_state": _state, "viewer_can_start_offboarding": _can_start},
        links={
            "holdings": Link(
                "Holding",
                source=lambda _party, holding: f"holding {holding}",
                condition=lambda party, holding: f"{holding}.party_id = {party}.id",
            ),
            "products": Link(
                "Product",
                source=lambda _party, product: (
                    f"holding h join product {product} on {product}.id = h.product_id"
                ),
                condition=lambda party, _product: f"h.party_id = {party}.id and h.ended_on is null",
                order=lambda product: f"{product}.number",
            ),
            "offboarding": Link(
                "Offboarding",
                source=lambda _party, offboarding: f"offboarding {offboarding}",
                condition=lambda party, offboarding: (
                    f"{offboarding}.party_id = {party}.id and {offboarding}.status <> 'DONE'"
                ),
                many=False,
            ),
            "offboardings": Link(
                "Offboarding",
                source=lambda _party, offboarding: f"offboarding {offboarding}",
                condition=lambda party, offboarding: f"{offboarding}.party_id = {party}.id",
            ),
        },
        orders={
            "NAME": Order(lambda party: f"{party}.sort_name", "text"),
            "REFERENCE": Order(lambda party: f"{party}.reference", "text"),
            "ONBOARDED_ON": Order(
                lambda party: f"coalesce({party}.onboarded_on, 'infinity')", "date"
            ),
            "UPDATED_AT": Order(lambda party: f"{party}.updated_at", "timestamptz"),
        },
        filters={
            "type": Filter(lambda party, types, _: f"{party}.type = any({types})", "text[]"),
            "status": Filter(lambda party, states, _: f"{party}.status = any({states})", "text[]"),
            "offboarding_state": states("party_id", "OFFBOARDED"),
            "search": matching,
            "onboarded_on": Range(
                lambda party: f"coalesce({party}.onboarded_on, 'infinity')", "date"
            ),
            "manager_id": Filter(lambda party, user, _: f"{party}.manager_id = {user}", "uuid"),
        },
        order=("NAME", False),
    )

    @property
    def has_ended(self) -> bool:
        """Whether the relationship has ended for good."""
        return self.status is PartyStatus.OFFBOARDED

    def close(self, by: UUID, at: datetime, retention_until: date | None) -> None:
        """Become offboarded (R4); only an offboarding set to Done does this."""
        self.status = PartyStatus.OFFBOARDED
        self.offboarded_at = at
        self.offboarded_by_id = by
        self.retention_until = retention_until
