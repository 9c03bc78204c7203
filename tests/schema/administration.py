"""Administration of access, as its tests ask for it."""

from typing import Any, Final

from models import Activity

REFUSALS: Final = """
    __typename
    ... on Error { code message }
    ... on ForbiddenError { permission }
    ... on InvalidInputError { field }
"""
USER: Final = "user { name email enabled clientAccess groups { name } }"
INVITE: Final = (
    "mutation ($input: InviteUserInput!) { inviteUser(input: $input) {"
    + REFUSALS
    + f"... on InviteUserSuccess {{ {USER} }} }} }}"
)
SET_ACCESS: Final = (
    "mutation ($input: SetUserAccessInput!) { setUserAccess(input: $input) {"
    + REFUSALS
    + f"... on SetUserAccessSuccess {{ {USER} }} }} }}"
)


async def entries() -> list[dict[str, Any]]:
    """Return the log: what, by whom, about whom, and each change as it reads."""
    return [
        {
            "kind": str(entry.kind),
            "actor": entry.actor_id,
            "user": entry.user_id,
            "changes": {c["field"]: (c["before"], c["after"]) for c in entry.changes},
        }
        for entry in await Activity.all().order_by("id")
    ]
