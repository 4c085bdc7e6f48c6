"""Run a command and see how long it takes and how much memory its processes hold."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.05
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Measured:
    """What a command did. `peak_mb` is the most that all its processes held at once.

    It is the greater of two figures: the sum of the resident sets of the whole process
    tree, sampled every 50 ms (pages that two processes share count twice), and the
    kernel's own peak of the first process (VmHWM, which only the last 50 ms can exceed;
    `ru_maxrss` would count what our own process held when it forked). MB are 10^6 bytes.
    """

    returncode: int
    wall_s: float
    peak_mb: float
    output: str


def run_measured(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 1800,
) -> Measured:
    """Run `command` to its end; it learns its start from `BENCH_STARTED`.

    Raises `TimeoutError` (the whole process group is killed).
    """
    with tempfile.TemporaryFile() as sink:
        started = time.monotonic()
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env={**os.environ, **(env or {}), "BENCH_STARTED": repr(started)},
            start_new_session=True,
        )
        status, peak = _watch(process.pid, started + timeout)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        sink.seek(0)
        output = sink.read().decode("utf-8", "replace")
    return Measured(process.returncode, wall, peak / 1e6, output)


def _watch(pid: int, deadline: float) -> tuple[int, int]:
    """Wait for `pid`: (wait status, peak bytes)."""
    peak = 0
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status, peak
        if time.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise TimeoutError(f"process {pid} did not end in time")
        peak = max(peak, tree_bytes(pid), high_water(pid))
        time.sleep(SAMPLE_SECONDS)


def high_water(pid: int) -> int:
    """Peak resident set of a process since it began its program, in bytes; 0 if it ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def tree_bytes(root: int) -> int:
    """Sum of the resident sets of `root` and all its descendants, in bytes."""
    parents: dict[int, int] = {}
    resident: dict[int, int] = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            stat = Path(entry.path, "stat").read_bytes()
        except OSError:  # it ended in the meantime
            continue
        # The name in brackets may hold anything, also brackets: split after the last one.
        fields = stat[stat.rindex(b")") + 2 :].split()
        parents[int(entry.name)] = int(fields[1])
        resident[int(entry.name)] = int(fields[21]) * _PAGE
    return sum(size for pid, size in resident.items() if _descends(pid, root, parents))


def _descends(pid: int, root: int, parents: Mapping[int, int]) -> bool:
    while pid and pid != root:
        pid = parents.get(pid, 0)
    return pid == root
