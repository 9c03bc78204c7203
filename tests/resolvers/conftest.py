"""A way to ask."""

import pytest

from tests.asking import Ask, data


@pytest.fixture
def database(emptied_database: None) -> None:
    """Let the tests of a file share a database."""


@pytest.fixture
def ask(database: None) -> Ask:  # noqa: ARG001 - what is asked about
    """Ask for the data of an answer without errors."""
    return data
