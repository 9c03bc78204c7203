"""A small sound client file, as text, and a way to write it with some of it replaced."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

NAME: Final = "Small Bank"
HEADERS: Final = {
    "users.csv": "email,name,groups,client_access",
    "parties.csv": "reference,type,name,email,onboarded_on,manager_email",
    "products.csv": "number,name,opened_on",
    "holdings.csv": "party_reference,product_number,role,started_on,ended_on",
}
SOUND: Final[Mapping[str, tuple[str, ...]]] = {
    "users.csv": (
        "Ann@Bank.example,Ann Able,Officer;Analyst,OPEN",
        "bob@bank.example,Bob Best,Reader,OWN",
    ),
    "parties.csv": (
        "P-1,NATURAL_PERSON,Ada Lane,ada@mail.example,2020-02-29,ANN@bank.example",
        "P-2,LEGAL_ENTITY,Brick Ltd,,,",
    ),
    "products.csv": (
        "A-1,Savings account,2020-03-01",
        "A-2,Portfolio,",
    ),
    "holdings.csv": (
        "P-1,A-1,JOINT_OWNER,2020-03-01,",
        "P-2,A-1,JOINT_OWNER,,",
        "P-2,A-2,OWNER,2021-01-01,2024-06-30",
    ),
}


def write(folder: Path, **rows: tuple[str, ...] | None) -> Path:
    """Write the sound sheets, each named one with other rows, or not at all for None."""
    for sheet, sound in SOUND.items():
        lines = rows.get(sheet.removesuffix(".csv"), sound)
        (folder / sheet).unlink(missing_ok=True)
        if lines is not None:
            text = "\n".join((HEADERS[sheet], *lines)) + "\n"
            (folder / sheet).write_text(text, encoding="utf-8", newline="")
    return folder


def write_only(folder: Path, **rows: tuple[str, ...]) -> Path:
    """Write the named sheets and no other."""
    absent: dict[str, tuple[str, ...] | None] = {
        sheet.removesuffix(".csv"): None for sheet in SOUND
    }
    return write(folder, **{**absent, **rows})
