"""`assistant-convert dataset`: what a person types, sees, and gets when it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from convert.cli.main import main
from convert.training_samples import read_samples
from tests.convert.dataset_data import chat, towns, write_rows, write_squad


def run(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["dataset", *map(str, arguments)])
    return done.exit_code, done.stdout, done.stderr


def test_build_reports_for_a_person(tmp_path: Path) -> None:
    rows = [chat(f"Number {n}?", f"Mr. Smith says {n * 37}.") for n in range(30)]
    code, out, _ = run("build", write_rows(tmp_path / "a.jsonl", rows), "--out", tmp_path / "o")
    assert code == 0
    assert "train" in out
    assert "Personal identifiers (report):" in out
    assert "Smith" not in out
    assert len(list(read_samples(tmp_path / "o" / "validation.jsonl"))) == 2
    assert {p.name for p in (tmp_path / "o").iterdir()} == {
        "train.jsonl", "validation.jsonl", "dataset.json", "step.json",
    }  # fmt: skip


def test_check_writes_nothing_and_speaks_json(tmp_path: Path) -> None:
    held = write_rows(tmp_path / "held.jsonl", [chat("One?", "Yes, it is.")])
    path = write_rows(tmp_path / "a.jsonl", [chat("One?", "Yes, it is."), chat("Two?", "No.")])
    code, out, _ = run("check", path, "--validation", held, "--json")
    assert code == 0
    manifest = json.loads(out)
    assert manifest["report"]["dropped"] == {"question shared with validation": 1}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.jsonl", "held.jsonl"]


def test_convert(tmp_path: Path) -> None:
    path = write_squad(tmp_path / "s.json", [towns(t, 10) for t in ("Aa", "Bb", "Cc")])
    arguments = ("convert", path, "--format", "squad", "--out", tmp_path / "o",
                 "--passages", "0,0,1", "--refusals", "0.5", "--licence", "CC0-1.0")  # fmt: skip
    code, _, _ = run(*arguments, "--validation-document", "Bb", "--validation-ratio", "0")
    assert code == 0
    assert {s.document for s in read_samples(tmp_path / "o" / "validation.jsonl")} == {"Bb"}


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ('{"messages": 1}\n', [], "line 1: 'messages' must be a list"),
        ("{\n", [], "line 1"),
        ("{}\n", ["--column", "question"], "NAME=COLUMN"),
        ("{}\n", ["--column", "colour=x"], "Unknown column 'colour'"),
    ],
)
def test_faults_end_with_two(tmp_path: Path, content: str, options: list[str], said: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(content)
    code, out, err = run("build", path, "--out", tmp_path / "o", *options)
    assert code == 2
    assert out == ""
    assert said in err
    assert not (tmp_path / "o").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "mine.txt").write_text("precious")
    path = write_rows(tmp_path / "a.jsonl", [chat("One?", "Yes.")])
    code, _, err = run("build", path, "--out", tmp_path / "o")
    assert code == 2
    assert "holds something else" in err
    assert (tmp_path / "o" / "mine.txt").read_text() == "precious"


def test_help_has_an_example_and_needs_no_torch() -> None:
    for name in ("build", "check", "convert", "raft"):
        code, out, _ = run(name, "--help")
        assert code == 0
        assert f"assistant-convert dataset {name}" in out
    script = (
        "import convert.cli.dataset, convert.dataset.dataset_step, sys;"
        "print([m for m in ('torch', 'transformers', 'datasets', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
