"""The activity log: what happened, who did it, before and after; append-only (R15)."""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models import party as parties
from models import product as products
from models.change import Change
from models.offboarding import Offboarding
from models.organisation import Organisation, of_organisation
from models.party import Party
from models.product import Product
from models.readable import Asker, Elements, Filter, Order, Readable, cursor
from models.tasks import own
from models.user import User
from models.user_group import Permission


class ActivityKind(StrEnum):
    """What happened."""

    OFFBOARDING_STARTED = "OFFBOARDING_STARTED"
    STATUS_CHANGED = "STATUS_CHANGED"
    ASSIGNED = "ASSIGNED"
    RESOLVED = "RESOLVED"
    DETAILS_CHANGED = "DETAILS_CHANGED"
    PARTY_OFFBOARDED = "PARTY_OFFBOARDED"
    PRODUCT_TERMINATED = "PRODUCT_TERMINATED"
    HOLDING_ENDED = "HOLDING_ENDED"
    MAIL_SENT = "MAIL_SENT"
    MAIL_FAILED = "MAIL_FAILED"
    CLIENT_FILE_EXPORTED = "CLIENT_FILE_EXPORTED"
    USER_INVITED = "USER_INVITED"
    ACCESS_CHANGED = "ACCESS_CHANGED"
    GROUP_CREATED = "GROUP_CREATED"
    GROUP_CHANGED = "GROUP_CHANGED"
    GROUP_DELETED = "GROUP_DELETED"
    API_TOKEN_CREATED = "API_TOKEN_CREATED"  # noqa: S105 - what happened to one
    API_TOKEN_REVOKED = "API_TOKEN_REVOKED"  # noqa: S105 - as above


# What is told of access, to who can give it and to nobody else.
ACCESS_KINDS: Final = (
    ActivityKind.USER_INVITED,
    ActivityKind.ACCESS_CHANGED,
    ActivityKind.GROUP_CREATED,
    ActivityKind.GROUP_CHANGED,
    ActivityKind.GROUP_DELETED,
    ActivityKind.API_TOKEN_CREATED,
    ActivityKind.API_TOKEN_REVOKED,
)
_OF_ACCESS: Final = ", ".join(f"'{kind}'" for kind in ACCESS_KINDS)

# Changes whose values only OFFBOARDING_REASON_READ shows (R13).
_HIDDEN = "('reason', 'comment')"


def visible(activity: str, asker: Asker) -> str:
    """Return the condition that the viewer may see an entry, as one about what they see (R12)."""
    return (
        f"{of_organisation(activity, asker)} and case when {activity}.kind in ({_OF_ACCESS})"
        f" then {asker.may(Permission.USER_ADMIN)} else {_sees_subject(activity, asker)} end"
    )


def _sees_subject(activity: str, asker: Asker) -> str:
    condition = asker.may(Permission.CLIENT_FILE_READ)
    if not asker.own:
        return condition
    seen = " or ".join(
        f"exists (select from {table} s where s.id = {activity}.{table}_id"
        f" and {noun.visible('s', asker)})"
        for table, noun in (("party", parties), ("product", products))
    )
    return f"{condition} and ({seen})"


def _value(side: str, change: str, asker: Asker) -> str:
    readable = asker.may(Permission.OFFBOARDING_REASON_READ)
    return (
        f"case when {change} ->> 'field' not in {_HIDDEN} or {readable}"
        f" then {change} ->> '{side}' end"
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """A thing that happened, to be written as an activity."""

    kind: ActivityKind
    changes: list[Change]


class Activity(Model):
    """An entry of the log; the order of ids is the order of commits (R15)."""

    id = fields.BigIntField(primary_key=True, generated=True)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "models.Organisation", related_name="activity", on_delete=fields.RESTRICT
    )
    organisation_id: UUID
    kind = fields.CharEnumField(ActivityKind, max_length=30, description="What happened.")
    occurred_at = fields.DatetimeField()
    actor: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="activity", null=True, on_delete=fields.RESTRICT
    )
    actor_id: UUID | None
    offboarding: fields.ForeignKeyNullableRelation[Offboarding] = fields.ForeignKeyField(
        "models.Offboarding", related_name="activity", null=True, on_delete=fields.RESTRICT
    )
    offboarding_id: UUID | None
    party: fields.ForeignKeyNullableRelation[Party] = fields.ForeignKeyField(
        "models.Party", related_name="activity", null=True, on_delete=fields.RESTRICT
    )
    party_id: UUID | None
    product: fields.ForeignKeyNullableRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="activity", null=True, on_delete=fields.RESTRICT
    )
    product_id: UUID | None
    user: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="access_activity", null=True, on_delete=fields.RESTRICT
    )
    user_id: UUID | None
    changes: Any = fields.JSONField(description="List of {field, before, after}.")

    class Meta(Model.Meta):
        table = "activity"

    readable = Readable(
        visible=visible,
        own=partial(own, "activity"),
        derived={"cursor": lambda activity, _: cursor("ID ASC", f"{activity}.id")},
        links={
            "changes": Elements(
                "changes",
                {
                    "field": lambda change, _: f"{change} ->> 'field'",
                    "before": lambda change, asker: _value("before", change, asker),
                    "after": lambda change, asker: _value("after", change, asker),
                },
            ),
        },
        orders={"ID": Order(lambda activity: f"{activity}.id", "bigint", unique=True)},
        order=("ID", False),
        filters={
            "kind": Filter(lambda activity, kinds, _: f"{activity}.kind = any({kinds})", "text[]"),
            "offboarding_id": Filter(
                lambda activity, id_, _: f"{activity}.offboarding_id = {id_}", "uuid"
            ),
            "party_id": Filter(lambda activity, id_, _: f"{activity}.party_id = {id_}", "uuid"),
            "product_id": Filter(lambda activity, id_, _: f"{activity}.product_id = {id_}", "uuid"),
            "user_id": Filter(lambda activity, id_, _: f"{activity}.user_id = {id_}", "uuid"),
            "actor_id": Filter(lambda activity, id_, _: f"{activity}.actor_id = {id_}", "uuid"),
        },
    )
