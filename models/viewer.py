"""The viewer: who asks, of which organisation, and what they may do."""

from dataclasses import dataclass
from uuid import UUID

from models.errors import ForbiddenError
from models.user import ClientAccess
from models.user_group import Permission


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person or integration whose credential was accepted."""

    user_id: UUID
    organisation_id: UUID
    permissions: frozenset[Permission]
    client_access: ClientAccess

    def require(self, permission: Permission) -> None:
        """Refuse with `ForbiddenError` unless the viewer has the permission (R11)."""
        if permission not in self.permissions:
            raise ForbiddenError(permission)
