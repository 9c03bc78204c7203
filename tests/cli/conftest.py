import pytest

from tests.cli.process import Cli, Finished, run, run_anew


@pytest.fixture
def cli(database_url: str) -> Cli:
    """Return a function that runs a command on the test's database."""

    def run_here(*arguments: str, **environment: str) -> Finished:
        return run(*arguments, **{"DATABASE_URL": database_url, **environment})

    return run_here


@pytest.fixture
def cli_anew(database_url: str) -> Cli:
    """Return a function that starts a command anew on the test's database."""

    def run_here(*arguments: str) -> Finished:
        return run_anew(*arguments, DATABASE_URL=database_url)

    return run_here
