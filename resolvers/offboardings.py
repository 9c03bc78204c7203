"""Offboardings: the task list, starting one, and every change of one.

Each change goes through `_edited`, which checks in the order of R11; all of it is written, or none.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import orjson

from database import StaleError
from models import (
    ActivityKind,
    AlreadyOffboardedError,
    Change,
    Entry,
    Offboarding,
    OffboardingInProgressError,
    OffboardingStatus,
    Party,
    Permission,
    Product,
    SubjectType,
    Viewer,
)
from models.status import WRITE
from resolvers.edit import Edit
from resolvers.json_text import Json
from resolvers.reader import Reader
from resolvers.reading import read, read_by_id
from resolvers.repeats import is_claimed
from resolvers.rewriting import look_and_show, rewrite
from resolvers.saving import keep, lock_for, take
from resolvers.selection import Asked
from resolvers.writing import lock, look, write, write_alone

SUBJECTS: Final[dict[SubjectType, type[Party] | type[Product]]] = {
    SubjectType.PARTY: Party,
    SubjectType.PRODUCT: Product,
}


async def start_party(viewer: Viewer, party: UUID, edit: Edit) -> UUID:
    """Start the offboarding of a party and return its id (R5)."""
    return await write(lambda: _start(viewer, SubjectType.PARTY, party, edit))


async def start_product(viewer: Viewer, product: UUID, edit: Edit) -> UUID:
    """Start the termination of a product and return the id of its offboarding (R5)."""
    return await write(lambda: _start(viewer, SubjectType.PRODUCT, product, edit))


@dataclass(frozen=True, slots=True)
class Saved:
    """An offboarding that was saved; its JSON, too, where the statement that wrote it tells it."""

    id: UUID
    shown: orjson.Fragment | None = None


async def save(viewer: Viewer, id: UUID, edit: Edit, shown: Asked | None = None) -> Saved:
    """Save changes of an offboarding: everything at once or nothing."""
    if edit.is_alone and not is_claimed():
        with suppress(StaleError):
            return await write_alone(lambda: _save_alone(viewer, id, edit, shown))
    return Saved(await write(lambda: _save(viewer, id, edit)))


async def set_status(viewer: Viewer, id: UUID, edit: Edit, shown: Asked | None = None) -> Saved:
    """Move an offboarding to another status than Done (R1)."""
    return await save(viewer, id, edit, shown)


async def assign(viewer: Viewer, id: UUID, edit: Edit) -> Saved:
    """Give an offboarding to a colleague, who is mailed, or to nobody (R8)."""
    return await save(viewer, id, edit)


async def resolve(viewer: Viewer, id: UUID, edit: Edit) -> Saved:
    """Set an offboarding to Done, for good (R1, R3, R4)."""
    return await save(viewer, id, replace(edit, status=OffboardingStatus.DONE))


async def find(viewer: Viewer, asked: Asked, id: UUID) -> orjson.Fragment | None:
    """Return an offboarding that the viewer may see."""
    return await read_by_id(viewer, asked, "Offboarding", id)


async def tasks(viewer: Viewer, asked: Asked) -> orjson.Fragment | None:
    """Return a page of the offboardings of the viewer's organisation."""
    viewer.require(Permission.CLIENT_FILE_READ)
    return await read(viewer, asked, _tasks)


def _tasks(reader: Reader) -> Json:
    return reader.all(reader.asked.selection, "Offboarding")


async def _start(viewer: Viewer, subject_type: SubjectType, subject: UUID, edit: Edit) -> UUID:
    await look(viewer, SUBJECTS[subject_type], subject)
    locked = await lock_for(edit, subject_type, subject)
    row = await lock(viewer, SUBJECTS[subject_type], subject)
    for permission in [WRITE[subject_type], *edit.needs(subject_type)]:
        viewer.require(permission)
    if row.has_ended:
        raise AlreadyOffboardedError
    key = f"{subject_type.lower()}_id"
    running = await Offboarding.filter(**{key: subject}).exclude(status=OffboardingStatus.DONE)
    if running:
        raise OffboardingInProgressError(running[0].id)
    at = datetime.now(UTC)
    offboarding = Offboarding(
        organisation_id=viewer.organisation_id,
        started_by_id=viewer.user_id,
        started_at=at,
        updated_at=at,
        **{key: subject},
    )
    if edit.status is not None and not edit.sets_done:
        offboarding.status = edit.status
    first = Change("status", None, offboarding.status)
    entries = await take(viewer, offboarding, edit, at)
    started = [
        first,
        *(c for e in entries for c in e.changes if e.kind is ActivityKind.DETAILS_CHANGED),
    ]
    entries = [
        Entry(ActivityKind.OFFBOARDING_STARTED, started),
        *(entry for entry in entries if entry.kind is not ActivityKind.DETAILS_CHANGED),
    ]
    await keep(viewer, offboarding, entries, locked, at)
    return offboarding.id


async def _save(viewer: Viewer, id: UUID, edit: Edit) -> UUID:
    locked = None
    if edit.ends_the_relationship:
        seen = await look(viewer, Offboarding, id)
        locked = await lock_for(edit, seen.subject_type, seen.subject_id)
    offboarding = await lock(viewer, Offboarding, id)
    at = datetime.now(UTC)
    entries = await _edited(viewer, offboarding, edit, at)
    if entries:
        await keep(viewer, offboarding, entries, locked, at)
    return offboarding.id


async def _save_alone(viewer: Viewer, id: UUID, edit: Edit, shown: Asked | None) -> Saved:
    """Save what depends on no other row: ask the model, then write over what was read."""
    offboarding, as_it_is = await look_and_show(viewer, id, shown)
    at = datetime.now(UTC)
    entries = await _edited(viewer, offboarding, edit, at)
    if not entries:
        return Saved(offboarding.id, as_it_is)
    return Saved(offboarding.id, await rewrite(viewer, at, offboarding, entries, shown))


async def _edited(
    viewer: Viewer, offboarding: Offboarding, edit: Edit, at: datetime
) -> list[Entry]:
    """Change the row in memory, if that may be (R10, R11), and return what happened."""
    for permission in edit.needs(offboarding.subject_type):
        viewer.require(permission)
    offboarding.check_not_done()
    offboarding.check_version(edit.expected_version)
    entries = await take(viewer, offboarding, edit, at)
    if entries:
        offboarding.updated_at = at
    return entries
