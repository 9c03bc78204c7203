"""Endings: what follows when a relationship or a product ends, worked out under locks (R4, V).

Locks are taken in one order everywhere, parties before products, each by id, so that two who end
the two halves of a pair wait for each other and the second sees what the first did.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.connection import get_connection

from models import (
    ActivityKind,
    Closing,
    Entry,
    Offboarding,
    Organisation,
    Party,
    Product,
    SubjectType,
    Viewer,
)
from models.change import changed
from models.listing import LISTING_LOCK, OWNS, PARTY_LISTED, PRODUCT_LISTED


@dataclass(frozen=True, slots=True)
class Locked:
    """The parties and products whose place in the overview may change."""

    parties: Sequence[UUID]
    products: Sequence[UUID]


async def _ids(sql: str, *values: Any) -> list[UUID]:  # noqa: ANN401 - parameters are of any type
    _, rows = await get_connection("default").execute_query(sql, list(values))
    return [row["id"] for row in rows]


async def _lock(parties: Sequence[UUID], products: Sequence[UUID]) -> Locked:
    for table, ids in (("party", parties), ("product", products)):
        if ids:
            await _ids(
                f"select id from {table} where id = any($1) order by id for no key update",
                ids,
            )
    return Locked(parties, products)


async def lock_pair(subject_type: SubjectType, subject: UUID) -> Locked:
    """Lock a subject and all that share a product with it as owners."""
    await _ids("select null::uuid as id from pg_advisory_xact_lock_shared($1)", LISTING_LOCK)
    if subject_type is SubjectType.PARTY:
        # Locked first: only who holds the party's lock ends its holdings.
        await _lock([subject], [])
        products = await _ids(
            f"select h.product_id as id from holding h where h.party_id = $1 and {OWNS}",
            subject,
        )
        return await _lock([subject], products)
    parties = await _ids(
        f"select h.party_id as id from holding h where h.product_id = $1 and {OWNS}",
        subject,
    )
    return await _lock(parties, [subject])


async def lock_holding(party: UUID, product: UUID) -> Locked:
    """Lock both ends of a holding."""
    await _ids("select null::uuid as id from pg_advisory_xact_lock_shared($1)", LISTING_LOCK)
    return await _lock([party], [product])


async def open_products(party: UUID) -> list[UUID]:
    """Return the products a party owns that are not terminated (R6)."""
    return await _ids(
        "select q.id from holding h join product q on q.id = h.product_id"
        f" where h.party_id = $1 and {OWNS} and q.status = 'ACTIVE' order by q.number",
        party,
    )


async def closing(viewer: Viewer, offboarding: Offboarding, at: datetime) -> Closing:
    """Return what setting an offboarding to Done depends on (R6, R11)."""
    organisation = await Organisation.get(id=viewer.organisation_id)
    in_the_way = (
        await open_products(offboarding.party_id)
        if organisation.require_products_terminated and offboarding.party_id is not None
        else []
    )
    return Closing(viewer.user_id, at, organisation.four_eyes, in_the_way)


async def relist(locked: Locked) -> None:
    """Work out anew which of the locked are listed in the overview (V)."""
    for alias, table, ids, listed in (
        ("p", "party", locked.parties, PARTY_LISTED),
        ("q", "product", locked.products, PRODUCT_LISTED),
    ):
        if ids:
            await _ids(
                f"update {table} {alias} set listed = {listed}"
                f" where {alias}.id = any($1) and {alias}.listed <> {listed}",
                ids,
            )


async def end_subject(
    viewer: Viewer, offboarding: Offboarding, locked: Locked, at: datetime
) -> Entry:
    """End the subject of an offboarding that is Done with resolution Done (R4)."""
    organisation = await Organisation.get(id=viewer.organisation_id)
    until = organisation.retention_until(offboarding.effective_on or at.date())
    subject: Party | Product
    if offboarding.subject_type is SubjectType.PARTY:
        subject = await Party.get(id=offboarding.subject_id)
        kind, columns = ActivityKind.PARTY_OFFBOARDED, ["offboarded_at", "offboarded_by_id"]
    else:
        subject = await Product.get(id=offboarding.subject_id)
        kind, columns = ActivityKind.PRODUCT_TERMINATED, ["terminated_at", "terminated_by_id"]
    before = subject.status
    subject.close(viewer.user_id, at, until)
    await subject.save(update_fields=["status", "retention_until", "updated_at", *columns])
    await relist(locked)
    changes = [
        *changed("status", before, subject.status),
        *changed("retentionUntil", None, subject.retention_until),
    ]
    return Entry(kind, changes)
