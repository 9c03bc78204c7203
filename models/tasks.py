"""How an offboarding is read: who sees it, what is derived, its orders and filters."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from models import party as parties
from models import product as products
from models.organisation import of_organisation
from models.readable import Asker, Cases, Choice, Filter, Link, Order, Range, Readable, Variants
from models.search import query
from models.status import DONE_WRITE, WRITE, OffboardingStatus, SubjectType
from models.user_group import Permission


def visible(offboarding: str, asker: Asker) -> str:
    """Return the condition that the viewer may see an offboarding (R12)."""
    condition = (
        f"{of_organisation(offboarding, asker)} and {asker.may(Permission.CLIENT_FILE_READ)}"
    )
    if not asker.own:
        return condition
    return (
        f"{condition} and (exists (select from party v where v.id = {offboarding}.party_id"
        f" and {parties.visible('v', asker)})"
        f" or exists (select from product w where w.id = {offboarding}.product_id"
        f" and {products.visible('w', asker)}))"
    )


def own(table: str, row: str, asker: Asker) -> str:
    """Return the condition that a row of a table is about what the viewer sees with access OWN."""
    found = " union all ".join(
        f"select f.id from {table} f join {subject} s on s.id = f.{subject}_id"
        f" where {noun.visible('s', asker)}"
        for subject, noun in (("party", parties), ("product", products))
    )
    return f"{row}.id in ({found})"


def _secret(column: str, offboarding: str, asker: Asker) -> str:
    readable = asker.may(Permission.OFFBOARDING_REASON_READ)
    return f"case when {readable} then {offboarding}.{column} end"


def _may(permissions: Mapping[SubjectType, Permission], offboarding: str, asker: Asker) -> str:
    return (
        f"({offboarding}.status <> 'DONE' and case when {offboarding}.party_id is not null"
        f" then {asker.may(permissions[SubjectType.PARTY])}"
        f" else {asker.may(permissions[SubjectType.PRODUCT])} end)"
    )


def _has_status(status: OffboardingStatus, offboarding: str, _asker: Asker) -> str:
    return f"{offboarding}.status = '{status}'"


def _found(table: str, words: str, asker: Asker) -> str:
    """Return the SELECT of the offboardings whose subject, in a table, holds words."""
    return (
        f"select f.id from offboarding f join {table} s on s.id = f.{table}_id"
        f" where s.search @@ {query(words, asker)}"
    )


READABLE: Final = Readable(
    visible=visible,
    own=partial(own, "offboarding"),
    derived={
        "is_final": lambda offboarding, _: f"({offboarding}.status = 'DONE')",
        "reason": lambda offboarding, asker: _secret("reason", offboarding, asker),
        "comment": lambda offboarding, asker: _secret("comment", offboarding, asker),
        "viewer_can_edit": lambda offboarding, asker: _may(WRITE, offboarding, asker),
        "viewer_can_resolve": lambda offboarding, asker: _may(DONE_WRITE, offboarding, asker),
    },
    links={
        "subject": Variants({"Party": "party_id", "Product": "product_id"}),
        "activity": Link(
            "Activity",
            source=lambda _offboarding, activity: f"activity {activity}",
            condition=lambda offboarding, activity: f"{activity}.offboarding_id = {offboarding}.id",
        ),
        "open_products": Link(
            "Product",
            source=lambda _offboarding, product: (
                f"holding h join product {product} on {product}.id = h.product_id"
            ),
            condition=lambda offboarding, product: (
                f"h.party_id = {offboarding}.party_id and h.ended_on is null"
                f" and h.role in ('OWNER', 'JOINT_OWNER') and {product}.status = 'ACTIVE'"
            ),
            order=lambda product: f"{product}.number",
        ),
    },
    order=("STARTED_AT", True),
    orders={
        "STARTED_AT": Order(lambda offboarding: f"{offboarding}.started_at", "timestamptz"),
        "UPDATED_AT": Order(lambda offboarding: f"{offboarding}.updated_at", "timestamptz"),
        "DUE_ON": Order(lambda offboarding: f"coalesce({offboarding}.due_on, 'infinity')", "date"),
        "CLOSED_AT": Order(
            lambda offboarding: f"coalesce({offboarding}.closed_at, 'infinity')", "timestamptz"
        ),
    },
    filters={
        # Each in the text, so that an index of those not Done serves.
        "status": Cases(
            {str(status): partial(_has_status, status) for status in OffboardingStatus}
        ),
        "resolution": Filter(lambda o, values, _: f"{o}.resolution = any({values})", "text[]"),
        # Who may not see reasons finds nothing by them (R13).
        "reason": Filter(
            lambda o, values, asker: (
                f"({asker.may(Permission.OFFBOARDING_REASON_READ)} and {o}.reason = any({values}))"
            ),
            "text[]",
        ),
        "assignee_id": Filter(lambda o, user, _: f"{o}.assignee_id = {user}", "uuid"),
        "assigned_to_me": Choice(
            lambda o, yes, asker: (
                f"{o}.assignee_id {'=' if yes else 'is distinct from'} {asker.user}"
            )
        ),
        "unassigned": Choice(lambda o, yes, _: f"{o}.assignee_id is {'' if yes else 'not '}null"),
        "subject_type": Filter(
            lambda o, type_, _: (
                f"case when {o}.party_id is null then 'PRODUCT' else 'PARTY' end = {type_}"
            ),
            "text",
        ),
        "started_at": Range(lambda o: f"{o}.started_at", "timestamptz"),
        "closed_at": Range(lambda o: f"coalesce({o}.closed_at, 'infinity')", "timestamptz"),
        "search": Filter(
            lambda o, words, asker: (
                f"{o}.id in ({_found('party', words, asker)} union all"
                f" {_found('product', words, asker)})"
            ),
            "text",
        ),
        "overdue": Choice(
            lambda o, yes, _: (
                f"{'' if yes else 'not '}({o}.status <> 'DONE'"
                f" and coalesce({o}.due_on, 'infinity') < (now() at time zone 'UTC')::date)"
            )
        ),
    },
)
