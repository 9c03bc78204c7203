"""Who asks: a credential becomes a viewer."""

from auth.credential import (
    Credential,
    UnauthenticatedError,
    credential_of,
    forget_trusted,
    viewer_of,
)
from auth.tokens import issue_token
from auth.viewers import enabled_colleague

__all__ = [
    "Credential",
    "UnauthenticatedError",
    "credential_of",
    "enabled_colleague",
    "forget_trusted",
    "issue_token",
    "viewer_of",
]
