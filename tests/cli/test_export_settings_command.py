from tests.cli.process import run_anew
from tests.served import ROOT

COMMITTED = ROOT / "docs" / "operating" / "settings.md"


def test_prints_the_settings_as_they_are_committed() -> None:
    finished = run_anew("export-settings")

    assert finished.returncode == 0
    assert finished.stdout == COMMITTED.read_text(encoding="utf-8")
