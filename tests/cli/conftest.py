import pytest

from tests.cli.process import Cli, Finished, run


@pytest.fixture
def cli(database_url: str) -> Cli:
    """Return a function that runs a command on the test's database."""

    def run_here(*arguments: str, **environment: str) -> Finished:
        return run(*arguments, **{"DATABASE_URL": database_url, **environment})

    return run_here
