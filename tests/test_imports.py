"""Imports run downhill: each place knows only what lies below it."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Final

import pytest

from settings import ROOT

# From the top; a place imports only from lines below its own. Those of one line are strangers.
LADDER: Final = (
    {"cli"},
    {"server"},
    {"application"},
    {"worker"},
    {"commands", "exporting", "serving", "sign_in"},
    {"routes"},
    {"schema"},
    {"demo", "webhooks"},
    {"resolvers"},
    {"loading", "mail"},
    {"events", "rates"},
    {"auth"},
    {"models"},
    {"database"},
    {"observing"},
    {"settings"},
)
RUNG: Final = {place: rung for rung, places in enumerate(LADDER) for place in places}

# A library of others, and the only places that know it.
KNOWN_BY: Final = {
    "opentelemetry": {"observing"},
    "prometheus_client": {"observing", "routes"},
    "strawberry": {"schema"},
    "graphql": {"schema"},
    "starlette": {
        *("application", "exporting", "observing", "routes"),
        *("schema", "server", "serving", "sign_in"),
    },
    "tortoise": set(RUNG) - {"schema"},
}

# Imported by nothing that runs.
OUTSIDE: Final = {"bench", "tests"}


def files() -> list[Path]:
    return [
        *ROOT.glob("*.py"),
        *(path for place in RUNG for path in (ROOT / place).rglob("*.py")),
    ]


def place_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and top-level name of every import, wherever in a file it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module.partition(".")[0]


def offends(place: str, name: str) -> bool:
    if name in RUNG:
        return name != place and RUNG[name] <= RUNG[place]
    return name in OUTSIDE or place not in KNOWN_BY.get(name, {place})


def offences(path: Path, source: str) -> list[str]:
    place = place_of(path)
    return [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for line, name in imported(source)
        if offends(place, name)
    ]


def test_gives_every_top_level_file_and_package_a_place() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert {place_of(path) for path in ROOT.glob("*.py")} | packages == set(RUNG)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_the_map_shows_every_place_from_the_top(page: str) -> None:
    rows = re.findall(r"^\| (`.*?`) \|", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    named = [re.findall(r"`([a-z_]+)(?:/|\.py)`", row) for row in rows]
    shown = [place for row in named for place in row if place in RUNG]

    assert sorted(shown) == sorted(RUNG)
    assert [RUNG[place] for place in shown] == sorted(RUNG[place] for place in shown)


def test_imports_only_what_lies_below() -> None:
    found = [
        offence for path in files() for offence in offences(path, path.read_text(encoding="utf-8"))
    ]

    assert found == []


def files_of(module: str) -> Iterator[Path]:
    """Yield the files that importing a module of ours runs, its packages first."""
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        path = ROOT.joinpath(*parts[:length])
        yield from (
            file for file in (path / "__init__.py", path.with_suffix(".py")) if file.exists()
        )


def loaded_by(module: str) -> set[Path]:
    """Return the files that are run when a module is imported, and no function of it called."""
    found: set[Path] = set()
    waiting = list(files_of(module))
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Import):
                waiting += [file for alias in node.names for file in files_of(alias.name)]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
                waiting += [file for name in names for file in files_of(name)]
    return found


def test_a_command_starts_without_what_takes_long_to_import() -> None:
    found = {place_of(path) for path in loaded_by("cli")}

    assert found & {"server", "application", "worker", "schema", "routes"} == set()
    assert {"commands", "loading", "mail"} <= found


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("settings", "import database"),
        ("database", "from models import Party"),
        ("models", "from models.party import Party\n\ndef late():\n    import auth"),
        ("models", "from tests.factories import make_party"),
        ("mail", "import loading"),
        ("resolvers", "if TYPE_CHECKING:\n    from schema.party import Party"),
        ("resolvers", "import strawberry"),
        ("resolvers", "import graphql.language.ast"),
        ("mail", "from starlette.responses import Response"),
        ("schema", "from tortoise.queryset import QuerySet"),
        ("schema", "import server"),
    ],
)
def test_finds_an_import_that_runs_uphill(place: str, source: str) -> None:
    assert len(offences(ROOT / place / "example.py", source)) == 1


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("models", "from models.errors import DomainError\nfrom database import transaction"),
        ("resolvers", "from . import reading\nimport json, models, tortoise"),
        ("schema", "import strawberry, resolvers.parties"),
    ],
)
def test_takes_an_import_that_runs_downhill(place: str, source: str) -> None:
    assert offences(ROOT / place / "example.py", source) == []


def test_shares_no_name_with_an_installed_package() -> None:
    # A distribution of the same top-level name would shadow ours, or be shadowed.
    installed = packages_distributions()

    assert "starlette" in installed
    assert {name: installed[name] for name in RUNG if name in installed} == {}
