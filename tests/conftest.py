"""Fixtures for every test: no test sees or touches the person's own data folder."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import hypothesis
import pytest

# How long an example takes depends on what else the machine is doing.
hypothesis.settings.register_profile("no stopwatch", deadline=None)
hypothesis.settings.load_profile("no stopwatch")

# Programs that are started here inherit what a signal does. A run that was started under nohup
# (some CI does) ignores SIGHUP, and a program that is told to ignore it lives on by design.
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


# A core for each process of tests: where two models meet with two threads each, all wait for
# all others at llama.cpp's barriers.
if (_worker := os.environ.get("PYTEST_XDIST_WORKER")) and hasattr(os, "sched_setaffinity"):
    _cores = sorted(os.sched_getaffinity(0))
    _share = _cores[int(_worker[2:]) :: int(os.environ["PYTEST_XDIST_WORKER_COUNT"])]
    os.sched_setaffinity(0, _share or _cores)


DEAR = frozenset(("real_archive", "default_base"))
"""Fixtures of a whole run that take half a minute or more to make."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that hold a slow test, so that no process is left alone with one.

    It runs before xdist's own hook, which reads the groups. The tests of a file share its
    fixtures, so one process runs them all, and so do files that share something dear.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    used = [(item.path, DEAR & set(getattr(item, "fixturenames", ()))) for item in items]
    shared = {path: min(dear) for path, dear in used if dear}
    for item in items:
        group = shared.get(item.path, item.location[0])
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(autouse=True)
def _isolated_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the data folder and everything platformdirs knows into the test's folder."""
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path / "data"))
    # Each test asks anew, and a policy that it made for a locked process does not outlive it.
    monkeypatch.setattr(tempfile, "tempdir", None)
    for name in ("TMPDIR", "SQLITE_TMPDIR"):
        if name in os.environ:
            monkeypatch.setenv(name, os.environ[name])
        else:
            monkeypatch.setenv(name, "")  # so that leaving the test takes it away again
            monkeypatch.delenv(name)
