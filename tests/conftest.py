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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that hold a slow test, so that no process is left alone with one."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


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
