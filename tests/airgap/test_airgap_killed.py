"""The installer killed at any moment, and media that change."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from convert.airgap.installer import steps
from convert.airgap.installer.archive import open_archive
from convert.airgap.installer.problems import RefusedError
from tests.airgap.installing import NO_WISHES, install, installation, launched, quiet
from tests.airgap.small import (
    FakeMachine,
    rewritten,
    small_archive,
)
from tests.soak.scale import count

FILE_EVENTS = frozenset(
    {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.chmod", "os.link",
     "shutil.rmtree", "shutil.copyfile", "shutil.move", "os.listdir", "os.scandir"}
)  # fmt: skip


def in_child(work: Callable[[], object], kill_at: int) -> int:
    """Run `work` in a forked child that dies (as by kill -9) just before file event `kill_at`.

    Return the number of file events it made, or -1 if it was killed.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        count = 0

        def watch(event: str, arguments: object) -> None:
            nonlocal count
            if event in FILE_EVENTS:
                count += 1
                if count == kill_at:
                    os._exit(9)

        try:
            sys.addaudithook(watch)
            work()
            os.write(writer, str(count).encode())
        finally:
            os._exit(0)
    os.close(writer)
    said = os.read(reader, 100)
    os.close(reader)
    os.waitpid(child, 0)
    return int(said) if said else -1


def test_killed_at_any_moment_of_an_update_the_old_version_works(tmp_path: Path) -> None:
    """Just before its file operations, chosen by a seed: all of them in `make soak`."""
    prefix, data = tmp_path / "p", tmp_path / "data"
    old, new = small_archive(tmp_path), small_archive(tmp_path, "2.0.0")

    def update() -> None:
        install(new, prefix, FakeMachine(data))

    def reset() -> None:
        subprocess.run(["rm", "-rf", prefix, data], check=True)
        install(old, prefix, FakeMachine(data))

    reset()
    events = in_child(update, 0)
    assert events > 60
    assert launched(prefix).startswith("2.0.0")
    chance = random.Random(9)
    outcomes = set()
    for moment in sorted(chance.sample(range(1, events + 1), min(events, count(400, least=16)))):
        reset()
        assert in_child(update, moment) == -1
        said = launched(prefix)
        assert said in ("1.0.0 -I -m assistant x", "2.0.0 -I -m assistant x"), moment
        outcomes.add(said[:5])
        update()  # the next one cleans up and succeeds
        assert launched(prefix).startswith("2.0.0")
        assert len(list((prefix / "versions").iterdir())) <= 2
    assert outcomes == {"1.0.0", "2.0.0"}


def test_killed_at_any_moment_of_a_first_installation_the_next_one_succeeds(
    tmp_path: Path,
) -> None:
    prefix, data = tmp_path / "p", tmp_path / "data"
    archive = small_archive(tmp_path)

    def first() -> None:
        install(archive, prefix, FakeMachine(data))

    events = in_child(first, 0)
    for moment in random.Random(10).sample(range(1, events + 1), count(100, least=10)):
        subprocess.run(["rm", "-rf", prefix, data], check=True)
        assert in_child(first, moment) == -1
        first()
        assert launched(prefix).startswith("1.0.0")
        assert len(list((prefix / "versions").iterdir())) <= 2  # the one before is kept


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path, machine: FakeMachine) -> None:
    def interrupted(folder: Path) -> None:
        raise KeyboardInterrupt

    machine.build = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        install(small_archive(tmp_path), tmp_path / "p", machine)
    assert not (tmp_path / "p").exists()


def test_a_medium_that_changes_between_two_readings_gains_nothing(
    tmp_path: Path, machine: FakeMachine
) -> None:
    """Whatever was verified before: only what was hashed while it was copied is installed."""
    archive = small_archive(tmp_path)
    evil = rewritten(
        archive, tmp_path / "evil.zip", {"wheels/thing-1-py3-none-any.whl": b"6.6.6"}, {}
    )
    with evil.open("rb") as other, open_archive(archive) as opened:

        def swap(step: str) -> None:
            if step == "Verifying and unpacking":
                os.dup2(other.fileno(), opened.opened.fp.fileno())  # type: ignore[union-attr]

        opened.check(quiet)
        with pytest.raises(RefusedError, match="wheels/thing"):
            installation(tmp_path / "p", machine, swap).install(opened, NO_WISHES)
    assert not (tmp_path / "p").exists()


def test_steps_use_no_shell(tmp_path: Path) -> None:
    """What a shell would run is an argument like any other."""
    hostile = ["; touch made", "$(touch made)", "`touch made`", "| touch made", "a b*"]
    echo = "import sys, json; print(json.dumps(sys.argv[1:]))"
    done = steps.run_child([sys.executable, "-c", echo, *hostile], os.environ, tmp_path)
    assert json.loads(done.stdout) == hostile
    assert list(tmp_path.iterdir()) == []
