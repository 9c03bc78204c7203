"""Prints the licence of each dependency that `requirements.lock` names, as its package tells."""

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

LOCK = Path(__file__).parent.parent / "requirements.lock"
HEAD = """# Licences of the dependencies

What each package of `requirements.lock` says of itself. This page is written by `make licences`.

| Package | Licence |
|---|---|"""


def licence_of(name: str) -> str:
    """Return the licence of an installed package, or that it is not installed here."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return "not installed on the machine that wrote this page"
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in told.get_all("Classifier") or ()
        if line.startswith("License :: ")
    ]
    text = told.get("License-Expression") or " and ".join(classifiers) or told.get("License")
    return (text or "unknown").splitlines()[0]


def main() -> None:
    """Print the page."""
    print(HEAD)
    for name in re.findall(r"^([a-z0-9][\w.-]*)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE):
        print(f"| {name} | {licence_of(name)} |")


if __name__ == "__main__":
    main()
