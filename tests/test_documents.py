"""The documents say what is so: settings, places and names in them are those of the code."""

import re
from pathlib import Path
from typing import Final

import pytest

from settings import ROOT
from settings.table import page

README: Final = ROOT / "README.md"
DOCUMENTS: Final = [
    README,
    *(ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
PATH: Final = r"[\w./-]+(?:\.(?:py|md|graphql|toml|lock)|/)"
RECORDS: Final = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def test_the_page_of_settings_holds_each_with_its_default() -> None:
    written = (ROOT / "docs" / "operating" / "settings.md").read_text(encoding="utf-8")

    assert written == page()  # else: make settings


def test_the_readme_tells_of_settings_as_that_page_does() -> None:
    told = [
        line
        for line in README.read_text(encoding="utf-8").splitlines()
        if re.match(r"\| `[A-Z_]+` \|", line)
    ]

    assert "| `DATABASE_URL` |" in "".join(told)
    assert [line for line in told if line not in page().splitlines()] == []


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) < 150


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_files_that_are_there_and_names_that_are_in_them(document: Path) -> None:
    text = document.read_text(encoding="utf-8")

    named = re.findall(rf"`({PATH})(?:: (\w+))?`", text)
    named += [(path, name) for name, path in re.findall(rf"`(\w+)` in `({PATH})`", text)]

    missing = [
        f"{path}: {name}"
        for path, name in named
        if not path.startswith(".data")
        if not (ROOT / path).exists()
        or (name and not re.search(rf"\b{name}\b", (ROOT / path).read_text(encoding="utf-8")))
    ]
    assert missing == []


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_decision_is_recorded_under_five_headings(record: Path) -> None:
    text = record.read_text(encoding="utf-8")

    assert re.fullmatch(r"\d{4}-[a-z0-9-]+", record.stem)
    assert re.match(r"# \d{4} .+\n", text)
    assert text.startswith(f"# {record.stem[:4]} ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Status",
        "Context",
        "Decision",
        "Consequences",
        "Alternatives",
    ]


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(record.stem[:4]) for record in RECORDS]

    assert numbers == list(range(1, len(RECORDS) + 1))
