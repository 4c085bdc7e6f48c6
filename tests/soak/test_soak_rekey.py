"""1,000 kills in the middle of a rekey: 0 libraries that can't be read afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.soak.scale import count
from tests.store.material import ROOT

pytestmark = pytest.mark.slow


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the trials fork")
def test_no_kill_makes_a_library_unreadable() -> None:
    trials = count(1000)
    # A kill loses nothing that was written: memory is as good as a disk, and faster.
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        command = [sys.executable, "-m", "tests.soak.rekey_trials"]
        done = subprocess.run(
            [*command, str(Path(folder) / "rekey"), str(trials), "5"],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    print(outcome)
    assert outcome["trials"] == trials
    assert outcome.get("not killed", 0) < trials / 2
    # Kills before, in the middle of and after the switch were among them.
    assert sum(n for name, n in outcome.items() if "interrupted" in name) > trials / 20
