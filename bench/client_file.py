"""Writes a client file of any size: believable rows, and the same ones each time.

For 1,000,000 parties there are 100 users, 1,100,000 products, of which a tenth are joint, and
1,400,000 holdings. `python bench/client_file.py FOLDER [--parties N]` writes it into a folder.
"""

import argparse
import csv
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Final

USERS: Final = 100
APPROVER: Final = "user000@bench.example"

_WORDS: Final = """
Ada Bram Carla David Emma Finn Greta Hugo Ines Jonas Klara Liam Mila Noah Olga Pavel Quirin Rosa
Sven Thea Ulla Victor Wanda Xenia Yusuf Zoë Łukasz Øyvind Çelik José Márta Élodie

Ackermann Berger Cohen Dubois Eriksen Fischer García Hofmann Ivanova Jansen Keller Lehmann Müller
Novák Okafor Petit Quist Rossi Schmidt Tanaka Ünal Vries Weber Xu Yılmaz Zimmermann

Bakery Bricks Design Energy Foods Freight Garden Glass Holding Metal
"""  # noqa: RUF001 - a letter of Turkish
_GIVEN, _FAMILY, _TRADES = (words.split() for words in _WORDS.split("\n\n"))
_FORMS: Final = ("Ltd", "GmbH", "AG", "S.A.", "& Sons", "Foundation")
_ACCOUNTS: Final = ("Current account", "Savings account", "Custody account", "Portfolio", "Policy")
_GROUPS: Final = ("Approver", "Officer", "Officer", "Analyst", "Reader", "Analyst;Officer")
_DAYS: Final = [str(date(1995, 1, 1) + timedelta(days=days)) for days in range(10_000)]
_ENDS: Final = [str(date(2023, 1, 1) + timedelta(days=days)) for days in range(600)]

Row = tuple[str, ...]


def _write(path: Path, header: str, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(rows)


def _users(random: Random) -> Iterator[Row]:
    for n in range(USERS):
        name = f"{random.choice(_GIVEN)} {random.choice(_FAMILY)}"
        access = "OWN" if n % 10 == 9 else "OPEN"  # noqa: PLR2004 - a tenth
        yield f"user{n:03}@bench.example", name, _GROUPS[n % len(_GROUPS)], access


def _parties(random: Random, count: int, edition: int) -> Iterator[Row]:
    choice = random.choice
    for n in range(count):
        family = choice(_FAMILY)
        if n % 20 < 15:  # noqa: PLR2004 - three of four are people
            type_, name = "NATURAL_PERSON", f"{choice(_GIVEN)} {family}-{choice(_FAMILY)}"
        elif n % 20 < 19:  # noqa: PLR2004 - a fifth are companies
            type_, name = "LEGAL_ENTITY", f"{family} {choice(_TRADES)} {choice(_FORMS)}"
        else:
            type_, name = "NATURAL_PERSON_GROUP", f"{choice(_GIVEN)} & {choice(_GIVEN)} {family}"
        if n % 10 == 0 and edition > 1:
            name = f"{name}, formerly {_FAMILY[n // 10 % len(_FAMILY)]}"
        manager = f"user{random.randrange(USERS):03}@bench.example"
        yield f"P-{n:07}", type_, name, f"p{n}@mail.example", choice(_DAYS), manager


def _products(random: Random, count: int, edition: int) -> Iterator[Row]:
    for n in range(count):
        name = random.choice(_ACCOUNTS)
        if n % 10 == 0 and edition > 1:
            name = f"{name} plus"
        yield f"A-{n:08}", name, random.choice(_DAYS)


def _holdings(random: Random, parties: int, products: int) -> Iterator[Row]:
    half = parties // 2
    for n in range(products):
        product, started = f"A-{n:08}", random.choice(_DAYS)
        owner = n % parties
        joint = n % 10 == 0
        role = "JOINT_OWNER" if joint else "OWNER"
        yield f"P-{owner:07}", product, role, started, ""
        if joint:
            other = (owner + random.randrange(1, half)) % parties
            ended = random.choice(_ENDS) if n % 50 == 0 else ""
            yield f"P-{other:07}", product, role, started, ended
        if n * 19 % 110 < 19:  # noqa: PLR2004 - 19 for each 100 parties
            other = (owner + random.randrange(half, parties)) % parties
            role = "BENEFICIARY" if n % 2 else "REPRESENTATIVE"
            yield f"P-{other:07}", product, role, started, ""


def write_client_file(folder: Path, parties: int, *, edition: int = 1) -> str:
    """Write the four files and return the e-mail address of an approver who sees all.

    In a later edition every tenth party and product has another name.
    """
    if parties < 4:  # noqa: PLR2004 - a product may have three different holders
        raise ValueError("A client file has at least four parties.")
    products = parties * 11 // 10
    headers = {
        "users": "email,name,groups,client_access",
        "parties": "reference,type,name,email,onboarded_on,manager_email",
        "products": "number,name,opened_on",
        "holdings": "party_reference,product_number,role,started_on,ended_on",
    }
    # One source of chance for each, so that an edition changes nothing but what it says.
    chance = [Random(seed) for seed in range(4)]  # noqa: S311 - nothing secret, and always the same
    rows = {
        "users": _users(chance[0]),
        "parties": _parties(chance[1], parties, edition),
        "products": _products(chance[2], products, edition),
        "holdings": _holdings(chance[3], parties, products),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, header in headers.items():
        _write(folder / f"{name}.csv", header, rows[name])
    return APPROVER


def main() -> None:
    """Write a client file into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parties", type=int, default=1_000_000)
    options = parser.parse_args()
    write_client_file(options.folder, options.parties)


if __name__ == "__main__":
    main()
