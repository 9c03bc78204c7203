"""The clients of front ends and integrations, from npm, against a started server.

Run where npm is, and its packages can be had or are there; skipped with a message elsewhere.
"""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.bank import make_bank
from tests.served import served

FOLDER: Final = Path(__file__).parent / "clients"
PATIENCE: Final = 120
# npm writes this last.
INSTALLED: Final = FOLDER / "node_modules" / ".package-lock.json"


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - programs of our own choice
        command,
        cwd=FOLDER,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture(scope="module")
def node() -> str:
    """Return Node, its packages installed as the lock file says."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("Node and npm are not installed: the clients from npm are not tried.")
    if not INSTALLED.exists():
        try:
            installed = run(npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts")
        except subprocess.TimeoutExpired:
            pytest.skip("npm does not come to an end of installing the clients.")
        if installed.returncode:
            pytest.skip(f"npm cannot install the clients: {installed.stderr[-300:]}")
    return node


async def test_clients_from_npm_follow_and_ask(node: str, database_url: str) -> None:
    async with served(DATABASE_URL=database_url) as server:
        bank = await make_bank(database_url, server)
        for _ in range(4):
            await bank.happen()

        tried = await asyncio.to_thread(
            run,
            node,
            "--test",
            "--test-reporter=tap",
            "clients.test.mjs",
            URL=bank.url,
            TOKEN=bank.token,
            OFFBOARDING=bank.offboarding,
        )
        log = server.log

    assert tried.returncode == 0, tried.stdout[-3000:] + tried.stderr[-1000:]
    assert "# pass 7\n# fail 0" in tried.stdout
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("allow_get", "left_out"),
    [
        ("true", set()),
        # What a server may leave out: parameters in the URL.
        ("false", {"5A70", "6A70", "D6D5"}),
    ],
)
async def test_passes_each_audit_of_graphql_over_http(
    node: str, database_url: str, allow_get: str, left_out: set[str]
) -> None:
    async with served(DATABASE_URL=database_url, ALLOW_GET=allow_get) as server:
        bank = await make_bank(database_url, server)

        tried = await asyncio.to_thread(run, node, "audits.mjs", URL=bank.url, TOKEN=bank.token)
        log = server.log

    audits = tried.stdout.splitlines()
    others = [audit.split("\t") for audit in audits if not audit.startswith("ok\t")]
    assert {audit[0] for audit in others} <= {"notice"}, others
    assert {audit[1] for audit in others} == left_out, others
    assert len(audits) == 61
    assert "Traceback" not in log
