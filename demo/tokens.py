"""Tokens of the demo's people, for the banner of a server that has just started."""

from datetime import timedelta
from typing import Final, NamedTuple

from tortoise.connection import get_connection

import auth
from demo.firms import FIRMS
from models import User

NAME: Final = "Demo"
LIFETIME: Final = timedelta(days=30)

# A token is kept as a hash only, so each start makes new ones. Those of this many starts stay
# good, for servers that run at once and for a browser that is still open; older ones go.
STARTS: Final = 5

_FORGET: Final = """
delete from api_token where id in (
  select id from (
    select id, row_number() over (partition by user_id order by created_at desc, id desc) as place
    from api_token where user_id = any($1) and name = $2
  ) as ranked where place > $3)
"""


class DemoToken(NamedTuple):
    """A person of the demo with a token that is good for some weeks."""

    email: str
    name: str
    groups: str
    organisation: str
    token: str


async def demo_tokens() -> list[DemoToken]:
    """Make a token for each person of the demo who may use one."""
    people = await demo_people()
    tokens = [
        DemoToken(
            email=user.email,
            name=user.name,
            groups=", ".join(sorted(group.name for group in user.groups)),
            organisation=user.organisation.name,
            token=await auth.issue_token(user, NAME, LIFETIME),
        )
        for user in people
    ]
    ids = [user.id for user in people]
    await get_connection("default").execute_query(_FORGET, [ids, NAME, STARTS])
    return tokens


async def demo_people() -> list[User]:
    """Return the enabled people of the demo, in its own order."""
    emails = [f"{c.account}@{firm.domain}" for firm in FIRMS for c in firm.colleagues]
    names = [firm.name for firm in FIRMS]
    users = User.filter(enabled=True, email__in=emails, organisation__name__in=names)
    found = await users.prefetch_related("groups", "organisation")
    return sorted(found, key=lambda user: emails.index(user.email))
