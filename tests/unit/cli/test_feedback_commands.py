"""`assistant feedback` over a fake workspace: JSON, files, what is refused."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from assistant.cli.ask.answer_schema import answer_json
from assistant.cli.feedback.saved_answer import MOST_BYTES, read_answer
from assistant.cli.main import cli
from assistant.console.json_output import plain
from assistant.evaluation.suite import read_suite
from tests.fakes.workspace import FakeWorkspace
from tests.unit.cli.test_commands import fake, parsed, run
from tests.unit.feedback.test_feedback_rules import answered, refused

EVIL = "\x1b]52;c;aGk=\x07"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(plain(answer_json(answered()))), encoding="utf-8")
    return path


def given(workspace: FakeWorkspace, *arguments: object) -> dict[str, Any]:
    result = run(workspace, "feedback", "add", *map(str, arguments), "--json")
    assert result.exit_code == 0, result.output
    return dict(parsed(result, "feedback add")["feedback"])


def refusal(workspace: FakeWorkspace, *arguments: object) -> dict[str, Any]:
    result = run(workspace, "feedback", *map(str, arguments), "--json")
    assert result.exit_code == 2, result.output
    return dict(json.loads(result.stdout)["error"])


def test_a_saved_answer_comes_back_as_it_was(saved: Path) -> None:
    answer, read = answered(), read_answer(saved)
    assert (read.question, read.text, read.model) == (answer.question, answer.text, answer.model)
    assert [s.quotes for s in read.sentences] == [s.quotes for s in answer.sentences]
    assert [h.passage.text for h in read.passages] == [h.passage.text for h in answer.passages]


def test_a_saved_answer_is_judged(saved: Path) -> None:
    workspace = fake()
    kept = given(workspace, saved, "--verdict", "right")
    assert (kept["id"], kept["verdict"], kept["state"]) == (1, "right", "answer")
    assert kept["quotes"][0]["text"] == "24 months from the date"
    assert given(workspace, saved, "--verdict", "wrong")["state"] == "needs-correction"
    kept = given(workspace, saved, "--verdict", "wrong", "--answer", "24 months")
    assert kept["correction"]["places"][0]["text"] == "24 months"
    place = ("--document", "supply-contract.pdf", "--text", "three months' notice")
    kept = given(workspace, saved, "--verdict", "wrong-source", *place)
    assert kept["correction"]["places"][0]["page"] == 3
    kept = given(workspace, saved, "--verdict", "wrong", "--unanswerable")
    assert kept["state"] == "unanswerable"
    kept = given(workspace, saved, "--verdict", "wrong", "--answer", "2 years", "--any-words")
    assert kept["correction"] == {"answer": "2 years", "places": [], "unanswerable": False}

    listed = parsed(run(workspace, "feedback", "list", "--json"), "feedback list")["feedback"]
    assert [entry["state"] for entry in listed] == ["superseded"] * 5 + ["answer"]
    assert workspace.closed


def test_standard_input_and_a_question_that_is_asked_again(saved: Path) -> None:
    workspace = fake()
    result = CliRunner().invoke(
        cli,
        ["feedback", "add", "-", "--verdict", "right"],
        obj=lambda _: workspace,
        input=saved.read_text(),
    )
    assert result.exit_code == 0, result.output
    assert "Feedback 1: right (answer)" in result.stdout
    kept = given(workspace, "--question", "How long?", "--verdict", "right")
    assert workspace.questions == ["How long?"]
    assert kept["question"] == "How long?"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--verdict", "right"), "Name a saved answer"),
        (("SAVED", "--question", "x", "--verdict", "right"), "Name a saved answer"),
        (("SAVED", "--verdict", "wrong", "--page", "2"), "need --document"),
        (("SAVED", "--verdict", "wrong", "--document", "a.pdf"), "needs the words"),
        (("SAVED", "--verdict", "wrong", "--answer", "ten years"), "does not stand in"),
        (("SAVED", "--verdict", "right", "--answer", "24 months"), "needs no correction"),
        (("missing.json", "--verdict", "right"), "there is no such file"),
        (("/dev/zero", "--verdict", "right"), "no plain file"),
    ],
)
def test_what_is_not_clear_is_refused(saved: Path, arguments: tuple[str, ...], said: str) -> None:
    workspace = fake()
    words = [str(saved) if word == "SAVED" else word for word in arguments]
    assert said in refusal(workspace, "add", *words)["message"]
    assert workspace.judged == []


def _changed(path: Path, change: Any) -> None:
    table = json.loads(path.read_text())
    change(table)
    path.write_text(json.dumps(table))


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.update(format=2),
        lambda t: t.pop("question"),
        lambda t: t.update(question=7),
        lambda t: t.update(cancelled=True),
        lambda t: t.update(abstained="no"),
        lambda t: t.update(sentences={}),
        lambda t: t.update(passages=[None]),
        lambda t: t.update(error={"code": "usage"}),
        lambda t: t["sentences"][1].update(origin="person"),
        lambda t: t["sentences"][1]["quotes"][0].update(page=True),
        lambda t: t["sentences"][1]["quotes"][0].update(start=-1),
        lambda t: t["sentences"][1]["quotes"][0].update(end=2**40),
        lambda t: t["passages"][0].update(start=1.5),
        lambda t: t.update(sentences=t["sentences"] * 500),
        lambda t: t.update(route="auto"),
        lambda t: t.update(route={"kind": "look-up", "searched": 1}),
        lambda t: t.update(answer="x" * 1_000_000),
        lambda t: t.update(question="x" * 1_000_000),
        lambda t: t.update(question=f"why{EVIL}?"),
    ],
)
def test_a_saved_answer_that_was_tampered_with_is_refused(saved: Path, change: Any) -> None:
    _changed(saved, change)
    workspace = fake()
    error = refusal(workspace, "add", saved, "--verdict", "right")
    assert error["hint"] or "longer" in error["message"]
    assert workspace.judged == []


@pytest.mark.parametrize("content", [b"\xff{}", b"[1]", b'{"a":1,"a":2}', b"[" * 10_000, b"NaN"])
def test_what_is_no_json_object_is_refused(saved: Path, content: bytes) -> None:
    saved.write_bytes(content)
    assert "can't be used" in refusal(fake(), "add", saved, "--verdict", "right")["message"]


def test_a_file_that_is_too_large_is_refused(saved: Path) -> None:
    os.truncate(saved, MOST_BYTES + 1)
    assert "8 MiB" in refusal(fake(), "add", saved, "--verdict", "right")["message"]


def judged(folder: Path) -> FakeWorkspace:
    """A library with a right answer, a right refusal and a wrong answer."""
    workspace = fake()
    for number, (answer, verdict) in enumerate(
        [(answered("q one"), "right"), (refused(), "right"), (answered("q open"), "wrong")]
    ):
        path = folder / f"{number}.json"
        path.write_text(json.dumps(plain(answer_json(answer))))
        given(workspace, path, "--verdict", verdict)
    return workspace


def test_exports_are_written_for_their_owner_only(tmp_path: Path) -> None:
    suite, training = tmp_path / "suite.jsonl", tmp_path / "training.jsonl"
    files = ("--suite", str(suite), "--training", str(training), "--both")
    result = run(judged(tmp_path), "feedback", "export", *files, "--json")
    assert result.exit_code == 0, result.output
    first, second = parsed(result, "feedback export")["files"]
    assert (first["kind"], first["rows"], first["ids"]) == ("suite", 2, [1, 2])
    assert second["left_out"] == [{"id": 3, "reason": "needs a correction"}]
    assert len(read_suite(suite).items) == 2
    rows = [json.loads(line) for line in training.read_text().splitlines()]
    assert [row["unanswerable"] for row in rows] == [False, True]
    for path in (suite, training):
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.read_text().isascii()


def test_an_export_says_what_it_is_and_keeps_what_is_there(tmp_path: Path) -> None:
    workspace, suite = judged(tmp_path), tmp_path / "suite.jsonl"
    suite.write_text("mine\n")
    refused_ = refusal(workspace, "export", "--suite", suite)
    assert "holds something" in refused_["message"]
    assert suite.read_text() == "mine\n"
    arguments = ("feedback", "export", "--suite", str(suite), "--training-share", "0")
    result = run(workspace, *arguments, "--overwrite")
    assert result.exit_code == 0
    assert f"2 questions (suite) written to {suite}" in result.stdout
    assert "Not encrypted" in result.stderr
    assert "left out: feedback 3 needs a correction" in result.stderr
    assert "mine" not in suite.read_text()


def test_nothing_to_export_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "training.jsonl"
    path.touch()  # as the lockdown makes it
    result = run(
        judged(tmp_path), "feedback", "export", "--training", str(path), "--training-share", "0"
    )
    assert result.exit_code == 1
    assert "nothing was written" in result.stdout
    assert not path.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Nothing was asked for"),
        (("--suite", "a.jsonl", "--training", "./a.jsonl"), "one name"),
    ],
)
def test_an_export_that_is_not_clear_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in refusal(judged(tmp_path), "export", *arguments)["message"]
    assert not (tmp_path / "a.jsonl").exists()


def test_a_disk_that_is_full_leaves_nothing_half_written(tmp_path: Path) -> None:
    result = run(judged(tmp_path), "feedback", "export", "--suite", "/dev/full", "--both")
    assert result.exit_code == 1
    assert "can't be written: No space left" in result.stderr


def test_list_show_and_remove(tmp_path: Path) -> None:
    workspace = judged(tmp_path)
    table = run(workspace, "feedback", "list").stdout
    assert "needs a correction" in table
    assert "not in the documents" in table
    opened = parsed(run(workspace, "feedback", "list", "--open", "--json"), "feedback list")
    assert [entry["id"] for entry in opened["feedback"]] == [3]
    shown = run(workspace, "feedback", "show", "1").stdout
    assert 'quoted: "24 months from the date" (supply-contract.pdf, page 2)' in shown
    assert parsed(run(workspace, "feedback", "show", "2", "--json"), "feedback show")
    assert "number 9" in refusal(workspace, "show", "9")["message"]
    assert "nothing was removed" in refusal(workspace, "remove", "1", "9")["message"]
    result = run(workspace, "feedback", "remove", "1", "3", "1", "--json")
    assert parsed(result, "feedback remove")["removed"] == [1, 3]
    assert [entry.id for entry in workspace.judged] == [2]
    assert "There is no feedback" in run(fake(), "feedback", "list").stdout


def test_hostile_texts_reach_no_terminal(tmp_path: Path) -> None:
    workspace = judged(tmp_path)
    entry = workspace.judged[0]
    quote = replace(entry.quotes[0], document=f"a{EVIL}.pdf", text=f"b{EVIL}")
    workspace.judged[0] = replace(
        entry, question=f"q{EVIL}", answer=f"a{EVIL}", model=f"m{EVIL}", quotes=(quote,)
    )
    results: list[Result] = [
        run(workspace, "feedback", *command)
        for command in (("list",), ("show", "1"), ("show", "1", "--json"))
    ]
    for result in results:
        assert result.exit_code == 0
        assert "\x1b" not in result.output
        assert "\x07" not in result.output
