"""No command brings up threads by being imported: one that ran before the lock is not bound."""

from __future__ import annotations

import subprocess
import sys

import pytest

from assistant.cli.main import COMMANDS

LOAD = (
    "import importlib, os, sys; importlib.import_module(sys.argv[1]); "
    "tasks = '/proc/self/task'; "
    "print(len(os.listdir(tasks)) if os.path.isdir(tasks) else 1, 'numpy' in sys.modules)"
)


@pytest.mark.parametrize("module", sorted({place.split(":")[0] for place in COMMANDS.values()}))
def test_importing_a_command_starts_no_thread(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOAD, module], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "False"]
