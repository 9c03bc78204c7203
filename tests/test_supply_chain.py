"""What the program is made of: locked, listed, and all of it in the image."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from settings import ROOT, Settings
from tests.test_imports import RUNG

LOCK: Final = (ROOT / "requirements.lock").read_text(encoding="utf-8")
LOCKED: Final = re.findall(r"^([a-z0-9][\w.-]*)==([^ ;\\]+)", LOCK, re.MULTILINE)


def test_locks_every_dependency_by_its_hashes() -> None:
    entries = re.split(r"\n(?=[a-z0-9])", LOCK.strip())

    assert len(entries) == len(LOCKED) > 30
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert "http" not in re.sub(r"http(tools|core2|x2)", "", LOCK)


def test_lists_the_licence_of_every_dependency() -> None:
    page = (ROOT / "docs" / "operating" / "licences.md").read_text(encoding="utf-8")

    listed = re.findall(r"^\| ([a-z0-9][\w.-]*) \|", page, re.MULTILINE)

    assert listed == [name for name, _ in LOCKED]  # else: make licences
    assert "| unknown |" not in page


def test_writes_a_bill_of_materials(tmp_path: Path) -> None:
    file = tmp_path / "sbom.cdx.json"
    command = ["requirements", "requirements.lock", "--output-format", "JSON", "--output-file"]

    subprocess.run(  # noqa: S603 - as `make sbom` does
        [sys.executable, "-m", "cyclonedx_py", *command, file], cwd=ROOT, check=True
    )

    components = json.loads(file.read_text(encoding="utf-8"))["components"]
    assert {(c["name"], c["version"]) for c in components} == set(LOCKED)


def test_has_all_that_runs_in_the_image() -> None:
    taken = set((ROOT / ".dockerignore").read_text(encoding="utf-8").split())
    packages = {place for place in RUNG if (ROOT / place).is_dir()}

    assert {f"!{place}" for place in packages} - taken == set()
    assert {"*", "!*.py", "!static", "!requirements.lock"} <= taken


def test_sets_in_containers_what_is_a_setting() -> None:
    stack = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    shared = stack.partition("environment: &environment\n")[2].partition("  secrets:")[0]
    image = re.search(
        r"^ENV (.*)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE
    )

    names = {*re.findall(r"^ +([A-Z_]+):", shared, re.MULTILINE)}
    names |= {*re.findall(r"([A-Z_]+)=", image[1] if image else "")}

    ours = {name for name in names if not name.startswith("PYTHON")}
    fields = {name.upper() for name in Settings.model_fields}
    assert {name.removesuffix("_FILE") for name in ours} - fields == set()
    # The servers listen on every address; letters and browsers need the one that leads to them.
    assert {"HOST", "PUBLIC_URL", "TASK_URL"} <= ours
