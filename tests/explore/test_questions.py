"""The questions in docs/exploring.md have answers in the demo."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from database import connected
from demo import write_demo
from models import User, Viewer
from settings import ROOT
from tests.asking import data
from tests.factories import viewer_for

TEXT: Final = (ROOT / "docs" / "exploring.md").read_text(encoding="utf-8")
QUESTIONS: Final[list[tuple[str, str, str]]] = re.findall(
    r"### ([^\n]+\?)\n\n```graphql\n(.+?)```\n(?:\n```json\n(.+?)```\n)?", TEXT, re.DOTALL
)


@pytest.fixture(scope="module")
async def analyst(shared_database_url: str) -> AsyncIterator[Viewer]:
    """Yield somebody of the demo who reads everything."""
    async with connected(shared_database_url):
        await write_demo()
        yield await viewer_for(await User.get(email="analyst@demo.example"))


def longest_list(value: Any) -> int:
    """Return how many entries the longest list in an answer has."""
    if isinstance(value, list):
        return max([len(value), *map(longest_list, value)])
    return max(map(longest_list, value.values()), default=0) if isinstance(value, dict) else 0


def test_there_are_ten() -> None:
    assert len(QUESTIONS) == 10


@pytest.mark.parametrize(
    ("document", "variables"), [q[1:] for q in QUESTIONS], ids=[q[0] for q in QUESTIONS]
)
async def test_has_an_answer(analyst: Viewer, document: str, variables: str) -> None:
    answer = await data(analyst, document, **json.loads(variables or "{}"))

    assert longest_list(answer) > 0
