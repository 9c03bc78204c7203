"""What loading users does to their access is told in the log, and leaves somebody who gives it."""

from pathlib import Path
from typing import Any

import pytest

from models import Activity, LastAdministratorError, User
from tests.loading.conftest import Image, Load
from tests.loading.sheets import write, write_only

Entries = list[tuple[str, str, dict[str, tuple[Any, Any]]]]


async def entries() -> Entries:
    """Return what the log says of whom, with what was before and after; nobody did it."""
    found = await Activity.all().order_by("id").prefetch_related("user")
    assert [entry.actor_id for entry in found] == [None] * len(found)
    return sorted(
        (
            entry.user.email if entry.user else "",
            str(entry.kind),
            {c["field"]: (c["before"], c["after"]) for c in entry.changes},
        )
        for entry in found
    )


async def test_tells_who_was_let_in_and_whose_access_changed(load: Load, tmp_path: Path) -> None:
    await load(write(tmp_path))
    first = await entries()
    await load(tmp_path)
    again = await entries()
    rows = ("ann@bank.example,Ann Other,Reader,OPEN", "bob@bank.example,Bob Other,Reader,OWN")
    await load(write_only(tmp_path, users=rows))

    assert first == again
    assert first == [
        (
            "ann@bank.example",
            "USER_INVITED",
            {
                "email": (None, "ann@bank.example"),
                "name": (None, "Ann Able"),
                "clientAccess": (None, "OPEN"),
                "groups": (None, "Analyst, Officer"),
            },
        ),
        (
            "bob@bank.example",
            "USER_INVITED",
            {
                "email": (None, "bob@bank.example"),
                "name": (None, "Bob Best"),
                "clientAccess": (None, "OWN"),
                "groups": (None, "Reader"),
            },
        ),
    ]
    (changed,) = [entry for entry in await entries() if entry not in first]
    assert changed == (
        "ann@bank.example",
        "ACCESS_CHANGED",
        {"groups": ("Analyst, Officer", "Reader")},
    )


async def test_leaves_the_last_who_gives_access(load: Load, image: Image, tmp_path: Path) -> None:
    await load(write_only(tmp_path, users=("ann@bank.example,Ann,Administrator,OPEN",)))
    before = await image()

    with pytest.raises(LastAdministratorError):
        await load(write_only(tmp_path, users=("ann@bank.example,Ann,Reader,OPEN",)))

    assert await image() == before
    assert await User.all().count() == 1
