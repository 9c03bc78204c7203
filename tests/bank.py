"""A served bank in which things happen, for those who follow."""

from typing import Final

from database import connected
from tests.factories import make_offboarding, make_token, make_user
from tests.served import Served

KINDS: Final = "subscription { activity { kind } }"
KINDS_AFTER: Final = "subscription ($after: Cursor) { activity(after: $after) { kind } }"
PLACE: Final = "{ activity(first: 100) { pageInfo { endCursor hasNextPage } } }"
NEXT: Final = {"data": {"activity": {"kind": "STATUS_CHANGED"}}}
SET_STATUS: Final = """
mutation ($id: ID!, $status: OffboardingStatus!) {
  setOffboardingStatus(input: { offboardingId: $id, status: $status }) { __typename }
}
"""


class Bank:
    """A server with one approver, their token and an offboarding that they move to and fro."""

    def __init__(self, server: Served, token: str, offboarding: str) -> None:
        self.server = server
        self.url = server.url
        self.token = token
        self.offboarding = offboarding
        self._statuses = ["OPEN", "IN_PROGRESS"]

    async def happen(self) -> None:
        """Make an entry of the log: the status changes."""
        self._statuses.reverse()
        answer = await self.server.client(self.token).ask(
            SET_STATUS, id=self.offboarding, status=self._statuses[0]
        )
        assert answer["setOffboardingStatus"]["__typename"] == "SetOffboardingStatusSuccess"

    async def place(self) -> str:
        """Return the cursor of the newest entry."""
        answer = await self.server.client(self.token).ask(PLACE)
        page = answer["activity"]["pageInfo"]
        assert not page["hasNextPage"]
        cursor: str = page["endCursor"]
        return cursor


async def make_bank(url: str, server: Served) -> Bank:
    async with connected(url):
        offboarding = await make_offboarding()
        token = await make_token(await make_user())
    return Bank(server, token, f"offboarding_{offboarding.id}")
