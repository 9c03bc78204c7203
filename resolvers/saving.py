"""Saving an offboarding: an edit changes the row by the rules, and is written with what follows."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from models import (
    ActivityKind,
    Change,
    Closing,
    Entry,
    Offboarding,
    OutgoingMail,
    SubjectType,
    Viewer,
)
from resolvers import endings
from resolvers.assignees import check_available
from resolvers.edit import Edit, Unchanged
from resolvers.writing import log


async def lock_for(edit: Edit, subject_type: SubjectType, subject: UUID) -> endings.Locked | None:
    """Lock what an edit would end together with the subject of the offboarding (R4)."""
    if not edit.ends_the_relationship:
        return None
    return await endings.lock_pair(subject_type, subject)


async def take(viewer: Viewer, offboarding: Offboarding, edit: Edit, at: datetime) -> list[Entry]:
    """Change the row in memory by the rules and return what happened, if anything did (R9)."""
    described: list[Change] = []
    if edit.details:
        described = offboarding.set_details(replace(offboarding.details, **edit.details))
    assigned: list[Change] = []
    if not isinstance(edit.assignee, Unchanged) and edit.assignee != offboarding.assignee_id:
        if edit.assignee is not None:
            await check_available(viewer, offboarding, edit.assignee)
        assigned = offboarding.assign(edit.assignee)
    moved: list[Change] = []
    if edit.status is not None or edit.resolution is not None:
        status = edit.status or offboarding.status
        closing = Closing(viewer.user_id, at, four_eyes=False)
        if edit.sets_done:
            closing = await endings.closing(viewer, offboarding, at)
        moved = offboarding.move_to(status, edit.resolution, edit.confirmation, closing)
    kind = ActivityKind.RESOLVED if edit.sets_done else ActivityKind.STATUS_CHANGED
    happened = (
        (ActivityKind.DETAILS_CHANGED, described),
        (ActivityKind.ASSIGNED, assigned),
        (kind, moved),
    )
    return [Entry(kind, changes) for kind, changes in happened if changes]


async def keep(
    viewer: Viewer,
    offboarding: Offboarding,
    entries: list[Entry],
    locked: endings.Locked | None,
    at: datetime,
) -> None:
    """Write the row, what follows for its subject, the letter, and last the log."""
    await offboarding.save()
    if locked is not None and offboarding.ends_the_relationship:
        entries.append(await endings.end_subject(viewer, offboarding, locked, at))
    if offboarding.assignee_id and any(e.kind is ActivityKind.ASSIGNED for e in entries):
        await OutgoingMail.task_assigned(offboarding, viewer.user_id, at).save()
    await log(
        viewer,
        at,
        entries,
        offboarding=offboarding.id,
        party=offboarding.party_id,
        product=offboarding.product_id,
    )
