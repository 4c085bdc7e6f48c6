"""Starting a process by fork, killing it with all that it started, and knowing where it was."""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)
_ORPHANS_SECONDS = 20.0

_phase = mmap.mmap(-1, mmap.PAGESIZE)
_names: list[str] = ["before the lock"]


def adopt_orphans() -> None:
    """Become the parent of what killed children leave, so that none can go unseen."""
    if ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def mark(owner: Any, name: str, phase: str) -> None:
    """Note in shared memory that a call of `owner.name` is under way, and change nothing else."""
    if phase not in _names:
        _names.append(phase)
    number, real = _names.index(phase), getattr(owner, name)

    @functools.wraps(real)
    def noted(*arguments: Any, **options: Any) -> Any:
        before, _phase[0] = _phase[0], number
        try:
            return real(*arguments, **options)
        finally:
            _phase[0] = before

    setattr(owner, name, noted)


def mark_from(owner: Any, name: str, phase: str) -> None:
    """Note that `owner.name` was called: for what goes on until something else begins."""
    if phase not in _names:
        _names.append(phase)
    number, real = _names.index(phase), getattr(owner, name)

    @functools.wraps(real)
    def noted(*arguments: Any, **options: Any) -> Any:
        _phase[0] = number
        return real(*arguments, **options)

    setattr(owner, name, noted)


def where() -> str:
    """Return the phase that the last child was in."""
    return _names[_phase[0]]


def start(action: Callable[[], object]) -> int:
    """Run `action` in a fork that leads a session of its own; return its process id.

    It ends with the status that `SystemExit` carries, else 0; nothing is tidied up.
    """
    _phase[0] = 0
    child = os.fork()
    if child:
        return child
    os.setsid()
    status = 1
    try:
        action()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    finally:
        os._exit(status)


def ended_within(child: int, seconds: float) -> bool:
    """Wait for a child so long; tell whether it ended by itself."""
    descriptor = os.pidfd_open(child)
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def kill(child: int, *, tree: bool) -> None:
    """Kill a process, with `tree` all that it started as well, whatever group they are in.

    Without it they are left alone, as after a kill from outside, and must end by themselves.
    """
    for process in [child, *(_descendants(child) if tree else ())]:
        _signal(process, signal.SIGKILL)


def reap(child: int) -> int:
    """Return a child's status, once it and all that it left behind have ended.

    Raises `AssertionError` if something it left lives on.
    """
    _, status = os.waitpid(child, 0)
    deadline = time.monotonic() + _ORPHANS_SECONDS
    while True:
        try:
            found, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if found == 0:
            assert time.monotonic() < deadline, "a process outlived the one that started it"
            select.select([], [], [], 0.002)


def _descendants(process: int) -> list[int]:
    found: list[int] = []
    try:
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *_descendants(int(child))]
    except OSError:
        return found
    return found


def _signal(process: int, number: int) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return
