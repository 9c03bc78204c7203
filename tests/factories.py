"""Rows for tests: plain functions, each with a sound default for whatever a test leaves open."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Final

from tortoise.connection import get_connection

import auth
from models import (
    ClientAccess,
    Holding,
    HoldingRole,
    Offboarding,
    OffboardingResolution,
    OffboardingStatus,
    Organisation,
    Party,
    PartyType,
    Permission,
    Product,
    TerminationReason,
    User,
    UserGroup,
    Viewer,
)

# A Monday; whatever is started without a time of its own is started then, and closed a week later.
STARTED_AT: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
CLOSED_AT: Final = datetime(2026, 3, 9, 16, 30, tzinfo=UTC)

# Padded in what is made of them, so that texts sort as rows were made, however many there were.
_numbers = count(1)

# Rule V for every party and product of an organisation, said in another way than by the program.
_RELIST: Final = """
with owned as (
  select h.party_id, h.product_id, p.status party_status, q.status product_status
  from holding h join party p on p.id = h.party_id join product q on q.id = h.product_id
  where h.ended_on is null and h.role <> 'BENEFICIARY' and h.role <> 'REPRESENTATIVE'
), relisted as (
  update party set listed = status = 'ACTIVE'
    or id in (select party_id from owned where product_status = 'ACTIVE')
  where organisation_id = $1
)
update product set listed = status = 'ACTIVE'
  or id in (select product_id from owned where party_status = 'ACTIVE')
where organisation_id = $1
"""


async def make_organisation(
    name: str | None = None,
    *,
    four_eyes: bool = False,
    require_products_terminated: bool = False,
    retention_months: int | None = 60,
) -> Organisation:
    """Make an organisation with the groups that every organisation has."""
    organisation = await Organisation.create(
        name=name or f"Bank {next(_numbers):06}",
        four_eyes=four_eyes,
        require_products_terminated=require_products_terminated,
        retention_months=retention_months,
    )
    await UserGroup.bulk_create(UserGroup.defaults(organisation))
    return organisation


async def _home() -> Organisation:
    """Return the organisation of a test that names none: the first it made, or a new one."""
    return await Organisation.all().order_by("id").first() or await make_organisation()


async def make_user(
    *,
    organisation: Organisation | None = None,
    groups: Collection[str] = ("Approver",),
    client_access: ClientAccess = ClientAccess.OPEN,
    enabled: bool = True,
    name: str | None = None,
    email: str | None = None,
) -> User:
    """Make a user who is a member of groups, by name."""
    organisation = organisation or await _home()
    number = next(_numbers)
    user = await User.create(
        organisation=organisation,
        name=name or f"User {number:06}",
        email=email or f"user{number:06}@example.com",
        client_access=client_access,
        enabled=enabled,
    )
    member_of = await UserGroup.filter(organisation=organisation, name__in=list(groups))
    assert len(member_of) == len(groups), f"not all of {groups} are groups"
    if member_of:
        await user.groups.add(*member_of)
    return user


async def _somebody(organisation_id: object) -> User:
    """Return the user whom a test did not name: the organisation's first, or a new one."""
    first = await User.filter(organisation_id=organisation_id).order_by("id").first()
    return first or await make_user(organisation=await Organisation.get(id=organisation_id))


async def make_party(
    *,
    organisation: Organisation | None = None,
    type: PartyType = PartyType.NATURAL_PERSON,
    name: str | None = None,
    reference: str | None = None,
    email: str | None = None,
    manager: User | None = None,
    onboarded_on: date | None = None,
) -> Party:
    """Make an active party."""
    number = next(_numbers)
    return await Party.create(
        organisation=organisation or await _home(),
        type=type,
        name=name or f"Party {number:06}",
        reference=reference or f"C-{number:06}",
        email=email,
        manager=manager,
        onboarded_on=onboarded_on,
    )


async def make_product(
    *,
    organisation: Organisation | None = None,
    name: str | None = None,
    number: str | None = None,
    opened_on: date | None = None,
) -> Product:
    """Make an active product that nobody holds."""
    serial = next(_numbers)
    return await Product.create(
        organisation=organisation or await _home(),
        name=name or f"Product {serial:06}",
        number=number or f"A-{serial:06}",
        opened_on=opened_on,
    )


async def make_holding(
    party: Party,
    product: Product,
    role: HoldingRole = HoldingRole.OWNER,
    *,
    started_on: date | None = None,
    ended_on: date | None = None,
) -> Holding:
    """Make a party hold a product."""
    holding = await Holding.create(
        organisation_id=party.organisation_id,
        party=party,
        product=product,
        role=role,
        started_on=started_on,
        ended_on=ended_on,
    )
    if party.has_ended or product.has_ended:
        await _relist(party.organisation_id)
    return holding


async def make_offboarding(
    *,
    party: Party | None = None,
    product: Product | None = None,
    status: OffboardingStatus = OffboardingStatus.OPEN,
    resolution: OffboardingResolution | None = None,
    assignee: User | None = None,
    reason: TerminationReason | None = None,
    comment: str | None = None,
    effective_on: date | None = None,
    due_on: date | None = None,
    started_by: User | None = None,
    started_at: datetime = STARTED_AT,
    closed_by: User | None = None,
    closed_at: datetime = CLOSED_AT,
    version: int = 1,
) -> Offboarding:
    """Make an offboarding as a row; one that ended the relationship closes its subject too."""
    subject = party or product or await make_party()
    done = status is OffboardingStatus.DONE
    ends = resolution is OffboardingResolution.DONE
    started_by = started_by or await _somebody(subject.organisation_id)
    closed_by = closed_by or started_by
    offboarding = await Offboarding.create(
        organisation_id=subject.organisation_id,
        party=subject if isinstance(subject, Party) else None,
        product=subject if isinstance(subject, Product) else None,
        status=status,
        resolution=resolution,
        assignee=assignee,
        reason=reason,
        comment=comment,
        effective_on=effective_on or (closed_at.date() if ends else None),
        due_on=due_on,
        started_by=started_by,
        started_at=started_at,
        updated_at=closed_at if done else started_at,
        closed_by=closed_by if done else None,
        closed_at=closed_at if done else None,
        version=version,
    )
    if offboarding.ends_the_relationship:
        await _close(subject, offboarding, closed_by)
    return offboarding


async def _close(subject: Party | Product, offboarding: Offboarding, closed_by: User) -> None:
    assert offboarding.effective_on is not None
    assert offboarding.closed_at is not None
    organisation = await Organisation.get(id=subject.organisation_id)
    until = organisation.retention_until(offboarding.effective_on)
    subject.close(closed_by.id, offboarding.closed_at, until)
    await subject.save()
    await _relist(subject.organisation_id)
    await subject.refresh_from_db()


async def _relist(organisation_id: object) -> None:
    await get_connection("default").execute_query(_RELIST, [organisation_id])


async def viewer_for(user: User) -> Viewer:
    """Return the viewer that a user is once their credential was accepted."""
    groups = await user.groups.all()
    return Viewer(
        user_id=user.id,
        organisation_id=user.organisation_id,
        permissions=frozenset(Permission(name) for group in groups for name in group.permissions),
        client_access=user.client_access,
    )


async def make_token(
    user: User,
    *,
    name: str = "test",
    lifetime: timedelta = timedelta(hours=1),
    scopes: Collection[str] | None = None,
) -> str:
    """Make an API token of a user and return it."""
    limits = None if scopes is None else [Permission(scope) for scope in scopes]
    return await auth.issue_token(user, name, lifetime, limits)
