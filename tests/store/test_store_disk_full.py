"""A real disk that is really full: a small tmpfs that only the child process sees."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.material import ROOT


def in_namespace(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run Python with its own mounts, as root or as root of a user namespace."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("needs unshare (util-linux) to mount a small disk")
    for way in (["--mount"], ["--user", "--map-root-user", "--mount"]):
        if subprocess.run([unshare, *way, "true"], capture_output=True, check=False).returncode:
            continue
        command = [unshare, *way, sys.executable, "-m", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=300, cwd=ROOT
        )
    pytest.skip("this system lets no one mount a small disk in a namespace of his own")


@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [2, 4])
def test_a_full_disk(tmp_path: Path, megabytes: int) -> None:
    done = in_namespace(["tests.store.fill_disk", str(tmp_path), str(megabytes)])
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ok ")


def test_no_room_for_a_new_store(tmp_path: Path) -> None:
    done = in_namespace(["tests.store.fill_disk", str(tmp_path), "0"])
    assert done.stdout.strip() == "ok", done.stderr


@pytest.mark.parametrize("kilobytes", [120, 200, 240, 280, 320, 360, 376, 400])
def test_hardly_room_for_a_new_store(tmp_path: Path, kilobytes: int) -> None:
    """A store is made whole or not at all: once there is room, all is well."""
    done = in_namespace(["tests.store.fill_disk", str(tmp_path), f"{kilobytes}k"])
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == "ok"
    if kilobytes <= 240:  # a new store and its log take more
        assert done.stdout.split()[1] == "refused"
