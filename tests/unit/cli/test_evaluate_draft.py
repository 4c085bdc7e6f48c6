"""`assistant eval draft` and `review` over a fake library."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import validate

from assistant.cli.eval.draft import KIND_NAMES
from assistant.cli.main import cli
from assistant.cli.sandbox import policy_of
from assistant.errors import AuditError
from assistant.evaluation.draft.candidates import KINDS
from tests.fakes.drafts import drafted, library, read_lines
from tests.fakes.evaluation import write_suite
from tests.fakes.workspace import FakeWorkspace
from tests.unit.test_docs import REFERENCE

SHAPES = REFERENCE.json_schema()["commands"]


def run(*arguments: object, fake: FakeWorkspace | None = None) -> Result:
    opened = fake or library()
    return CliRunner().invoke(cli, ["eval", *map(str, arguments)], obj=lambda settings: opened)


def test_the_help_knows_the_kinds_there_are() -> None:
    assert KIND_NAMES == KINDS


def test_a_draft_is_written_recorded_and_said_to_be_open(tmp_path: Path) -> None:
    fake, out = library(), tmp_path / "q.jsonl"
    result = run("draft", out, "--count", 12, fake=fake)
    assert result.exit_code == 0, result.output
    lines = read_lines(out)
    assert [line["review"] for line in lines] == ["draft"] * 12
    assert sum(line.get("unanswerable", False) for line in lines) == 3
    assert "9 questions with answers" in result.stdout
    assert "not encrypted" in result.stderr
    assert f"assistant eval review {out}" in result.stderr
    assert fake.exported == [("questions", 12, (1, 2, 3))]
    assert fake.closed
    assert out.stat().st_mode & 0o777 == 0o600


def test_json_has_the_promised_shape(tmp_path: Path) -> None:
    result = run("draft", tmp_path / "q.jsonl", "--json", "--kind", "table", "--seed", 3)
    said = json.loads(result.stdout)
    validate(said, SHAPES["eval draft"])
    assert said["kinds"]["table"] == said["questions"] - said["unanswerable"] == 6


def test_how_far_a_review_is(tmp_path: Path) -> None:
    path = write_suite(tmp_path / "q.jsonl", drafted(), drafted(id="x", review="kept"))
    result = run("review", path, "--json")
    said = json.loads(result.stdout)
    validate(said, SHAPES["eval review"])
    assert (said["questions"], said["left"], said["kept"]) == (2, 1, 1)


def test_nothing_is_overwritten_unless_that_is_said(tmp_path: Path) -> None:
    out = write_suite(tmp_path / "q.jsonl", drafted(review="kept"))
    before = out.read_bytes()
    result = run("draft", out)
    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert out.read_bytes() == before
    assert run("draft", out, "--force", "--count", 2).exit_code == 0
    assert len(read_lines(out)) == 2
    out.write_bytes(b"")  # as the lockdown makes it before the command runs
    assert run("draft", out, "--count", 2).exit_code == 0


class Refusing(FakeWorkspace):
    def note_export(self, what: str, count: int, documents: object) -> None:
        raise AuditError("The log can't be written.", hint="Make room.")


def test_without_a_record_nothing_is_written(tmp_path: Path) -> None:
    fake = Refusing(pages=dict(library()._pages.values()), forbidden=-1)
    result = run("draft", tmp_path / "q.jsonl", fake=fake)
    assert result.exit_code == AuditError.exit_code
    assert not (tmp_path / "q.jsonl").exists()


class Interrupted(FakeWorkspace):
    """Ctrl-C comes with the second page."""

    def page_text(self, document_id: int, page: int) -> str:
        if page == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return super().page_text(document_id, page)


def test_ctrl_c_writes_nothing(tmp_path: Path) -> None:
    fake = Interrupted(pages=dict(library()._pages.values()), forbidden=-1)
    result = run("draft", tmp_path / "q.jsonl", fake=fake)
    assert result.exit_code == 130
    assert not (tmp_path / "q.jsonl").exists()
    assert fake.exported == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--document", "nowhere.pdf"], "No document is called 'nowhere.pdf'"),
        (["--count", "0"], "0 is not in the range"),
        (["--seed", "-1"], "-1 is not in the range 0<=x<=2147483648"),
        (["--seed", "2147483649"], "2147483649 is not in the range 0<=x<=2147483648"),
        (["--unanswerable-share", "1.5"], "1.5 is not in the range"),
        (["--kind", "riddle"], "'riddle' is not one of"),
        (["--document", "roster.txt", "--kind", "definition"], "Nothing in these documents"),
    ],
)
def test_wrong_wishes_are_explained(arguments: list[str], said: str, tmp_path: Path) -> None:
    result = run("draft", tmp_path / "q.jsonl", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "q.jsonl").exists()


@pytest.mark.parametrize("seed", [0, 65_535, 65_536, 2**31 - 1, 2**31])
def test_every_seed_in_the_range_drafts(seed: int, tmp_path: Path) -> None:
    result = run("draft", tmp_path / "q.jsonl", "--seed", seed)
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "q.jsonl").read_text()


def test_an_empty_library_and_one_question(tmp_path: Path) -> None:
    empty = run("draft", tmp_path / "q.jsonl", fake=FakeWorkspace(pages={}, forbidden=-1))
    assert (empty.exit_code, "assistant add" in empty.stderr) == (2, True)
    assert run("draft", tmp_path / "q.jsonl", "--count", 1).exit_code == 0
    assert len(read_lines(tmp_path / "q.jsonl")) == 1


def test_a_full_device_is_said(tmp_path: Path) -> None:
    result = run("draft", "/dev/full", "--force")
    assert result.exit_code == 1
    assert "/dev/full can't be written: No space left" in result.stderr


def test_a_review_needs_a_terminal_and_a_file(tmp_path: Path) -> None:
    path = write_suite(tmp_path / "q.jsonl", drafted())
    assert "needs a terminal" in run("review", path).stderr
    assert "does not exist" in run("review", tmp_path / "none.jsonl").stderr


def test_drafts_are_left_out_of_a_run_and_that_is_said(tmp_path: Path) -> None:
    own = {"id": "own", "question": "How long?", "unanswerable": True}
    path = write_suite(tmp_path / "q.jsonl", drafted(), own)
    result = run(path, "--out", tmp_path / "out", fake=FakeWorkspace(forbidden=-1))
    assert result.exit_code == 0, result.output
    assert "nobody has reviewed, and that are not asked: 1" in result.stderr
    rows = json.loads((tmp_path / "out" / "run.json").read_text())["arms"][0]["rows"]
    assert [row["id"] for row in rows] == ["own"]


def test_the_lock_leaves_the_draft_writable(tmp_path: Path) -> None:
    import click

    from assistant.config import Settings

    out = tmp_path / "q.jsonl"
    group = cli.commands["eval"]
    assert isinstance(group, click.Group)
    context = click.Context(group.commands["draft"], info_name="draft")
    context.params = {"out": out}
    policy = policy_of(context, Settings(data_dir=tmp_path / "data"))
    assert out in policy.write
    assert out.read_bytes() == b""
