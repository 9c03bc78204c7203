"""What happened at a firm of the demo: who left, who is about to, and who stayed after all."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, TypeVar
from uuid import UUID

from demo.clients import ClientFile
from demo.history import IN_PROGRESS, OPEN, REVIEW, History
from models import HoldingRole, OffboardingResolution, Party, PartyType, Product

S = TypeVar("S", Party, Product)

ENDED, CANCELLED = OffboardingResolution

# Whoever has been there for less time is left alone, so that everybody came before they went.
LONGEST_AGO: Final = 400
LONG_AGO: Final = (LONGEST_AGO, 220)
LATER: Final = (200, 40)
LATELY: Final = (90, 2)


class Cast:
    """The parties and products of a client file, each given one part at most."""

    def __init__(self, file: ClientFile) -> None:
        self._file = file
        self._taken: set[UUID] = set()

    def take(self, subjects: Sequence[S], count: int, fits: Callable[[S], bool]) -> list[S]:
        """Draw subjects that fit and have been there for long enough."""
        drawn = self._file.chance.sample(subjects, len(subjects))
        free = (s for s in drawn if self.is_free(s) and fits(s))
        taken = list(islice(free, count))
        self.reserve(taken)
        return taken

    def is_free(self, subject: Party | Product) -> bool:
        """Return whether a subject may still be given a part."""
        return subject.id not in self._taken and self._file.is_old(subject, LONGEST_AGO)

    def reserve(self, subjects: Sequence[Party | Product]) -> None:
        """Give these subjects no further part."""
        self._taken.update(subject.id for subject in subjects)


class Plot:
    """The plot of one firm; `workload` says how much of everything goes on."""

    def __init__(self, file: ClientFile, workload: int) -> None:
        self.file, self.workload = file, workload
        self.cast, self.history = Cast(file), History(file)

    def tell(self) -> History:
        """Let everything happen and return it."""
        self._couple_leaves()
        for type_ in PartyType:
            self._leave_for_good(type_, 1 + self.workload // 3)
        if not self.file.organisation.require_products_terminated:
            self._leave_but_stay_listed(self.workload)
        self._change_their_mind(1 + self.workload // 2)
        self._are_leaving(self.workload)
        self._terminate_products(self.workload)
        self._leave_products(1 + self.workload // 2)
        return self.history

    def _couple_leaves(self) -> None:
        """Two people with a joint account go, and all they own with them."""

        def fits(account: Product) -> bool:
            couple = self.file.owners_of(account)
            return len(couple) > 1 and all(
                self.cast.is_free(owner) and self._own_everything(owner, couple) for owner in couple
            )

        for account in self.cast.take(self.file.products, 1, fits):
            couple = self.file.owners_of(account)
            products = {p.id: p for owner in couple for p in self.file.owned_by(owner)}
            self._end(couple, list(products.values()))

    def _leave_for_good(self, type_: PartyType, count: int) -> None:
        """Parties go, and with them the products that nobody else owns."""

        def fits(party: Party) -> bool:
            return party.type is type_ and self._own_everything(party, [party])

        for party in self.cast.take(self.file.parties, count, fits):
            self._end([party], self.file.owned_by(party))

    def _own_everything(self, party: Party, owners: Sequence[Party]) -> bool:
        """Return whether all that a party owns is owned by these parties only."""
        ids = {owner.id for owner in owners}
        return all(
            {other.id for other in self.file.owners_of(product)} <= ids
            for product in self.file.owned_by(party)
        )

    def _end(self, parties: Sequence[Party], products: Sequence[Product]) -> None:
        self.cast.reserve([*parties, *products])
        party_first = (
            not self.file.organisation.require_products_terminated
            and self.file.chance.random() < 0.5  # noqa: PLR2004 - both orders are legal (R6)
        )
        for product in products:
            self.history.play(product, ENDED, days_ago=LATER if party_first else LONG_AGO)
        for party in parties:
            self.history.play(party, ENDED, days_ago=LONG_AGO if party_first else LATER)

    def _leave_but_stay_listed(self, count: int) -> None:
        """Parties go, some of them joint owners, while a product of theirs is active (V)."""

        def free_products(party: Party) -> list[Product]:
            return [p for p in self.file.owned_by(party) if self.cast.is_free(p)]

        def shares(party: Party) -> bool:
            return any(len(self.file.owners_of(p)) > 1 for p in free_products(party))

        sharing = self.cast.take(self.file.parties, count // 2, shares)
        others = self.cast.take(self.file.parties, count // 2, lambda p: bool(free_products(p)))
        for place, party in enumerate((*sharing, *others)):
            self.history.play(party, ENDED, days_ago=LATER)
            products = free_products(party)
            self.cast.reserve(products)
            if place % 2 and products:
                self.history.play(products[0], REVIEW, days_ago=(30, 2), due_in=5)

    def _change_their_mind(self, count: int) -> None:
        """Offboardings are cancelled; every second party is started on again (R4)."""
        for place, party in enumerate(self.cast.take(self.file.parties, count, _anybody)):
            self.history.play(party, CANCELLED, days_ago=LATER)
            if place % 2:
                self.history.play(party, IN_PROGRESS, days_ago=(30, 2), due_in=10)
        for product in self.cast.take(self.file.products, count // 2, _anybody):
            self.history.play(product, CANCELLED, days_ago=LATER)

    def _are_leaving(self, count: int) -> None:
        """Offboardings run, in every status; some are overdue, some nobody's."""
        for status in (OPEN, IN_PROGRESS, REVIEW):
            parties = self.cast.take(self.file.parties, count + 1, _anybody)
            products = self.cast.take(self.file.products, 1 + count // 2, _anybody)
            subjects: list[Party | Product] = [*parties, *products]
            for place, subject in enumerate(subjects):
                former = status is OPEN and place < 2 and "former" in self.file.users  # noqa: PLR2004 - two
                self.history.play(
                    subject,
                    status,
                    days_ago=LATELY,
                    due_in=self._due_in(place),
                    assignee="former" if former else None,
                )

    def _due_in(self, place: int) -> int | None:
        """Return in how many days a task is due: some are overdue, some due at no day."""
        chance = self.file.chance
        return (-chance.randint(1, 20), chance.randint(3, 45), None)[place % 3]

    def _terminate_products(self, count: int) -> None:
        """Products end whose owners stay, so that they stay listed (V)."""

        def fits(product: Product) -> bool:
            return all(self.cast.is_free(owner) for owner in self.file.owners_of(product))

        for product in self.cast.take(self.file.products, count, fits):
            self.history.play(product, ENDED, days_ago=LATER)

    def _leave_products(self, count: int) -> None:
        """Joint owners and beneficiaries leave a product that goes on (R7)."""
        for role in (HoldingRole.JOINT_OWNER, HoldingRole.BENEFICIARY):
            holdings = [h for h in self.file.holdings if h.role is role]
            parties = {h.party_id: h for h in holdings}
            leaving = self.cast.take(self.file.parties, count, lambda p: p.id in parties)  # noqa: B023 - called at once
            for party in leaving:
                days_ago = self.file.chance.randint(5, 300)
                self.history.end_holding(parties[party.id], days_ago)


def _anybody(_subject: Party | Product) -> bool:
    return True
