"""Feedback with the real models, in the real locked process and in a real terminal."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.config import Settings
from assistant.sample_library import SAMPLE_QUESTION, sample_paths
from tests.acceptance.test_app_tmux import CONTRACT, Tmux, environment_of

pytestmark = pytest.mark.acceptance


def assistant(
    data: Path, *arguments: object, stdin: str | None = None, status: int = 0
) -> dict[str, Any]:
    """Run a command in a process of its own; return its JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "assistant", *map(str, arguments), "--json"],
        env={**os.environ, "ASSISTANT_DATA_DIR": str(data)},
        input=stdin if stdin is not None else "",
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def test_from_an_answer_to_a_suite_and_to_training_data(
    settings_with_models: Settings, tmp_path: Path
) -> None:
    data = settings_with_models.data_dir
    assistant(data, "add", "--no-passphrase", *sample_paths())
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps(assistant(data, "ask", SAMPLE_QUESTION)))

    right = assistant(data, "feedback", "add", answer, "--verdict", "right")["feedback"]
    assert right["state"] == "answer"
    assert right["model_sha256"]
    assert right["prompt_version"] >= 1
    fee = ("--question", "How much is the reminder fee?", "--verdict", "wrong-source")
    place = ("--document", "contract-amendment", "--text", "reminder fee of 40 crowns")
    fixed = assistant(data, "feedback", "add", *fee, *place)["feedback"]
    assert fixed["correction"]["places"][0]["document"] == "contract-amendment.pdf"
    moon = assistant(data, "ask", "How far away is the moon?")
    assert moon["abstained"]
    refused = ("feedback", "add", "-", "--verdict", "right")
    assert assistant(data, *refused, stdin=json.dumps(moon))["feedback"]["state"] == "unanswerable"

    changed = json.loads(answer.read_text())
    changed["sentences"][0]["quotes"][0]["text"] = "36 months"
    wrong = ("feedback", "add", "-", "--verdict", "right")
    sentences = [s for s in changed["sentences"] if s["origin"] == "extract"]
    lie = json.dumps(changed | {"sentences": sentences})
    assert "something else" in assistant(data, *wrong, stdin=lie, status=2)["error"]["message"]

    suite, training = tmp_path / "suite.jsonl", tmp_path / "training.jsonl"
    files = ("--suite", suite, "--training", training)
    made = assistant(data, "feedback", "export", *files, "--both")["files"]
    assert [file["ids"] for file in made] == [[1, 2, 3], [1, 2, 3]]
    rows = [json.loads(line) for line in training.read_text().splitlines()]
    for row in rows[:2]:
        assert row["answer"] in row["context"]
    assert rows[2]["answer"] == "unanswerable"
    evaluation = ("eval", suite, "--arm", "retrieval", "--out", tmp_path / "run")
    figures = assistant(data, *evaluation)["arms"][0]["figures"]
    assert figures["recall@10"]["value"] == figures["refusal_recall"]["value"] == 1

    records = assistant(data, "audit", "show")["records"]
    actions = [(r["action"], r["fields"].get("phase")) for r in records]
    assert actions.count(("feedback", "done")) == 3
    assert actions.count(("feedback", "failed")) == 1  # the one that was tampered with
    assert actions.count(("feedback-export", "done")) == 2
    log = next(data.glob("*.audit")).read_bytes()
    assert b"crowns" not in log
    assert b"moon" not in log
    assistant(data, "forget", "contract-amendment.pdf", "--yes")
    left = assistant(data, "feedback", "list")["feedback"]
    assert [entry["id"] for entry in left] == [1, 3]
    assert assistant(data, "audit", "verify")["verdict"] == "ok"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_an_answer_is_judged_in_a_terminal(settings_with_models: Settings, tmp_path: Path) -> None:
    data = settings_with_models.data_dir
    environment = environment_of(data)
    added = subprocess.run(
        [sys.executable, "-m", "assistant", "add", str(CONTRACT)],
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )
    assert added.returncode == 0, added.stderr
    terminal = Tmux(tmp_path)
    try:
        terminal.start([sys.executable, "-m", "assistant"], environment)
        terminal.wait_for("Ask about your 1 document.", "ready")
        terminal.write(SAMPLE_QUESTION)
        terminal.keys("Enter")
        terminal.wait_for("total", "Right?")
        terminal.keys("F6")
        terminal.wait_for("Is this answer right?")
        terminal.keys("w")
        terminal.wait_for("not in the documents", "What would be right")
        terminal.write("24 months from the order")
        terminal.keys("Enter")
        terminal.wait_for("does not stand in", "The nearest is")
        terminal.keys("Enter")
        terminal.wait_for("You said: wrong, corrected.")
        terminal.keys("F6")
        terminal.wait_for("take it back")
        terminal.keys("u")
        terminal.wait_for("Taken back")
        terminal.keys("F6")
        terminal.wait_for("Is this answer right?")
        terminal.keys("r")
        terminal.wait_for("You said: right.")
        terminal.keys("C-q")
        assert terminal.wait_end() == 0
    finally:
        terminal.close()
