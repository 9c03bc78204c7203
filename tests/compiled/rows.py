"""A small client file in which everything awkward happens, and all of its rows in memory."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

from tortoise.connection import get_connection

from models import (
    Activity,
    ActivityKind,
    ClientAccess,
    Holding,
    HoldingRole,
    MailKind,
    MailStatus,
    Offboarding,
    OffboardingResolution,
    OffboardingStatus,
    Organisation,
    OutgoingMail,
    Party,
    PartyType,
    Product,
    TerminationReason,
    User,
    Webhook,
)
from models.listing import PARTY_LISTED, PRODUCT_LISTED
from models.webhook import new_secret
from tests.factories import make_organisation, make_token, make_user

TABLES: Final = {
    "Organisation": "organisation",
    "User": "app_user",
    "UserGroup": "user_group",
    "ApiToken": "api_token",
    "Party": "party",
    "Product": "product",
    "Holding": "holding",
    "Offboarding": "offboarding",
    "OutgoingMail": "outgoing_mail",
    "Activity": "activity",
    "Webhook": "webhook",
    "WebhookDelivery": "webhook_delivery",
}

# Equal names, names that are equal but for accents or case or past what is compared, and text
# that a statement, a cursor or a JSON string could trip over.
NAMES: Final = (
    "Müller, Jörg",
    "Mu\u0308ller Jo\u0308rg",
    "MULLER JOHANNA",
    "jo müller",
    "same",
    "same",
    "same",
    "Same",
    "Straße & Söhne KG",
    "STRASSE",
    "Νίκος Παπαδόπουλος",
    "ΝΙΚΟΣ",
    "O'Brien-Smith",
    "O\u2019Brien",
    "Łukasz Æther",
    "İzmir ﬁnance ½",
    "\u200fשָׁלֵם مُحَمَّد",
    "日本 商事",
    '"quoted" \\ back',
    "tab\tand\nline",
    "🙂 Ltd.",
    "'; drop table party; --",
    "a",
    "á",
    "x" * 230 + "y",
    "x" * 230 + "b",
    "각" * 150,
)
EMAILS: Final = (None, "jo.muller@example.com", "office@straße.example", "NIKOS@example.org")
DAYS: Final = (None, date(2020, 1, 1), date(2020, 1, 1), date(2021, 6, 30), date(1999, 12, 31))
NOW: Final = datetime.now(UTC)
MOMENTS: Final = (
    datetime(2026, 3, 2, 9, tzinfo=UTC),
    datetime(2026, 3, 2, 9, tzinfo=UTC),
    datetime(2026, 3, 2, 9, 0, 0, 500_000, tzinfo=UTC),
    datetime(2026, 3, 2, 9, 0, 0, 1, tzinfo=UTC),
)
# Each age of the statistics, and its bounds.
AGES: Final = (0, 3, 7, 8, 30, 31, 60, 90, 91, 400)
CHANGES: Final = (
    ("status", "OPEN", "REVIEW"),
    ("resolution", None, "DONE"),
    ("assignee", None, "user_1"),
    ("reason", None, "DEATH"),
    ("comment", "a \"quote\" \\ 'n' \u2028 é", None),
    ("dueOn", "2026-01-01", "2026-02-01"),
)

_FINISH: Final = f"""
with parties as (
  update party p set listed = {PARTY_LISTED},
    updated_at = '2026-03-02 09:00Z'::timestamptz + (ascii(left(reference, 1)) % 2) * interval '1us'
), products as (
  update product q set listed = {PRODUCT_LISTED},
    updated_at = '2026-03-02 09:00Z'::timestamptz + (ascii(left(number, 1)) % 2) * interval '1us'
)
select 1
"""


_DELIVER: Final = """
insert into webhook_delivery (id, organisation_id, webhook_id, activity_id, status, redelivery,
  attempts, response_status, last_error, created_at, attempted_at, delivered_at)
select gen_random_uuid(), w.organisation_id, w.id, a.id,
  (array['PENDING', 'DELIVERED', 'FAILED'])[1 + a.id % 3], a.id % 2 = 0, a.id % 4,
  case a.id % 3 when 1 then 200 when 2 then 500 end, case a.id % 3 when 2 then 'Oops "500"' end,
  '2026-03-02 09:00Z'::timestamptz + (a.id % 3) * interval '1us', now(),
  case when a.id % 3 = 1 then now() end
from webhook w join lateral
  (select id from activity where organisation_id = w.organisation_id order by id limit 20) a on true
