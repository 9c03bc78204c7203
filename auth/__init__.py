"""Who asks: a credential becomes a viewer."""

from auth.bearer import Issuers
from auth.credential import Credential, credential_of, forget_trusted, viewer_of
from auth.errors import UnauthenticatedError
from auth.origins import Origins
from auth.sessions import begin_session, end_session
from auth.tokens import issue_token, make_token
from auth.viewers import enabled_colleague

__all__ = [
    "Credential",
    "Issuers",
    "Origins",
    "UnauthenticatedError",
    "begin_session",
    "credential_of",
    "enabled_colleague",
    "end_session",
    "forget_trusted",
    "issue_token",
    "make_token",
    "viewer_of",
]
