"""Ending: by signals, by a reader that has gone, and whatever the main thread is in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from assistant import termination

BEGIN = """
import hashlib, os, signal, sys, threading
from assistant import termination
from assistant.console.interrupt import cancel_on_interrupt
from assistant.errors import Cancelled
"""
IN_C = "hashlib.pbkdf2_hmac('sha256', b'x', b'x', 400_000_000)"
"""Minutes in the C library, in which Python runs no signal handler."""


def start(script: str, *, ignoring_hang_up: bool = False) -> subprocess.Popen[bytes]:
    """Start a script, and wait until it has said that it is where the test wants it."""
    before = "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" if ignoring_hang_up else ""
    process = subprocess.Popen(
        [sys.executable, "-c", BEGIN + before + script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"here\n"
    return process


def end(process: subprocess.Popen[bytes], seconds: float = 2.0) -> tuple[int, bytes]:
    """Wait for the end; return the status and what was written to stderr."""
    assert process.stderr is not None
    try:
        process.wait(seconds)
        return process.returncode, process.stderr.read()
    finally:
        process.kill()
        process.stderr.close()


WORKING = """
with termination.watching(1, 2):
    try:
        with cancel_on_interrupt() as token:
            stopped = threading.Event()
            with token.calling(stopped.set):
                print("here", flush=True)
                stopped.wait()
            sys.stderr.write("closed")
    except Cancelled:
        sys.stderr.write("cancelled")
"""
WAITING = """
with termination.watching(1, 2):
    try:
        print("here", flush=True)
        threading.Event().wait()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted")
"""
STUCK = f"""
with termination.watching(1, 2), termination.stopping(lambda: sys.stderr.write("told")):
    print("here", flush=True)
    {IN_C}
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_cancels_the_work(number: signal.Signals) -> None:
    process = start(WORKING)
    process.send_signal(number)
    assert end(process) == (0, b"closed")


def test_several_signals_are_one() -> None:
    process = start(WORKING)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGHUP) * 20:
        process.send_signal(number)
    assert end(process) == (0, b"closed")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_outside_of_work_a_signal_interrupts(number: signal.Signals) -> None:
    process = start(WAITING)
    process.send_signal(number)
    assert end(process) == (0, b"interrupted")


@pytest.mark.parametrize(("script", "said"), [(WORKING, b"closed"), (WAITING, b"interrupted")])
def test_a_pipe_without_a_reader_ends_it(script: str, said: bytes) -> None:
    process = start(script)
    assert process.stdout is not None
    process.stdout.close()
    assert end(process) == (0, said)


def test_who_loses_the_reader_at_the_end_of_the_work_ends_well() -> None:
    script = """
with termination.watching(1, 2):
    print("here", flush=True)
    while not termination.is_gone(1):
        pass
"""
    process = start(script)
    assert process.stdout is not None
    process.stdout.close()
    assert end(process) == (0, b"")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_work_is_told_while_the_main_thread_is_in_c_and_the_end_comes(
    number: signal.Signals,
) -> None:
    process = start(STUCK)
    process.send_signal(number)
    assert end(process) == (128 + number, b"told")


def test_what_was_started_to_survive_its_terminal_does() -> None:
    process = start(WORKING, ignoring_hang_up=True)
    assert process.stdout is not None
    process.send_signal(signal.SIGHUP)
    process.stdout.close()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(termination.GRACE_SECONDS * 2)
    process.send_signal(signal.SIGTERM)
    assert end(process) == (0, b"closed")


def test_a_second_interrupt_ends_it_at_once() -> None:
    script = "with cancel_on_interrupt():\n    print('here', flush=True)\n    while True: pass"
    process = start(script)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    while process.poll() is None and time.monotonic() - began < 2:
        process.send_signal(signal.SIGINT)
        os.sched_yield()
    assert end(process)[0] == 128 + signal.SIGINT


def test_afterwards_signals_are_as_they_were() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]
    with termination.watching():
        assert termination.is_watching()
    assert not termination.is_watching()
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)] == before
