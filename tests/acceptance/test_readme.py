"""The README's example is the real thing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[2]


def test_sample_answer_of_the_readme_is_what_the_program_prints(
    default_models: Path, tmp_path: Path
) -> None:
    """Question, extract and citation word for word; the model's own words may differ.

    (Another processor may round otherwise, and greedy decoding can then take another way.)
    """
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"<!-- sample answer.*?```\n(.*?)```", readme, re.DOTALL)
    assert block is not None
    data = tmp_path / "data"
    data.mkdir()
    (data / "models").symlink_to(default_models)
    done = subprocess.run(
        [sys.executable, "-m", "assistant", "sample"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "ASSISTANT_DATA_DIR": str(data)},
        timeout=300,
        check=True,
    )
    printed = done.stdout.splitlines()
    expected = [line for line in block[1].splitlines() if line and "(unsupported)" not in line]
    assert len(expected) >= 3
    for line in expected:
        assert line in printed
