"""The example clients of `docs/integrating.md`, run as they stand there."""

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import pytest

from database import connected
from models import Offboarding, Webhook
from models.webhook import new_secret
from tests.bank import Bank, make_bank
from tests.factories import make_user
from tests.served import ROOT, free_port, served, until
from tests.test_clients import INSTALLED

PAGE: Final = (ROOT / "docs" / "integrating.md").read_text(encoding="utf-8")
CLIENTS: Final = Path(__file__).parent / "clients"


def example(language: str) -> str:
    (code,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(code)


@pytest.fixture(scope="module")
async def bank(shared_database_url: str) -> AsyncIterator[Bank]:
    async with served(DATABASE_URL=shared_database_url, WEBHOOK_ALLOW_PRIVATE="true") as server:
        yield await make_bank(shared_database_url, server)


@contextmanager
def running(folder: Path, *command: str, **environment: str) -> Iterator[Path]:
    """Run a program and yield the file that it prints to."""
    printed = folder / "printed"
    with printed.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - what the page says
            command, stdout=out, env={**os.environ, **environment}
        )
    try:
        yield printed
    finally:
        process.kill()
        process.wait()


def listens(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


@asynccontextmanager
async def happening(bank: Bank) -> AsyncIterator[None]:
    """Let things happen again and again: when an example is ready is its own business."""

    async def happen() -> None:
        while True:
            await bank.happen()
            await asyncio.sleep(0.2)

    task = asyncio.create_task(happen())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_follows_with_curl(bank: Bank, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed.")
    command = ("bash", "-c", example("sh"))
    with running(tmp_path, *command, URL=bank.url, TOKEN=bank.token) as printed:
        async with happening(bank):
            await until(lambda: printed.read_text().count("\nid: ") >= 2)

    assert '"type":"offboarding.status_changed.v1"' in printed.read_text().replace(" ", "")


async def test_follows_with_node(bank: Bank) -> None:
    node = shutil.which("node")
    if node is None or not INSTALLED.exists():
        pytest.skip("Node, or the packages of tests/clients, are not installed.")
    program = CLIENTS / "example.mjs"
    program.write_text(example("js"), encoding="utf-8")
    try:
        with running(CLIENTS, node, str(program), URL=bank.url, TOKEN=bank.token) as printed:
            async with happening(bank):
                line = f"STATUS_CHANGED {bank.offboarding}\n"
                await until(lambda: printed.read_text().count(line) >= 2)
    finally:
        program.unlink()
        (CLIENTS / "printed").unlink()


async def test_receives_a_webhook_in_python(
    bank: Bank, shared_database_url: str, tmp_path: Path
) -> None:
    program, port, secret = tmp_path / "receive.py", free_port(), new_secret()
    program.write_text(example("python"), encoding="utf-8")
    command = (sys.executable, str(program))
    with running(tmp_path, *command, SECRET=secret, PORT=str(port)) as printed:
        await until(lambda: listens(port))
        async with connected(shared_database_url):
            offboarding = await Offboarding.all().first()
            assert offboarding is not None
            webhook = await Webhook.create(
                organisation_id=offboarding.organisation_id,
                url=f"http://127.0.0.1:{port}/",
                secret=secret,
                place=0,
                created_by=await make_user(),
            )
        async with happening(bank):
            line = f"offboarding.status_changed.v1 {bank.offboarding}\n"
            await until(lambda: printed.read_text().count(line) >= 2)
        async with connected(shared_database_url):
            await Webhook.filter(id=webhook.id).update(enabled=False)
