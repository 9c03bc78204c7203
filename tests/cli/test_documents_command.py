import json
from hashlib import sha256
from pathlib import Path
from typing import Final

from tests.cli.process import run, run_anew

TASKS: Final = "query Tasks { offboardings { totalCount } }\n"
VIEWER: Final = "query Viewer { viewer { openTaskCount } }"


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_registers_the_documents_of_a_program_by_their_hashes(tmp_path: Path) -> None:
    (tmp_path / "tasks.graphql").write_text(TASKS, encoding="utf-8")
    (tmp_path / "others.json").write_text(json.dumps({"Viewer": VIEWER}), encoding="utf-8")
    output = tmp_path / "trusted.json"

    finished = run_anew(
        *("documents", str(tmp_path / "tasks.graphql"), str(tmp_path / "others.json")),
        *("--output", str(output)),
    )

    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    assert json.loads(output.read_text(encoding="utf-8")) == {
        hash_of(TASKS): TASKS,
        hash_of(VIEWER): VIEWER,
    }


def test_registers_no_document_that_is_not_valid(tmp_path: Path) -> None:
    (tmp_path / "good.graphql").write_text(TASKS, encoding="utf-8")
    (tmp_path / "bad.graphql").write_text("{ nope }", encoding="utf-8")
    output = tmp_path / "trusted.json"

    finished = run(
        *("documents", str(tmp_path / "good.graphql"), str(tmp_path / "bad.graphql")),
        *("--output", str(output)),
    )

    assert finished.returncode == 1
    assert f"{tmp_path / 'bad.graphql'}: Cannot query field 'nope'" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not output.exists()
