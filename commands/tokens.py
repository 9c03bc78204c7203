"""Commands about API tokens: make one for a user, list those there are, revoke one."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import typer

from database.at_head import run
from models import ApiToken, DomainError, Permission, User
from resolvers import api_tokens

Organisation = Annotated[
    str | None, typer.Option(help="Needed when the address is known to several.")
]


def token(
    email: Annotated[str, typer.Argument(help="E-mail address of the user.")],
    organisation: Organisation = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="Days the token is good for.")] = 90,
    name: Annotated[str, typer.Option(help="What the token is for.")] = "Command line",
    scope: Annotated[
        list[Permission] | None,
        typer.Option(
            case_sensitive=False,
            help="A permission that it has while the user has it; may be given several times."
            " Without any: all of the user's.",
        ),
    ] = None,
) -> None:
    """Make an API token for a user and print it, this once, alone on standard output."""

    async def make() -> str:
        user = await _user(email, organisation)
        return await api_tokens.issue(user, name, timedelta(days=days), scope)

    print(run(make))


def tokens(
    email: Annotated[str, typer.Argument(help="E-mail address of the user.")],
    organisation: Organisation = None,
) -> None:
    """List the API tokens of a user: id, state, end, last use, scopes and name."""

    async def find() -> list[ApiToken]:
        user = await _user(email, organisation)
        return await ApiToken.filter(user_id=user.id).order_by("-created_at", "-id")

    for row in run(find):
        used = f"used {row.last_used_at:%Y-%m-%d %H:%M}" if row.last_used_at else "never used"
        state = "revoked" if row.revoked_at else f"until {row.expires_at:%Y-%m-%d}"
        scopes = "all permissions" if row.scopes is None else ", ".join(row.scopes)
        print(f"{row.id}  {state}  {used}  {scopes}  {row.name}")


def revoke_token(id: Annotated[UUID, typer.Argument(help="Id of the token, as listed.")]) -> None:
    """Let an API token be good no more; in every process within a second."""

    async def revoke() -> bool:
        return await api_tokens.end(id)

    if run(revoke):
        print("The token is revoked.")
    else:
        print("The token was revoked before; nothing was changed.")


async def _user(email: str, organisation: str | None) -> User:
    """Return the one enabled user of an address, or refuse."""
    email = email.strip().lower()
    users = User.filter(email=email).prefetch_related("organisation")
    if organisation is not None:
        users = users.filter(organisation__name=organisation)
    found = await users
    of = "" if organisation is None else f" of {organisation}"
    if not found:
        raise DomainError(f"There is no user{of} with the e-mail address {email}.")
    if len(found) > 1:
        names = sorted(user.organisation.name for user in found)
        raise DomainError(
            f"{email} is known to {' and '.join(names)}: choose one with --organisation."
        )
    if not found[0].enabled:
        raise DomainError(f"The user{of} with the e-mail address {email} is disabled.")
    return found[0]
