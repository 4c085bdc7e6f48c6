"""What the lockdown costs at start-up: the same command with it and without it, in turn.

    python -m tests.bench.bench_lockdown [--rounds N] [--json FILE]

The real entry point locks itself down; the same command called as a function, which is what
unit tests do, is not locked. Nothing can switch the lock off from outside. Each round starts
both in a fresh process, so that what else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.report import ROOT, Figure, add_json_option, at_most, publish

LOCKED = "from assistant.cli.main import main; main()"
OPEN = "from assistant.cli.main import cli; cli(prog_name='assistant', standalone_mode=False)"
GOAL_MS = 100.0

Times = tuple[float, float]
"""Wall time and processor time of a run (with its children), in milliseconds."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--rounds", type=int, default=21, help="pairs of runs [default: 21]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        locked, unlocked = measure(Path(folder), options.rounds)
    figures = [
        _figure("start-up added by the lockdown", 0, locked, unlocked),
        _figure("processor time of it", 1, locked, unlocked),
    ]
    publish("lockdown", figures, {"locked_ms": locked, "open_ms": unlocked}, options.json)
    return 0


def _figure(name: str, which: int, locked: Sequence[Times], unlocked: Sequence[Times]) -> Figure:
    """Return the median of the differences of the pairs; `which`: 0 wall, 1 processor."""
    pairs = zip(locked, unlocked, strict=True)
    added = statistics.median(held[which] - free[which] for held, free in pairs)
    without = statistics.median(free[which] for free in unlocked)
    note = f"median of {len(locked)} pairs; {without:.0f} ms without"
    return at_most(f"`assistant docs`: {name}", added, GOAL_MS, "ms", note)


def measure(folder: Path, rounds: int) -> tuple[list[Times], list[Times]]:
    """Return the times of runs, locked and open, one pair for each round."""
    for code in (LOCKED, OPEN):
        run(code, folder)  # the first run makes the data folder and compiles modules
    pairs = []
    for number in range(rounds):
        order = (LOCKED, OPEN) if number % 2 else (OPEN, LOCKED)
        times = {code: run(code, folder) for code in order}
        pairs.append((times[LOCKED], times[OPEN]))
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def run(code: str, folder: Path) -> Times:
    """Run the command once."""
    command = [sys.executable, "-c", code, "docs", "--data-dir", str(folder)]
    before, started = os.times(), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    wall, after = time.perf_counter() - started, os.times()
    user = after.children_user - before.children_user
    return wall * 1000, (user + after.children_system - before.children_system) * 1000


if __name__ == "__main__":
    sys.exit(main())
