import pytest

from tests.cli.process import run


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("serve", "--workers"),
        ("migrate", "--help"),
        ("import", "--dry-run"),
        ("demo", "--help"),
        ("token", "--organisation"),
        ("export-schema", "--output"),
        ("export-settings", "--output"),
        ("documents", "--output"),
    ],
)
def test_each_command_explains_itself(command: str, option: str) -> None:
    finished = run(command, "--help")

    assert finished.returncode == 0
    assert f"cli.py {command}" in finished.stdout
    assert option in finished.stdout
    assert finished.stderr == ""


def test_lists_its_commands_when_none_is_given() -> None:
    finished = run()

    assert finished.returncode == 2
    for command in ("serve", "migrate", "import", "demo", "token", "export-schema", "documents"):
        assert f" {command} " in finished.stdout + finished.stderr
