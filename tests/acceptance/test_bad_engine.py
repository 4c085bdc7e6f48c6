"""Chat models that misbehave, through the real command line: NaN, and no end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.config import Settings
from assistant.models.add_model import add_model
from assistant.sample_library import sample_paths
from tests.unit.engine.speaking_toy import SPECIALS, speaking_toy

pytestmark = pytest.mark.acceptance

BROKEN = "^"
"""After this sign the model's numbers are NaN; its own trial and the prompt do not hold it."""


def assistant(data: Path, *arguments: object) -> tuple[int, dict[str, Any]]:
    """Run a command in a process of its own; return its status and its JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "assistant", *map(str, arguments), "--json"],
        env={**os.environ, "ASSISTANT_DATA_DIR": str(data), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with the sample documents, and a model that never stops and can turn NaN."""
    pytest.importorskip("llama_cpp")
    folder = tmp_path_factory.mktemp("bad")
    file = folder / "endless.gguf"
    # Behind the special tokens, the vocabulary has the 256 bytes in their order.
    broken = [len(SPECIALS) + ord(BROKEN)]
    file.write_bytes(speaking_toy(broken=broken, context=8192))
    data = folder / "data"
    add_model(file, Settings(data_dir=data, threads=1))
    assert assistant(data, "add", "--no-passphrase", *sample_paths())[0] == 0
    return data


def test_a_model_that_never_stops_is_cut_off_and_nothing_of_it_is_believed(data: Path) -> None:
    status, answer = assistant(data, "ask", "How much is the reminder fee?")
    assert status == 0
    assert answer["truncated"]
    # 160 at most, counted again from the text, where half a character takes three.
    assert 0 < answer["timings"]["generated_tokens"] <= 3 * 160
    written = [s for s in answer["sentences"] if s["origin"] == "model"]
    assert written
    assert not any(sentence["supported"] for sentence in written)
    assert "40 crowns" in answer["answer"]  # what code extracted is still there


def test_numbers_that_are_none_are_said_and_what_the_reader_found_is_kept(data: Path) -> None:
    for _ in range(2):
        status, told = assistant(data, "ask", f"How much is the reminder fee of {BROKEN}?")
        assert status == 0
        assert "not finite" in told["route"]["reason"]
        assert [sentence["origin"] for sentence in told["sentences"]] == ["extract"]
        assert "40 crowns" in told["answer"]


def test_without_a_reader_they_end_in_an_error_and_in_no_answer(data: Path) -> None:
    (data / "config.toml").write_text('reader = "none"\n', encoding="utf-8")
    status, told = assistant(data, "ask", f"How much is the reminder fee of {BROKEN}?")
    assert status not in (0, 1)
    error = told["error"]
    assert "not finite" in error["message"]
    assert "models verify" in error["hint"]
    assert error["title"]
    assert "answer" not in told
