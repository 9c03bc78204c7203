"""Parties, products and holdings of the demo."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final
from uuid import UUID

from demo.firms import Firm
from demo.names import companies, people
from models import Holding, HoldingRole, Organisation, Party, PartyType, Product, User

OWNING: Final = (HoldingRole.OWNER, HoldingRole.JOINT_OWNER)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of product: how its numbers begin and what products of it are called."""

    prefix: str
    names: Sequence[str]


ACCOUNTS: Final = Kind("ACC", ["Current account", "Savings account", "Deposit account"])
PORTFOLIOS: Final = Kind("PTF", ["Securities portfolio", "Pension portfolio", "Green portfolio"])
POLICIES: Final = Kind("POL", ["Life insurance", "Home insurance", "Travel insurance"])


@dataclass
class ClientFile:
    """The client file of one organisation in the making; `users` by account."""

    organisation: Organisation
    users: Mapping[str, User]
    chance: Random
    today: date
    parties: list[Party] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    holdings: list[Holding] = field(default_factory=list)

    def add_party(self, type_: PartyType, name: str) -> Party:
        """Add a party that has been a client for some time."""
        number = len(self.parties) + 1
        onboarded_on = self.today - timedelta(days=self.chance.randint(20, 4000))
        party = Party(
            organisation_id=self.organisation.id,
            type=type_,
            name=name,
            reference=f"C-{10_000 + number}",
            email=_address(name) if self.chance.random() < 0.8 else None,  # noqa: PLR2004 - most have one
            onboarded_on=onboarded_on,
            created_at=datetime.combine(onboarded_on, time(9), UTC),
            manager_id=self._manager(),
        )
        self.parties.append(party)
        return party

    def add_product(self, kind: Kind, owners: Sequence[Party]) -> Product:
        """Add a product that parties own, together when they are several."""
        opened_on = max(owner.onboarded_on or self.today for owner in owners)
        product = Product(
            organisation_id=self.organisation.id,
            name=self.chance.choice(kind.names),
            number=f"{kind.prefix}-{700_000 + 13 * len(self.products)}",
            opened_on=opened_on,
            created_at=datetime.combine(opened_on, time(10), UTC),
        )
        self.products.append(product)
        role = HoldingRole.OWNER if len(owners) == 1 else HoldingRole.JOINT_OWNER
        for owner in owners:
            self.add_holding(owner, product, role)
        return product

    def add_holding(self, party: Party, product: Product, role: HoldingRole) -> None:
        """Let a party hold a product since it was opened."""
        self.holdings.append(
            Holding(
                organisation_id=self.organisation.id,
                party_id=party.id,
                product_id=product.id,
                role=role,
                started_on=max(product.opened_on or self.today, party.onboarded_on or self.today),
            )
        )

    def owned_by(self, party: Party) -> list[Product]:
        """Return the products that a party owns, alone or jointly."""
        ids = {h.product_id for h in self._ownerships() if h.party_id == party.id}
        return [product for product in self.products if product.id in ids]

    def owners_of(self, product: Product) -> list[Party]:
        """Return the parties that own a product."""
        ids = {h.party_id for h in self._ownerships() if h.product_id == product.id}
        return [party for party in self.parties if party.id in ids]

    def is_old(self, subject: Party | Product, days: int) -> bool:
        """Return whether a party or product has been there for so many days."""
        since = subject.onboarded_on if isinstance(subject, Party) else subject.opened_on
        return since is not None and since <= self.today - timedelta(days=days)

    def starter_of(self, subject: Party | Product) -> UUID:
        """Return who starts: the manager where they look after the party, else the officer."""
        manager = self.users.get("manager")
        if manager and isinstance(subject, Party) and subject.manager_id == manager.id:
            return manager.id
        return self.users["officer"].id

    def approver(self) -> UUID:
        """Draw somebody who may set Done."""
        accounts = [account for account in self.users if account.startswith("approver")]
        return self.users[self.chance.choice(accounts)].id

    def _ownerships(self) -> list[Holding]:
        return [h for h in self.holdings if h.role in OWNING and h.ended_on is None]

    def _manager(self) -> UUID | None:
        """Return who looks after a party: anybody who starts offboardings, or nobody."""
        accounts = [name for name in ("officer", "approver", "manager") if name in self.users]
        account = self.chance.choice([*accounts, None])
        return None if account is None else self.users[account].id


def _address(name: str) -> str:
    """Return an address made from the Latin letters of a name."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = "".join(letter if letter.isalnum() else " " for letter in plain).split()
    return f"{'.'.join(words) or 'office'}@client.example"


def fill(file: ClientFile, firm: Firm) -> None:
    """Add the parties of a firm and what they hold."""
    chance = file.chance
    persons = [
        file.add_party(PartyType.NATURAL_PERSON, name) for name in people(chance, firm.people)
    ]
    _give_to_people(file, persons)
    _give_joint_accounts(file, persons)
    for name in companies(chance, firm.companies):
        company = file.add_party(PartyType.LEGAL_ENTITY, name)
        for _ in range(chance.randint(1, 3)):
            account = file.add_product(ACCOUNTS, [company])
            file.add_holding(chance.choice(persons), account, HoldingRole.REPRESENTATIVE)
    for _ in range(firm.groups):
        first, second = chance.sample(persons, 2)
        group = file.add_party(PartyType.NATURAL_PERSON_GROUP, f"{first.name} & {second.name}")
        portfolio = file.add_product(PORTFOLIOS, [group])
        for member in (first, second):
            file.add_holding(member, portfolio, HoldingRole.REPRESENTATIVE)


def _give_to_people(file: ClientFile, persons: Sequence[Party]) -> None:
    """Give most people an account, and some a portfolio or a policy with a beneficiary."""
    for person in persons:
        for kind, share in ((ACCOUNTS, 0.93), (PORTFOLIOS, 0.3), (POLICIES, 0.25)):
            if file.chance.random() < share:
                product = file.add_product(kind, [person])
                if kind is POLICIES:
                    other = file.chance.choice([p for p in persons if p is not person])
                    file.add_holding(other, product, HoldingRole.BENEFICIARY)


def _give_joint_accounts(file: ClientFile, persons: Sequence[Party]) -> None:
    """Give pairs of people an account together, nobody more than one."""
    pairs = len(persons) // 8
    drawn = file.chance.sample(persons, 2 * pairs)
    for couple in zip(drawn[:pairs], drawn[pairs:], strict=True):
        file.add_product(ACCOUNTS, couple)
