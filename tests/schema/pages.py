"""Pages of a list, walked as a client walks them."""

from typing import Any, Final

from models import User
from tests.asking import data

# To be appended to a document that asks for `pageInfo { ...ends }`.
ENDS: Final = """
fragment ends on PageInfo { hasNextPage hasPreviousPage startCursor endCursor }
"""


def page_of(answered: dict[str, Any], *path: str) -> Any:
    for name in path:
        answered = answered[name]
    return answered


async def forward(viewer: User, document: str, size: int, *path: str) -> list[list[Any]]:
    """Return the nodes of each page, from the first to the last."""
    pages, after = [], None
    while True:
        page = page_of(await data(viewer, document, first=size, after=after), *path)
        pages.append(page["nodes"])
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert page["pageInfo"]["endCursor"] != after
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return pages


async def backward(viewer: User, document: str, size: int, *path: str) -> list[list[Any]]:
    """Return the nodes of each page, from the last to the first."""
    pages, before = [], None
    while True:
        page = page_of(await data(viewer, document, last=size, before=before), *path)
        pages.append(page["nodes"])
        assert page["pageInfo"]["hasNextPage"] is (before is not None)
        assert page["pageInfo"]["startCursor"] != before
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            return pages
