import pytest

from models import Organisation, Party
from tests.cli.process import Cli


@pytest.mark.usefixtures("database")
async def test_writes_the_demo_once(cli: Cli, cli_anew: Cli) -> None:
    first = cli_anew("demo")
    parties = await Party.all().count()

    second = cli("demo")

    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout.startswith("Demo Bank and Other Bank are written.\n")
    assert second.stdout == "Demo Bank and Other Bank are there already; nothing was changed.\n"
    assert await Party.all().count() == parties
    names = [organisation.name for organisation in await Organisation.all().order_by("name")]
    assert names == ["Demo Bank", "Other Bank"]
