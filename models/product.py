"""Products, and the holdings that tie them to parties."""

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


class ProductStatus(StrEnum):
    """Whether the product is in use."""

    ACTIVE = "ACTIVE"
    TERMINATED = "TERMINATED"


def visible(product: str, asker: Asker) -> str:
    """Return the condition that the viewer may see a product (R12)."""
    condition = f"{of_organisation(product, asker)} and {asker.may(Permission.CLIENT_FILE_READ)}"
    if not asker.own:
        return condition
    return (
        f"{condition} and exists (select from holding h join party m on m.id = h.party_id"
        f" where h.product_id = {product}.id and h.ended_on is null"
        f" and m.manager_id = {asker.user})"
    )


def _state(product: str, _asker: Asker) -> str:
    return (
        f"case when {product}.status = 'TERMINATED' then 'OFFBOARDED' when exists (select from"
        f" offboarding o where o.product_id = {product}.id and o.status <> 'DONE')"
        " then 'PENDING' else 'NONE' end"
    )


def _can_start(product: str, asker: Asker) -> str:
    return (
        f"({asker.may(Permission.PRODUCT_TERMINATION_WRITE)} and {product}.status = 'ACTIVE'"
        f" and not exists (select from offboarding o where o.product_id = {product}.id"
        " and o.status <> 'DONE'))"
    )


def _has_name(product: str, names: str, _asker: Asker) -> str:
    """Return the condition that a product has one of some names; found by how names sort."""
    keys = f"array(select left(sort_key(name), 200) from unnest({names}) name)"
    return f"{product}.sort_name = any({keys}) and {product}.name = any({names})"


class Product(Model):
    """An account, portfolio or policy of one organisation."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "models.Organisation", related_name="products", on_delete=fields.RESTRICT
    )
    organisation_id: UUID
    name = fields.CharField(max_length=500)
    number = fields.CharField(max_length=100, description="Unique in the organisation.")
    status = fields.CharEnumField(
        ProductStatus,
        max_length=20,
        default=ProductStatus.ACTIVE,
        description="Status of the product.",
    )
    listed = fields.BooleanField(default=True, description="Rule V, kept under locks.")
    opened_on: date | None = fields.DateField(null=True)
    terminated_at: datetime | None = fields.DatetimeField(null=True)
    terminated_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="products_terminated", null=True, on_delete=fields.RESTRICT
    )
    terminated_by_id: UUID | None
    retention_until: date | None = fields.DateField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta(Model.Meta):
        table = "product"
        unique_together = (("organisation", "number"),)

    readable = Readable(
        visible=visible,
        derived={"offboarding_state": _state, "viewer_can_start_offboarding": _can_start},
        links={
            "holdings": Link(
                "Holding",
                source=lambda _product, holding: f"holding {holding}",
                condition=lambda product, holding: f"{holding}.product_id = {product}.id",
            ),
            "parties": Link(
                "Party",
                source=lambda _product, party: (
                    f"holding h join party {party} on {party}.id = h.party_id"
                ),
                condition=lambda product, _party: (
                    f"h.product_id = {product}.id and h.ended_on is null"
                ),
                order=lambda party: f"{party}.sort_name, {party}.id",
            ),
            "offboarding": Link(
                "Offboarding",
                source=lambda _product, offboarding: f"offboarding {offboarding}",
                condition=lambda product, offboarding: (
                    f"{offboarding}.product_id = {product}.id and {offboarding}.status <> 'DONE'"
                ),
                many=False,
            ),
            "offboardings": Link(
                "Offboarding",
                source=lambda _product, offboarding: f"offboarding {offboarding}",
                condition=lambda product, offboarding: f"{offboarding}.product_id = {product}.id",
            ),
        },
        orders={
            "NUMBER": Order(lambda product: f"{product}.number", "text"),
            "NAME": Order(lambda product: f"{product}.sort_name", "text"),
            "OPENED_ON": Order(
                lambda product: f"coalesce({product}.opened_on, 'infinity')", "date"
            ),
            "UPDATED_AT": Order(lambda product: f"{product}.updated_at", "timestamptz"),
        },
        filters={
            "name": Filter(_has_name, "text[]"),
            "opened_on": Range(
                lambda product: f"coalesce({product}.opened_on, 'infinity')", "date"
            ),
            "status": Filter(
                lambda product, states, _: f"{product}.status = any({states})", "text[]"
            ),
            "offboarding_state": states("product_id", "TERMINATED"),
            "search": matching,
        },
        order=("NUMBER", False),
    )

    @property
    def has_ended(self) -> bool:
        """Whether the product has ended for good."""
        return self.status is ProductStatus.TERMINATED

    def close(self, by: UUID, at: datetime, retention_until: date | None) -> None:
        """Become terminated (R4); only an offboarding set to Done does this."""
        self.status = ProductStatus.TERMINATED
        self.terminated_at = at
        self.terminated_by_id = by
        self.retention_until = retention_until
