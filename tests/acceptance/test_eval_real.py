"""`assistant eval` with the real models over the sample library, in the real, locked process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.config import Settings
from assistant.sample_library import sample_paths
from tests.fakes.evaluation import write_suite

pytestmark = pytest.mark.acceptance

ITEMS: list[dict[str, Any]] = [
    {
        "id": "stay",
        "question": "What is the longest permitted stay in the observation bay?",
        "answers": ["8 hours"],
        "spans": [{"document": "clinic-guideline.pdf", "text": "observation bay is 8 hours"}],
    },
    {
        "id": "fee",
        "question": "How much is the reminder fee?",
        "answers": ["40 crowns"],
        "spans": [{"document": "contract-amendment.pdf", "text": "reminder fee of 40 crowns"}],
    },
    {"id": "moon", "question": "How far away is the moon?", "unanswerable": True},
]


def assistant(data: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assistant", *map(str, arguments)],
        env={**os.environ, "ASSISTANT_DATA_DIR": str(data)},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=600,
        check=False,
    )


EXAMPLES: list[dict[str, Any]] = [
    {"id": "s1", "question": "How long is the warranty on the Pumps?", "answers": ["24 months"]},
    {"id": "s2", "question": "What does a ticket to the moon cost?", "unanswerable": True},
]


def test_arms_without_documents_and_with_examples_and_what_is_advised(
    settings_with_models: Settings, tmp_path: Path
) -> None:
    """In the real, locked process: what is written to and where, and that nobody else asks so."""
    data, out = settings_with_models.data_dir, tmp_path / "out"
    assert assistant(data, "add", "--no-passphrase", *sample_paths()).returncode == 0
    suite = write_suite(tmp_path / "suite.jsonl", *ITEMS)
    examples = write_suite(tmp_path / "examples.jsonl", *EXAMPLES)
    arms = ("--arm", "tuned+closed", "--arm", "base+shots", "--shots", examples)
    done = assistant(data, "eval", suite, *arms, "--out", out, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    closed, shots = json.loads(done.stdout)["arms"]
    assert (closed["closed"], closed["tuned"], shots["shots"]) == (True, True, True)
    assert "cited" not in closed["figures"]
    assert closed["figures"]["failed"]["value"] == shots["figures"]["failed"]["value"] == 0
    rows = json.loads((out / "run.json").read_text())["arms"]
    prompts = [
        [row["prompt_tokens"] for row in arm["rows"] if row["prompt_tokens"]] for arm in rows
    ]
    assert max(prompts[0]) < 80
    assert min(prompts[1]) > 300
    assert all(row["quotes"] == 0 for row in rows[0]["rows"])

    page = tmp_path / "advice.html"
    advised = assistant(data, "advise", "--run", out, "--out", page, "--json")
    assert advised.returncode == 0, advised.stdout + advised.stderr
    found = json.loads(advised.stdout)
    assert (found["advice"], found["reasons"][0]["rule"]) == ("neither", "too-few-questions")
    assert {arm["part"] for arm in found["arms"]} == {"tuning", "shots"}
    assert "neither yet" in page.read_text()


def test_the_sample_library_is_measured_with_two_arms(
    settings_with_models: Settings, tmp_path: Path
) -> None:
    data, out = settings_with_models.data_dir, tmp_path / "out"
    added = assistant(data, "add", "--no-passphrase", *sample_paths())
    assert added.returncode == 0, added.stderr
    suite = write_suite(tmp_path / "suite.jsonl", *ITEMS)
    arms = ("--arm", "retrieval", "--arm", "current")
    done = assistant(data, "eval", suite, *arms, "--out", out, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    retrieval, current = json.loads(done.stdout)["arms"]
    assert retrieval["model"] == ""
    assert current["model"]
    assert current["memory"] > retrieval["memory"] > 0
    for arm in (retrieval, current):
        figures = {name: figure["value"] for name, figure in arm["figures"].items()}
        assert figures["recall@10"] == figures["verbatim"] == figures["refusal_recall"] == 1
        assert figures["right"] == 1
        assert figures["failed"] == 0
    assert "first_token_median" not in retrieval["figures"]
    assert (out / "report.html").read_text().count("<svg") == 2
    assert list((data / "evaluations" / "stopped").iterdir()) == []

    again = assistant(data, "eval", suite, "--arm", "retrieval", "--against", out, "--json")
    assert again.returncode == 0, again.stdout + again.stderr
    change = json.loads(again.stdout)["against"]["changes"][0]
    assert change["compared"] == len(ITEMS)
    assert change["newly_wrong"] == change["worse"] == []
