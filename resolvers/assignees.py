"""Who a task can be given to: an enabled colleague who may see its subject (R8)."""

from uuid import UUID

from auth import enabled_colleague
from models import (
    AssigneeUnavailableError,
    NotFoundError,
    Offboarding,
    Party,
    Product,
    SubjectType,
    Viewer,
)
from resolvers.writing import look


async def check_available(viewer: Viewer, offboarding: Offboarding, assignee: UUID) -> None:
    """Refuse with `AssigneeUnavailableError` unless the person can be given the task."""
    colleague = await enabled_colleague(viewer, assignee)
    if colleague is None:
        raise AssigneeUnavailableError
    try:
        if offboarding.subject_type is SubjectType.PARTY:
            await look(colleague, Party, offboarding.subject_id)
        else:
            await look(colleague, Product, offboarding.subject_id)
    except NotFoundError as error:
        raise AssigneeUnavailableError from error
