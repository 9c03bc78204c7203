"""A served bank in which things happen, for those who follow."""

from typing import Final

from database import connected
from tests.factories import make_offboarding, make_token, make_user
from tests.served import Served

KINDS: Final = "subscription { activity { kind } }"
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


async def make_bank(url: str, server: Served) -> Bank:
    async with connected(url):
        offboarding = await make_offboarding()
        token = await make_token(await make_user())
    return Bank(server, token, f"offboarding_{offboarding.id}")
