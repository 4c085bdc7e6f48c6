"""The app ends with its terminal: whatever it does, however the terminal goes."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.app.terminal import Terminal

LIMIT = 2.0
"""Seconds in which the process must be gone."""


def hang_up(terminal: Terminal) -> None:
    terminal.take_away()


def send(number: signal.Signals) -> Callable[[Terminal], None]:
    return lambda terminal: terminal.process.send_signal(number)


def both(terminal: Terminal) -> None:
    """As a shell does that is ended with its window: two signals, and the terminal goes."""
    terminal.process.send_signal(signal.SIGHUP)
    terminal.process.send_signal(signal.SIGTERM)
    terminal.take_away()


WAYS = {
    "hang-up": hang_up,
    "SIGHUP": send(signal.SIGHUP),
    "SIGTERM": send(signal.SIGTERM),
    "both": both,
}
STATES = ("idle", "answering", "adding", "unlock", "checking", "warming")
SHOWN = {
    "unlock": "is locked",
    "checking": "is locked",
    "warming": "loading the models",
}
CASES = [(state, way) for state in STATES for way in ("hang-up", "SIGTERM")]
CASES += [("idle", "SIGHUP"), ("answering", "both"), ("checking", "both")]


@contextmanager
def running(
    state: str, environment: dict[str, str], mark: Path, *, controlling: bool = True
) -> Iterator[Terminal]:
    """Start the app and bring it to a state."""
    command = (sys.executable, "-m", "tests.app.states", state, str(mark))
    terminal = Terminal(*command, environment=environment, controlling=controlling)
    try:
        terminal.wait_for(SHOWN.get(state, "F2 shows the passages"))
        if state == "answering":
            terminal.send("why\r")
            terminal.wait_for("WRITING")
        elif state == "adding":
            terminal.press("\x0f", "Add documents")  # Ctrl+O
            terminal.send("/etc/hosts\r")
            terminal.wait_for("of 7")
        elif state == "checking":
            terminal.send("anything\r")
            terminal.wait_for("Checking")
        yield terminal
    finally:
        terminal.close()


def seconds_to_end(terminal: Terminal) -> float:
    began = time.monotonic()
    terminal.process.wait(10)
    return time.monotonic() - began


@pytest.mark.parametrize(("state", "way"), CASES)
def test_the_app_ends_with_its_terminal(
    state: str, way: str, environment: dict[str, str], tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    with running(state, environment, mark) as terminal:
        WAYS[way](terminal)
        if way in ("SIGHUP", "SIGTERM"):
            began = time.monotonic()
            terminal.wait_end(10)
            assert time.monotonic() - began < LIMIT
        else:
            assert seconds_to_end(terminal) < LIMIT
        assert mark.exists() == (state not in ("unlock", "checking"))


@pytest.mark.parametrize("state", ["idle", "answering", "unlock"])
def test_no_signal_is_needed(state: str, environment: dict[str, str], tmp_path: Path) -> None:
    """Without a controlling terminal only reading and writing fail."""
    with running(state, environment, tmp_path / "mark", controlling=False) as terminal:
        terminal.take_away()
        assert seconds_to_end(terminal) < LIMIT


def test_work_that_does_not_stop_is_left(environment: dict[str, str], tmp_path: Path) -> None:
    with running("closing", environment, tmp_path / "mark") as terminal:
        terminal.take_away()
        assert seconds_to_end(terminal) < LIMIT
        assert terminal.process.returncode == 130


def test_a_terminal_that_takes_nothing_ends_the_app_too(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Nobody reads what an answer writes, so that the app's own thread waits in a write."""
    mark = tmp_path / "mark"
    with running("answering", environment, mark) as terminal:
        os.write(terminal.master, b"\x1bOR\x1bOR" * 400)  # a screen is drawn for each F3
        terminal.process.send_signal(signal.SIGTERM)
        assert seconds_to_end(terminal) < LIMIT
        assert mark.exists()


@pytest.mark.parametrize("way", WAYS)
def test_the_question_for_a_passphrase_ends_too(
    way: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """A new library's passphrase is asked for in the bare terminal, before there is an app."""
    command = (sys.executable, "-m", "assistant", "app", "--library", "new")
    terminal = Terminal(*command, environment=environment)
    try:
        terminal.wait_for("New passphrase:")
        WAYS[way](terminal)
        assert seconds_to_end(terminal) < LIMIT
        assert terminal.process.returncode == 130
        assert not list((tmp_path / "data").glob("new.*"))
    finally:
        terminal.close()
