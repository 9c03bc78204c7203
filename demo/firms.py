"""The two firms of the demo: their settings, their people and the size of their client file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models import ClientAccess


@dataclass(frozen=True, slots=True)
class Colleague:
    """A user of a firm; `account` is the e-mail address up to the @."""

    account: str
    name: str
    groups: Sequence[str]
    client_access: ClientAccess = ClientAccess.OPEN
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Firm:
    """An organisation as the demo begins it, with how many parties of each type.

    `workload` says how many offboardings there are of each sort.
    """

    name: str
    domain: str
    colleagues: Sequence[Colleague]
    people: int
    companies: int
    groups: int
    workload: int
    strict: bool = False


DEMO_BANK: Final = Firm(
    name="Demo Bank",
    domain="demo.example",
    colleagues=(
        Colleague("officer", "Olga Officer", ["Officer"]),
        Colleague("approver", "Adam Approver", ["Approver"]),
        Colleague("approver2", "Anna Approver", ["Approver"]),
        Colleague("manager", "Marc Manager", ["Officer"], ClientAccess.OWN),
        Colleague("analyst", "Alma Analyst", ["Analyst"]),
        Colleague("reader", "Ruth Reader", ["Reader"]),
        Colleague("admin", "Aron Admin", ["Administrator"]),
        Colleague("former", "Felix Former", ["Officer"], enabled=False),
    ),
    people=200,
    companies=70,
    groups=40,
    workload=6,
)

# A second firm, so that the wall between the two can be seen; it has the strict settings on.
OTHER_BANK: Final = Firm(
    name="Other Bank",
    domain="other.example",
    colleagues=(
        Colleague("officer", "Otto Other", ["Officer"]),
        Colleague("approver", "Agnes Other", ["Approver"]),
    ),
    people=20,
    companies=8,
    groups=4,
    workload=1,
    strict=True,
)

FIRMS: Final = (DEMO_BANK, OTHER_BANK)
