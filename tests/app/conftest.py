"""What the tests of the app share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    # The size is the pseudo-terminal's; one in the environment would count before it.
    inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    return {**inherited, "HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
