"""Drafting and reviewing in the real, locked process: sample library, CUAD's PDF, a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.sample_library import sample_paths
from tests.acceptance.test_app_tmux import Tmux, environment_of
from tests.acceptance.test_eval_real import assistant
from tests.bench.report import shared_data

pytestmark = pytest.mark.acceptance


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    terminal = Tmux(tmp_path)
    yield terminal
    terminal.close()


def cuad_paths(count: int) -> list[Path]:
    folder = shared_data() / "cuad" / "dev"
    if not folder.is_dir():
        pytest.skip("the shared data (cuad/dev) are not here")
    return sorted(folder.rglob("*.pdf"))[:count]


def states(path: Path) -> list[str]:
    return [json.loads(line)["review"] for line in path.read_text().splitlines()]


def test_what_is_drafted_is_measured_without_an_error(
    settings_with_models: Settings, tmp_path: Path
) -> None:
    data, suite = settings_with_models.data_dir, tmp_path / "q.jsonl"
    paths = [*sample_paths(), *cuad_paths(8)]
    assert assistant(data, "add", "--no-passphrase", *paths).returncode == 0
    drafted = assistant(data, "eval", "draft", suite, "--count", 60, "--json")
    assert drafted.returncode == 0, drafted.stdout + drafted.stderr
    said = json.loads(drafted.stdout)
    assert said["questions"] == 60
    assert said["unanswerable"] == 15
    assert said["documents"] >= 10

    refused = assistant(data, "eval", suite)
    assert refused.returncode == 2
    assert "nobody has reviewed" in refused.stderr
    out = tmp_path / "out"
    run = ("eval", suite, "--unreviewed", "--arm", "retrieval", "--out", out, "--json")
    measured = assistant(data, *run)
    assert measured.returncode == 0, measured.stdout + measured.stderr
    figures = json.loads(measured.stdout)["arms"][0]["figures"]
    assert figures["recall@5"]["questions"] == 45
    assert figures["recall@5"]["value"] > 0.8

    log = json.loads(assistant(data, "audit", "show", "--json").stdout)["records"]
    exported = [record["fields"] for record in log if record["action"] == "text-export"]
    assert [(fields["what"], fields["count"]) for fields in exported] == [("questions", 60)]
    assert assistant(data, "audit", "verify").returncode == 0
    words = suite.read_text().encode()[:200]
    for file in data.rglob("*"):
        if file.is_file() and not file.is_relative_to(data / "models"):
            assert words[20:80] not in file.read_bytes(), "nothing in the clear in the data folder"


@pytest.mark.slow
def test_a_review_in_a_terminal(tmux: Tmux, default_models: Path, tmp_path: Path) -> None:
    data, suite = tmp_path / "data", tmp_path / "q.jsonl"
    data.mkdir()
    (data / "models").symlink_to(default_models, target_is_directory=True)
    environment = environment_of(data)
    for arguments in (["add", *map(str, sample_paths())], ["eval", "draft", str(suite)]):
        subprocess.run(
            [sys.executable, "-m", "assistant", *arguments],
            env={**os.environ, **environment}, check=True, capture_output=True, cwd=tmp_path,
        )  # fmt: skip
    command = [sys.executable, "-m", "assistant", "eval", "review", str(suite)]
    tmux.start(command, environment)
    tmux.wait_for("Question 1 of 50", "50 left", "supply-contract.pdf, page 1", "means")
    tmux.keys("k")
    tmux.wait_for("Question 2 of 50", "49 left, 1 kept")
    tmux.keys("d")
    tmux.wait_for("Question 3 of 50", "1 dropped")
    tmux.keys("e")
    tmux.wait_for("Enter takes it")
    tmux.write(" Say it briefly.")
    tmux.keys("Enter")
    tmux.wait_for("Question 4 of 50", "1 mended")
    assert states(suite)[:4] == ["kept", "dropped", "mended", "draft"]
    tmux.keys("C-q")
    assert tmux.wait_end() == 0
    assert "Say it briefly." in suite.read_text().splitlines()[2]
