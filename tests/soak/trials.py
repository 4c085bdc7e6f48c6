"""Running trials that kill processes, in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.store.material import ROOT

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""numpy starts no threads at its import then: what forks its trials must have none."""


def outcome_of(module: str, trials: int, seed: int, *more: str) -> dict[str, Any]:
    """Run `tests.soak.<module>` for so many trials; return what it counted.

    A kill loses nothing that was written: memory is as good as a disk, and faster.
    """
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    command = [sys.executable, "-m", f"tests.soak.{module}"]
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        done = subprocess.run(
            [*command, f"{folder}/trials", str(trials), str(seed), *more],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, **ONE_THREAD},
            check=False,
        )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    print(found)
    return found
