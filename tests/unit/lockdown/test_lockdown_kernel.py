"""The real kernel denies what was promised, as root and as an ordinary user.

Each attempt has its control: the same process, unlocked, succeeds.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="seccomp and Landlock are Linux's"),
    pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user: needs root"),
]

ROOT = Path(__file__).parents[3]
NOBODY = 65534

# What an ordinary user may not do here in the first place; root's control shows that the
# attempt itself is sound.
NOT_FOR_NOBODY = {"socket in a program"}


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user may enter, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def trial(folder: Path, user: int, state: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.lockdown.trial", str(folder), str(user), state],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize("user", [0, NOBODY], ids=["root", "nobody"])
def test_what_works_unlocked_is_denied_locked(open_folder: Path, user: int) -> None:
    (open_folder / "open").mkdir()
    (open_folder / "locked").mkdir()
    free = trial(open_folder / "open", user, "open")
    held = trial(open_folder / "locked", user, "locked")
    assert held["tier"] == "kernel"
    assert held["probes"] >= 70

    expected = dict.fromkeys(free["denied"], "done")
    if user:
        for name in NOT_FOR_NOBODY:
            expected[name] = free["denied"][name]
    assert free["denied"] == expected
    # EXDEV is Landlock's word for a link or a move across its border.
    got = {n: how for n, how in held["denied"].items() if how not in ("EACCES", "EPERM", "EXDEV")}
    assert got == {}
    assert len(held["denied"]) >= 30

    fine = dict.fromkeys(free["allowed"], "done")
    assert free["allowed"] == fine
    assert held["allowed"] == fine
    if "int80" in held:
        assert held["int80"] in ("SIGSYS", "SIGSEGV")
        assert free["int80"] in ("done", "SIGSEGV")  # a kernel may have no 32-bit calls
