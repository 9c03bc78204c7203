"""Offboardings of the demo, played day by day by the models' own rules, with their log."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID

from demo.clients import ClientFile
from demo.reasons import reason_for
from models import (
    Activity,
    ActivityKind,
    Change,
    Closing,
    Details,
    Entry,
    Holding,
    Offboarding,
    OffboardingResolution,
    OffboardingStatus,
    Party,
    Product,
    ProductStatus,
)
from models.change import changed
from models.closing import CONFIRMATION

Subject = Party | Product

OPEN, IN_PROGRESS, REVIEW, DONE = OffboardingStatus

# Ways to get from the start to a status; teams go back and forth (R1).
PATHS: Final[Mapping[OffboardingStatus, Sequence[Sequence[OffboardingStatus]]]] = {
    OPEN: [[], [IN_PROGRESS, OPEN]],
    IN_PROGRESS: [[IN_PROGRESS], [REVIEW, IN_PROGRESS]],
    REVIEW: [[REVIEW], [IN_PROGRESS, REVIEW], [IN_PROGRESS, REVIEW, IN_PROGRESS, REVIEW]],
    DONE: [[DONE], [IN_PROGRESS, REVIEW, DONE], [IN_PROGRESS, REVIEW, IN_PROGRESS, DONE]],
}


class History:
    """What happened to a client file: its offboardings and the entries of its log."""

    def __init__(self, file: ClientFile) -> None:
        self.file = file
        self.offboardings: list[Offboarding] = []
        self.activity: list[Activity] = []

    def play(
        self,
        subject: Subject,
        goal: OffboardingStatus | OffboardingResolution,
        *,
        days_ago: tuple[int, int],
        due_in: int | None = None,
        assignee: str | None = None,
    ) -> None:
        """Take an offboarding of a subject to a status or its end, between two days of the past."""
        status = goal if isinstance(goal, OffboardingStatus) else DONE
        path = self.file.chance.choice(PATHS[status])
        start, *moves = self._moments(1 + len(path), days_ago)
        offboarding = self._start(subject, start, due_in, assignee)
        for step, at in zip(path, moves, strict=True):
            if isinstance(goal, OffboardingResolution) and step is DONE:
                self._close(offboarding, subject, goal, at)
            else:
                self._move(offboarding, subject, step, at)

    def end_holding(self, holding: Holding, days_ago: int) -> None:
        """Let a party leave a product (R7)."""
        (at,) = self._moments(1, (days_ago + 1, days_ago))
        holding.end(at.date(), at.date())
        by = self.file.users["officer"].id
        ended = Entry(ActivityKind.HOLDING_ENDED, changed("endedOn", None, holding.ended_on))
        self._note(ended, at, by, party_id=holding.party_id, product_id=holding.product_id)

    def _moments(self, count: int, days_ago: tuple[int, int]) -> list[datetime]:
        """Draw moments within office hours of as many days, the earliest first."""
        chance, (first, last) = self.file.chance, days_ago
        midnight = datetime.combine(self.file.today, time(), UTC)
        return [
            midnight - timedelta(days=days) + timedelta(seconds=chance.randint(28_800, 61_200))
            for days in sorted(chance.sample(range(last, first), count), reverse=True)
        ]

    def _start(
        self, subject: Subject, at: datetime, due_in: int | None, assignee: str | None
    ) -> Offboarding:
        chance, today = self.file.chance, self.file.today
        starter = self.file.starter_of(subject)
        offboarding = Offboarding(
            organisation_id=subject.organisation_id,
            party_id=subject.id if isinstance(subject, Party) else None,
            product_id=subject.id if isinstance(subject, Product) else None,
            started_by_id=starter,
            started_at=at,
            updated_at=at,
            version=0,
        )
        reason, comment = reason_for(subject, chance)
        due_on = None if due_in is None else today + timedelta(days=due_in)
        started = changed("status", None, offboarding.status)
        described = offboarding.set_details(Details(reason, comment, None, due_on))
        accounts = {name: user.id for name, user in self.file.users.items()}
        user = (
            accounts[assignee]
            if assignee
            else chance.choice([starter, accounts["officer"], accounts["approver"], None])
        )
        self.offboardings.append(offboarding)
        self._save(
            offboarding,
            starter,
            at,
            Entry(ActivityKind.OFFBOARDING_STARTED, [*started, *described]),
            Entry(ActivityKind.ASSIGNED, offboarding.assign(user)),
        )
        return offboarding

    def _move(
        self, offboarding: Offboarding, subject: Subject, status: OffboardingStatus, at: datetime
    ) -> None:
        by = self.file.starter_of(subject)
        changes = offboarding.move_to(status, None, None, self._closing(subject, by, at))
        assigned: list[Change] = []
        if status is REVIEW:
            assigned = offboarding.assign(self.file.approver())
        self._save(
            offboarding,
            by,
            at,
            Entry(ActivityKind.ASSIGNED, assigned),
            Entry(ActivityKind.STATUS_CHANGED, changes),
        )

    def _close(
        self,
        offboarding: Offboarding,
        subject: Subject,
        resolution: OffboardingResolution,
        at: datetime,
    ) -> None:
        by = self.file.approver()
        closing = self._closing(subject, by, at)
        changes = offboarding.move_to(DONE, resolution, CONFIRMATION, closing)
        entries = [Entry(ActivityKind.RESOLVED, changes)]
        if offboarding.ends_the_relationship:
            entries.append(self._end(offboarding, subject, by, at))
        self._save(offboarding, by, at, *entries)

    def _end(self, offboarding: Offboarding, subject: Subject, by: UUID, at: datetime) -> Entry:
        effective_on = offboarding.effective_on or at.date()
        before = subject.status
        subject.close(by, at, self.file.organisation.retention_until(effective_on))
        kind = (
            ActivityKind.PARTY_OFFBOARDED
            if isinstance(subject, Party)
            else ActivityKind.PRODUCT_TERMINATED
        )
        kept = changed("retentionUntil", None, subject.retention_until)
        return Entry(kind, [*changed("status", before, subject.status), *kept])

    def _save(self, offboarding: Offboarding, by: UUID, at: datetime, *entries: Entry) -> None:
        offboarding.version += 1
        offboarding.updated_at = at
        about = {name: getattr(offboarding, name) for name in ("party_id", "product_id")}
        for entry in entries:
            if entry.changes:
                self._note(entry, at, by, offboarding_id=offboarding.id, **about)

    def _note(self, entry: Entry, at: datetime, by: UUID, **about: UUID | None) -> None:
        self.activity.append(
            Activity(
                organisation_id=self.file.organisation.id,
                kind=entry.kind,
                occurred_at=at,
                actor_id=by,
                changes=[asdict(change) for change in entry.changes],
                **about,
            )
        )

    def _closing(self, subject: Subject, by: UUID, at: datetime) -> Closing:
        organisation = self.file.organisation
        open_products: list[UUID] = []
        if organisation.require_products_terminated and isinstance(subject, Party):
            owned = self.file.owned_by(subject)
            open_products = [p.id for p in owned if p.status is ProductStatus.ACTIVE]
        return Closing(by, at, organisation.four_eyes, open_products)
