"""The clock of the machine is set an hour ahead, and back: of our process and of PostgreSQL."""

import asyncio
import email
import email.policy
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from tests.following import following
from tests.mail.mail_server import MailServer, mail_server
from tests.served import ROOT, Served, served_anew, until

COMPILER: Final = shutil.which("cc")
PARTIES: Final = """{ clientFile {
  parties(first: 3, filter: {offboardingState: NONE}) { nodes { id } }
} }"""
START: Final = """mutation ($party: ID!, $assignee: ID) {
  startPartyOffboarding(input: {partyId: $party, assigneeId: $assignee}) {
    ... on StartPartyOffboardingSuccess { offboarding { id startedAt } }
  }
}"""
CREATE: Final = """mutation ($until: DateTime!) {
  createApiToken(input: {name: "brief", scopes: [USER_ADMIN], expiresAt: $until}) {
    ... on CreateApiTokenSuccess { secret }
  }
}"""
KINDS: Final = ["OFFBOARDING_STARTED", "ASSIGNED"]

pytestmark = pytest.mark.skipif(
    COMPILER is None or sys.platform != "linux",
    reason="it takes Linux and a compiler to set the clock of one program",
)


class Machine:
    """A server with a PostgreSQL and a mail server, and a clock to be set."""

    def __init__(self, server: Served, clock: Path, post: MailServer) -> None:
        self.server = server
        self.post = post
        self.approver = server.tokens["approver@demo.example"]
        self._clock = clock

    def set_clock(self, hours: int) -> None:
        """Set it so many hours ahead of the true time."""
        with self._clock.open("r+b") as file:
            file.write(struct.pack("l", hours * 3600))

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        return await self.server.client(self.approver).ask(document, **variables)

    async def status(self, token: str) -> int:
        """Return with what a question is answered."""
        headers = {"authorization": f"Bearer {token}"}
        body = {"query": "{ viewer { openTaskCount } }"}
        return (await self.server.http.post("/graphql", json=body, headers=headers)).status_code

    async def assign(self, party: str) -> tuple[str, datetime]:
        """Start an offboarding as a task of one's own; return its id and when that was."""
        me = (await self.ask("{ viewer { user { id } } }"))["viewer"]["user"]["id"]
        started = await self.ask(START, party=party, assignee=me)
        offboarding = started["startPartyOffboarding"]["offboarding"]
        return offboarding["id"], datetime.fromisoformat(offboarding["startedAt"])

    def letters(self) -> Counter[str]:
        """Return of which offboardings letters came, and how many of each."""
        texts = [taken.content.decode() for taken in self.post.taken]
        return Counter(
            id for text in texts for id in set(re.findall(r"offboarding_[\w-]{36}", text))
        )


@pytest.fixture
def clock() -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield a file that says how far a clock is ahead, and what makes a program go by it."""
    with tempfile.TemporaryDirectory(prefix="offboarding-clock-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL looks at the clock as another user
        file, library = folder / "ahead", folder / "clock.so"
        file.write_bytes(struct.pack("l", 0))
        source = ROOT / "tests/clock.c"
        command = [str(COMPILER), "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
        subprocess.run(command, check=True)  # noqa: S603 - our own program
        yield file, {"LD_PRELOAD": str(library), "CLOCK_FILE": str(file)}


@pytest.fixture
async def machine(clock: tuple[Path, dict[str, str]]) -> AsyncIterator[Machine]:
    file, environment = clock
    async with mail_server() as post:
        mail = {"SMTP_HOST": post.smtp.host, "SMTP_PORT": str(post.smtp.port)}
        data = {"DATA_DIR": str(file.parent / "data")}
        async with served_anew(**data, **mail, **environment) as server:
            yield Machine(server, file, post)
            assert "Traceback" not in server.log


async def test_goes_on_when_the_clock_is_set_ahead_and_back(machine: Machine) -> None:
    hour = timedelta(hours=1)
    soon = (datetime.now(UTC) + hour / 2).isoformat()
    admin = machine.server.client(machine.server.tokens["admin@demo.example"])
    brief = (await admin.ask(CREATE, until=soon))["createApiToken"]["secret"]
    nodes = (await machine.ask(PARTIES))["clientFile"]["parties"]["nodes"]
    parties = [node["id"] for node in nodes]
    may_arrive = asyncio.Event()

    async def hold(command: str, _argument: str) -> None:
        if command == "DATA":
            await may_arrive.wait()

    url = machine.server.url
    async with following(url, machine.approver, KINDS) as (by_socket, by_events):
        machine.post.answers = hold
        first, at = await machine.assign(parties[0])
        await until(lambda: "DATA" in machine.post.commands)  # a letter is in hand
        statuses = [await machine.status(brief)]
        machine.set_clock(1)
        second, later = await machine.assign(parties[1])
        await asyncio.sleep(1.1)  # whoever is trusted is trusted for a second
        statuses.append(await machine.status(brief))
        may_arrive.set()
        await until(lambda: {first, second} <= set(machine.letters()))
        machine.set_clock(0)
        third, back = await machine.assign(parties[2])
        await asyncio.sleep(1.1)
        statuses.append(await machine.status(brief))
        await until(lambda: third in machine.letters())
        entries = len(parties) * len(KINDS)
        await until(lambda: min(len(by_socket), len(by_events)) >= entries)

    assert hour / 2 < later - at < hour * 2
    assert back < later
    assert statuses == [200, 401, 200]
    assert by_socket == by_events
    assert [kind for _, kind in by_socket] == KINDS * 3
    places = [int(id.rpartition("_")[2]) for id, _ in by_socket]
    assert places == sorted(set(places))
    messages = [
        email.message_from_bytes(taken.content, policy=email.policy.default)["Message-ID"]
        for taken in machine.post.taken
    ]
    assert len(messages) == len(set(messages))