where w.id = $1
"""


@dataclass
class Bank:
    """An organisation in the making."""

    organisation: Organisation
    users: list[User]
    chance: Random
    parties: list[Party]
    products: list[Product]
    holdings: list[Holding]
    offboardings: list[Offboarding]
    activity: list[Activity]
    mails: list[OutgoingMail]

    def new_id(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128), version=4)


Row = SimpleNamespace


@dataclass(frozen=True)
class Rows:
    """All rows of all organisations, by type."""

    of: Mapping[str, list[Row]]
    by_id: Mapping[str, Mapping[Any, Row]]


async def make_rows() -> dict[str, User]:
    """Fill the database; return the people who ask, by what they are."""
    north, south = await make_organisation("North"), await make_organisation("South")
    opened, own = ClientAccess.OPEN, ClientAccess.OWN
    colleagues: dict[str, tuple[Organisation, str, str, ClientAccess]] = {
        "approver": (north, "Approver", "Åsa Approver", opened),
        "officer": (north, "Officer", "same", opened),
        "manager": (north, "Officer", "Same", own),
        "partner": (north, "Approver", "jo müller", own),
        "administrator": (north, "Administrator", "Müller-Żak", opened),
        "former": (north, "Reader", "Former", opened),
        "stranger": (south, "Approver", "same", opened),
    }
    people = {
        account: await make_user(
            organisation=organisation,
            groups=[group],
            name=name,
            email=f"{account}@{organisation.name.lower()}.example",
            client_access=access,
            enabled=account != "former",
        )
        for account, (organisation, group, name, access) in colleagues.items()
    }
    for account in ("approver", "stranger", "approver"):
        await make_token(people[account], name=f"Of {account}")
    for organisation, parties in ((north, 26), (south, 4)):
        await _fill(organisation, parties)
    await get_connection("default").execute_script(_FINISH)
    return {account: user for account, user in people.items() if user.enabled}


async def _fill(organisation: Organisation, size: int) -> None:
    users = await User.filter(organisation=organisation).order_by("email")
    chance = Random(organisation.name)  # noqa: S311 - the same each time, on purpose
    bank = Bank(organisation, users, chance, [], [], [], [], [], [])
    for number in range(size):
        _add_party(bank, number)
        _add_product(bank, number)
    _add_holdings(bank)
    subjects: list[Party | Product] = [*bank.parties, *bank.products]
    for subject in subjects:
        _add_history(bank, subject)
    _add_ends_of_holdings(bank)
    chance.shuffle(bank.activity)
    await Party.bulk_create(bank.parties)
    await Product.bulk_create(bank.products)
    await Holding.bulk_create(bank.holdings)
    await Offboarding.bulk_create(bank.offboardings)
    await Activity.bulk_create(bank.activity)
    await OutgoingMail.bulk_create(bank.mails)
    await _add_webhooks(bank)


async def _add_webhooks(bank: Bank) -> None:
    """Add webhooks, one of which fails, and what became of some entries at them."""
    connection = get_connection("default")
    for number, user in enumerate(bank.users[:3]):
        webhook = await Webhook.create(
            organisation_id=bank.organisation.id,
            url=f'https://receiver.example/{number}?a="b"',
            kinds=None if number else ["RESOLVED", "ASSIGNED"],
            enabled=bool(number),
            disabled_reason=None if number else "The answer was 410.",
            secret=new_secret(),
            place=0,
            failures=number,
            failing_since=MOMENTS[number] if number else None,
            created_by_id=user.id,
        )
        await connection.execute_query(_DELIVER, [webhook.id])
    await connection.execute_script("update webhook set created_at = '2026-03-02 09:00Z'")


def _add_party(bank: Bank, number: int) -> None:
    chance = bank.chance
    bank.parties.append(
        Party(
            id=bank.new_id(),
            organisation_id=bank.organisation.id,
            type=chance.choice(list(PartyType)),
            name=NAMES[number % len(NAMES)],
            reference=f"{chance.choice('cCé')}-{number}",
            email=chance.choice(EMAILS),
            onboarded_on=chance.choice(DAYS),
            manager_id=chance.choice([None, *(user.id for user in bank.users)]),
        )
    )


def _add_product(bank: Bank, number: int) -> None:
    chance = bank.chance
    bank.products.append(
        Product(
            id=bank.new_id(),
            organisation_id=bank.organisation.id,
            name=chance.choice(NAMES),
            number=f"{chance.choice(['A', 'a', 'CH93 0076'])}-{number}",
            opened_on=chance.choice(DAYS),
        )
    )


def _add_holdings(bank: Bank) -> None:
    chance = bank.chance
    for product in bank.products:
        for party in chance.sample(bank.parties, chance.choice([0, 1, 1, 2, 3])):
            bank.holdings.append(
                Holding(
                    id=bank.new_id(),
                    organisation_id=bank.organisation.id,
                    party_id=party.id,
                    product_id=product.id,
                    role=chance.choice(list(HoldingRole)),
                    started_on=chance.choice(DAYS),
                    ended_on=chance.choice([None, None, date(2025, 1, 1)]),
                )
            )


def _add_history(bank: Bank, subject: Party | Product) -> None:
    """Add what was cancelled before, and then an end or an offboarding that goes on or nothing."""
    chance = bank.chance
    for _ in range(chance.choice([0, 0, 1, 2])):
        _add_offboarding(bank, subject, OffboardingStatus.DONE, OffboardingResolution.CANCELLED)
    now = chance.choice(["nothing", "runs", "runs", "ended"])
    if now == "runs":
        _add_offboarding(bank, subject, chance.choice(list(OffboardingStatus)[:3]), None)
    elif now == "ended":
        _add_offboarding(bank, subject, OffboardingStatus.DONE, OffboardingResolution.DONE)


def _add_offboarding(
    bank: Bank,
    subject: Party | Product,
    status: OffboardingStatus,
    resolution: OffboardingResolution | None,
) -> None:
    chance = bank.chance
    age = timedelta(days=chance.choice(AGES))
    started_at = chance.choice([*MOMENTS, NOW - age])
    closed_at = started_at + timedelta(hours=chance.choice([0, 1, 30, 200, 1000]))
    done = status is OffboardingStatus.DONE
    offboarding = Offboarding(
        id=bank.new_id(),
        organisation_id=bank.organisation.id,
        party_id=subject.id if isinstance(subject, Party) else None,
        product_id=subject.id if isinstance(subject, Product) else None,
        status=status,
        resolution=resolution,
        assignee_id=chance.choice([None, *(user.id for user in bank.users)]),
        reason=chance.choice([None, *TerminationReason]),
        comment=chance.choice([None, 'a "comment"\nof two lines']),
        effective_on=chance.choice(DAYS),
        due_on=chance.choice([None, *(NOW.date() + timedelta(days=days) for days in (-9, 0, 1))]),
        started_by_id=chance.choice(bank.users).id,
        started_at=started_at,
        updated_at=closed_at if done else started_at,
        closed_by_id=chance.choice(bank.users).id if done else None,
        closed_at=closed_at if done else None,
        version=chance.randint(1, 9),
    )
    if resolution is OffboardingResolution.DONE:
        _end(subject, offboarding)
    bank.offboardings.append(offboarding)
    for _ in range(chance.randint(0, 4)):
        _add_entry(bank, offboarding=offboarding)
    about_tasks = [kind for kind in MailKind if kind is not MailKind.WEBHOOK_DISABLED]
    for kind in chance.sample(about_tasks, chance.randint(0, 2)):
        _add_mail(bank, kind, offboarding)


def _add_mail(bank: Bank, kind: MailKind, offboarding: Offboarding) -> None:
    chance = bank.chance
    status = chance.choice(list(MailStatus))
    number = len(bank.mails)
    bank.mails.append(
        OutgoingMail(
            id=bank.new_id(),
            organisation_id=bank.organisation.id,
            kind=kind,
            offboarding_id=None if kind is MailKind.DAILY_DIGEST else offboarding.id,
            recipient_id=chance.choice(bank.users).id,
            sender_id=chance.choice(bank.users).id if kind is MailKind.TASK_ASSIGNED else None,
            # No two of a kind are of the same day.
            day=None if kind is MailKind.TASK_ASSIGNED else NOW.date() - timedelta(days=number),
            status=status,
            attempts=chance.randint(0, 9),
            due_at=chance.choice(MOMENTS),
            last_error=chance.choice([None, '550 "Unknown" <a@b.example>']),
            created_at=chance.choice(MOMENTS),
            sent_at=chance.choice(MOMENTS) if status is MailStatus.SENT else None,
        )
    )


def _end(subject: Party | Product, offboarding: Offboarding) -> None:
    assert offboarding.closed_by_id is not None
    assert offboarding.closed_at is not None
    subject.close(offboarding.closed_by_id, offboarding.closed_at, offboarding.effective_on)


def _add_ends_of_holdings(bank: Bank) -> None:
    for holding in bank.holdings:
        if holding.ended_on is not None:
            _add_entry(bank, holding=holding)


def _add_entry(
    bank: Bank, *, offboarding: Offboarding | None = None, holding: Holding | None = None
) -> None:
    chance = bank.chance
    about = offboarding or holding
    assert about is not None
    changes = chance.sample(CHANGES, chance.randint(0, 3))
    bank.activity.append(
        Activity(
            organisation_id=bank.organisation.id,
            kind=ActivityKind.HOLDING_ENDED if holding else chance.choice(list(ActivityKind)),
            occurred_at=chance.choice(MOMENTS),
            actor_id=chance.choice([None, *(user.id for user in bank.users)]),
            offboarding_id=offboarding.id if offboarding else None,
            party_id=about.party_id,
            product_id=about.product_id,
            changes=[
                {"field": field, "before": before, "after": after}
                for field, before, after in changes
            ],
        )
    )


async def load_rows() -> Rows:
    """Read every table whole."""
    connection = get_connection("default")
    of: dict[str, list[Row]] = {}
    for type_name, table in TABLES.items():
        _, records = await connection.execute_query(f"select * from {table}")
        of[type_name] = [Row(typename=type_name, **dict(record)) for record in records]
    for entry in of["Activity"]:
        entry.changes = json.loads(entry.changes)
    _, members = await connection.execute_query("select * from user_group_member")
    for group in of["UserGroup"]:
        group.members = {m["user_id"] for m in members if m["user_group_id"] == group.id}
    return Rows(of, {name: {row.id: row for row in rows} for name, rows in of.items()})
