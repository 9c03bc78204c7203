from pathlib import Path

from tests.cli.process import run, run_anew

COMMITTED = Path(__file__).resolve().parents[2] / "schema" / "schema.graphql"


def test_prints_the_schema_as_it_is_committed() -> None:
    finished = run_anew("export-schema")

    assert finished.returncode == 0
    assert finished.stdout == COMMITTED.read_text(encoding="utf-8")


def test_writes_the_schema_to_a_file(tmp_path: Path) -> None:
    output = tmp_path / "printed.graphql"

    finished = run("export-schema", "--output", str(output))

    assert finished.returncode == 0
    assert finished.stdout == ""
    assert output.read_text(encoding="utf-8") == COMMITTED.read_text(encoding="utf-8")
