"""Ways to ask: expecting data, expecting to be told of an error, expecting to be refused."""

from typing import Any

import pytest

from models import User, Viewer
from tests.asking import Ask, answer, data
from tests.records import everything


@pytest.fixture
def database(emptied_database: None) -> None:
    """Let the tests of a file share a database: there are hundreds."""


@pytest.fixture
def ask(database: None) -> Ask:  # noqa: ARG001 - what is asked about
    """Ask for the data of an answer without errors."""
    return data


@pytest.fixture
def told(database: None) -> Ask:  # noqa: ARG001 - what is asked about
    """Ask for the errors of an answer that holds no data; nothing may have changed."""

    async def errors(asker: Viewer | User, document: str, **variables: Any) -> Any:
        before = await everything()
        whole = await answer(asker, document, variables)
        assert whole["data"] is None or set(whole["data"].values()) == {None}, whole
        assert await everything() == before
        return [
            (error["extensions"]["code"], error["message"], error.get("path"))
            for error in whole["errors"]
        ]

    return errors


@pytest.fixture
def refused(database: None) -> Ask:  # noqa: ARG001 - what is asked about
    """Ask for the result of a mutation that is refused; nothing may have changed."""

    async def result(asker: Viewer | User, document: str, **variables: Any) -> Any:
        before = await everything()
        answered = await data(asker, document, **variables)
        assert await everything() == before
        (refusal,) = answered.values()
        return refusal

    return result
