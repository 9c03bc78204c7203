"""The disk of the embedded PostgreSQL is full: that is told, and nothing is lost."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx2
import pytest

from tests.served import PATIENCE, Served, free_port, served, start, until

PARTY: Final = """{ clientFile { parties(first: 1, filter: {offboardingState: NONE}) {
  nodes { id }
} } }"""
START: Final = """mutation ($party: ID!) { startPartyOffboarding(input: {partyId: $party}) {
  ... on StartPartyOffboardingSuccess { offboarding { id } }
} }"""
SAVE: Final = """mutation ($id: ID!, $comment: String) {
  saveOffboarding(input: {offboardingId: $id, comment: $comment}) { __typename }
}"""
LOG: Final = """query ($id: ID!) {
  activity(first: 100, filter: {offboardingId: $id, kind: [DETAILS_CHANGED]}) {
    nodes { changes { after } }
  }
}"""
MOUNT: Final = shutil.which("mount")
MANY: Final = 60


@dataclass
class Disk:
    """A small disk of its own."""

    folder: Path

    @property
    def data(self) -> Path:
        """The folder of the embedded PostgreSQL."""
        return self.folder / "data"

    def fill(self, leave: int = 0) -> None:
        """Fill it, but for some bytes, with what has become free since it was filled last."""
        room = os.statvfs(self.folder)
        free = room.f_bavail * room.f_frsize - leave
        if free > 0:
            with tempfile.NamedTemporaryFile(
                prefix="filler", dir=self.folder, delete=False
            ) as filler:
                os.posix_fallocate(filler.fileno(), 0, free)

    def free(self) -> None:
        """Make room again."""
        for filler in self.folder.glob("filler*"):
            filler.unlink()


@pytest.fixture
def disk(small_disk: Disk) -> Iterator[Disk]:
    yield small_disk
    small_disk.free()


@pytest.fixture(scope="module")
def small_disk() -> Iterator[Disk]:
    if os.geteuid() != 0 or MOUNT is None:
        pytest.skip("only root can mount a small disk")
    with tempfile.TemporaryDirectory(prefix="offboarding-disk-") as name:
        command = [MOUNT, "-t", "tmpfs", "-o", "size=160M", "tmpfs", name]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 - of the system
            pytest.skip("no small disk can be mounted here")
        yield Disk(Path(name))
        subprocess.run(["umount", "--lazy", name], check=True)  # noqa: S603, S607 - as above


class Saver:
    """Somebody who saves comments that take room, and keeps which were acknowledged."""

    def __init__(self, server: Served, offboarding: str) -> None:
        self.client = server.client(server.tokens["approver@demo.example"])
        self.token = server.tokens["approver@demo.example"]
        self.server = server
        self.offboarding = offboarding
        self.acknowledged: list[str] = []

    @classmethod
    async def of(cls, server: Served) -> "Saver":
        client = server.client(server.tokens["approver@demo.example"])
        (party,) = (await client.ask(PARTY))["clientFile"]["parties"]["nodes"]
        started = await client.ask(START, party=party["id"])
        return cls(server, started["startPartyOffboarding"]["offboarding"]["id"])

    async def save(self) -> httpx2.Response:
        comment = f"{len(self.acknowledged)} " + "x" * 1_900
        variables = {"id": self.offboarding, "comment": comment}
        headers = {"authorization": f"Bearer {self.token}"}
        body = {"query": SAVE, "variables": variables}
        answer = await self.server.http.post("/graphql", json=body, headers=headers)
        if "errors" not in answer.json():
            self.acknowledged.append(comment)
        return answer

    async def saved(self) -> list[Any]:
        entries = (await self.client.ask(LOG, id=self.offboarding))["activity"]["nodes"]
        return [entry["changes"][0]["after"] for entry in entries]


async def test_tells_that_there_is_no_room_and_saves_again_when_there_is(disk: Disk) -> None:
    async with served(DATA_DIR=str(disk.data)) as server:
        saver = await Saver.of(server)
        await saver.save()
        disk.fill()
        while (refused := await saver.save()).status_code == 200:
            assert len(saver.acknowledged) < MANY
        meanwhile = await saver.saved()
        disk.free()
        again = await saver.save()

        assert await saver.saved() == saver.acknowledged
        assert "the disk of the database is full" in server.log
        assert server.stop() == 0
    (error,) = refused.json()["errors"]
    assert refused.status_code == 503
    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert error["message"].startswith("The database has no room at the moment.")
    assert meanwhile == saver.acknowledged[:-1]
    assert again.status_code == 200


async def write_ahead(url: str) -> None:
    """Write more to the write-ahead log than there is room for: PostgreSQL cannot go on without.

    It may find a little room once more while it recovers from that.
    """
    connection = await asyncpg.connect(url, timeout=5, command_timeout=5)
    try:
        await connection.execute(
            "select pg_logical_emit_message(true, '', repeat(md5(random()::text), 1000000))"
        )
    finally:
        connection.terminate()


async def test_starts_its_database_again_that_has_ended_for_want_of_room(disk: Disk) -> None:
    async with served(DATA_DIR=str(disk.data)) as server:
        saver = await Saver.of(server)
        await saver.save()
        disk.fill()
        sockets = (disk.data / "postgresql" / "postmaster.pid").read_text().splitlines()[4]

        async def is_beyond_help() -> bool:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                # What ended may have left room behind.
                disk.fill()
                await write_ahead(f"postgresql://postgres@/postgres?host={sockets}")
            return "cannot be started again" in server.log

        await until(is_beyond_help)
        away = await saver.save()
        ready = await server.http.get("/health/ready")
        disk.free()
        await until(server.is_ready)
        await saver.save()

        assert await saver.saved() == saver.acknowledged
        assert len(saver.acknowledged) == 2
        await until(lambda: "database had ended and was started again." in server.log)
        assert server.stop() == 0
    assert (away.status_code, ready.status_code) == (503, 503)
    assert not (disk.data / "postgresql" / "postmaster.pid").exists()


def test_says_that_it_cannot_start_for_want_of_room(disk: Disk, tmp_path: Path) -> None:
    disk.fill()
    folder = str(disk.folder / "fresh")

    code = start(tmp_path, "server.py", PORT=str(free_port()), DATA_DIR=folder).wait(PATIENCE)
    disk.free()

    (complaint,) = (tmp_path / "err").read_text(encoding="utf-8").splitlines()
    assert (code, (tmp_path / "out").read_text(encoding="utf-8")) == (1, "")
    assert complaint.startswith("initdb: could not ")
    assert complaint.endswith(": No space left on device")
