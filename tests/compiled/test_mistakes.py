"""What is wrong with a request as a whole: it is refused before anything of it happens."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from models import Offboarding
from tests.asking import answer, gid
from tests.factories import make_offboarding, make_user
from tests.records import everything

TOO_LATE: Final = "9999-12-31T24:00:00Z"
TOO_LATE_TEXT: Final = f'"{TOO_LATE}"'


def started(moment: str) -> str:
    return f"offboardings(filter: {{ startedAt: {{ from: {moment} }} }}) {{ totalCount }}"


SWITCHED: Final = """query ($s: Boolean = true) { ...f }
fragment f on Query { viewer { user { id @include(if: $s) } } }"""
ALL: Final = """query ($all: Boolean = true) {
  clientFile { parties(includeOffboarded: $all) { totalCount } }
}"""


@pytest.fixture(autouse=True)
def _connected(emptied_database: None) -> None:
    """Connect to a database, which every test here asks."""


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (f"{{ {started(TOO_LATE_TEXT)} }}", {}),
        (f"query ($d: DateTime) {{ {started('$d')} }}", {"d": TOO_LATE}),
        (f"query ($d: DateTime = {TOO_LATE_TEXT}) {{ {started('$d')} }}", {}),
        ("query ($s: Boolean = true) { viewer @skip(if: $s) { openTaskCount } }", {"s": None}),
        ("query ($s: Boolean = true) { viewer { openTaskCount @skip(if: $s) } }", {"s": None}),
        (SWITCHED, {"s": None}),
        (ALL, {"all": None}),
    ],
)
async def test_refuses_the_whole_request(document: str, variables: Mapping[str, Any]) -> None:
    refused = await answer(await make_user(), document, dict(variables))

    assert refused["data"] is None
    assert [error["extensions"]["code"] for error in refused["errors"]] == ["BAD_REQUEST"]


async def test_changes_nothing_where_what_is_shown_of_it_hangs_on_null() -> None:
    viewer = await make_user()
    offboarding = await make_offboarding()
    document = """mutation ($id: ID!, $s: Boolean = true) {
      setOffboardingStatus(input: { offboardingId: $id, status: REVIEW }) {
        ... on SetOffboardingStatusSuccess { offboarding { status @include(if: $s) } }
      }
    }"""
    before = await everything()

    refused = await answer(viewer, document, {"id": gid(offboarding), "s": None})

    assert refused["data"] is None
    assert [error["message"] for error in refused["errors"]] == [
        "A variable of @skip or @include cannot be null."
    ]
    assert await everything() == before
    assert (await Offboarding.get(id=offboarding.id)).status == "OPEN"
