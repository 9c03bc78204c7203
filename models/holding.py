"""Holdings: who holds what, and in which role."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model
from uuid_utils.compat import uuid7

from models import party as parties
from models import product as products
from models.errors import InvalidInputError
from models.organisation import Organisation, of_organisation
from models.party import Party
from models.product import Product
from models.readable import Asker, Readable


class HoldingRole(StrEnum):
    """In which role a party holds a product; owners and joint owners own it (V)."""

    OWNER = "OWNER"
    JOINT_OWNER = "JOINT_OWNER"
    BENEFICIARY = "BENEFICIARY"
    REPRESENTATIVE = "REPRESENTATIVE"


def visible(holding: str, asker: Asker) -> str:
    """Return the condition that the viewer may see a holding, which is to see both ends (R12)."""
    condition = of_organisation(holding, asker)
    if not asker.own:
        return condition
    return (
        f"{condition} and exists (select from party v where v.id = {holding}.party_id"
        f" and {parties.visible('v', asker)})"
        f" and exists (select from product w where w.id = {holding}.product_id"
        f" and {products.visible('w', asker)})"
    )


class Holding(Model):
    """That a party holds a product, in one role; it is ended, never deleted (R7)."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "models.Organisation", related_name="holdings", on_delete=fields.RESTRICT
    )
    organisation_id: UUID
    party: fields.ForeignKeyRelation[Party] = fields.ForeignKeyField(
        "models.Party", related_name="holdings", on_delete=fields.RESTRICT
    )
    party_id: UUID
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="holdings", on_delete=fields.RESTRICT
    )
    product_id: UUID
    role = fields.CharEnumField(HoldingRole, max_length=20, description="Role of the party.")
    started_on: date | None = fields.DateField(null=True)
    ended_on: date | None = fields.DateField(null=True)

    class Meta(Model.Meta):
        table = "holding"
        unique_together = (("party", "product"),)

    readable = Readable(visible=visible)

    def end(self, on: date, latest: date) -> bool:
        """End the holding on a day, at most `latest`; return whether that changed anything (R7)."""
        if self.ended_on == on:
            return False
        if self.ended_on is not None:
            raise InvalidInputError("endedOn", f"This holding already ended on {self.ended_on}.")
        if on > latest:
            raise InvalidInputError("endedOn", "A holding cannot end in the future.")
        if on < (self.started_on or date.min):
            raise InvalidInputError("endedOn", f"This holding only began on {self.started_on}.")
        self.ended_on = on
        return True
