"""Which network system calls `assistant add` and `assistant ask` make: none but socketpair.

    python -m tests.bench.bench_strace [--json FILE]

The command line is run under `strace -f -e trace=network` in a fresh data folder (the
installed models are linked into it), on the sample library. A `socketpair` joins two ends
inside one process and can't leave it.
"""

from __future__ import annotations

import argparse
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.sample_library import SAMPLE_QUESTION, sample_paths
from tests.bench.report import EXIT_SKIPPED, ROOT, Figure, add_json_option, models_folder, publish

ALLOWED = frozenset({"socketpair"})
# `strace -f -o` begins each line with the process id. A call that another process
# interrupts is written in two halves; the first has the name and the arguments.
_CALL = re.compile(r"^(?P<pid>\d+)\s+(?P<name>[a-z][a-z0-9_]*)\(")
_ENDED = re.compile(r"^(?P<pid>\d+)\s+\+\+\+ ")
_NO_CALL = re.compile(r"^\d+\s+(?:<\.\.\. |--- )")
# A process that was killed on its way into a call, before strace could see into which.
_LAST_BREATH = re.compile(r"^(?P<pid>\d+)\s+\?\?\?\(")
_MESSAGES = frozenset({"sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg"})
_MANAGING = frozenset({"shutdown", "getsockname", "getpeername", "getsockopt", "setsockopt"})
_ON_A_PAIR = _MESSAGES | _MANAGING
# io_uring can open a socket without any network call that strace would list.
_TRACED = "trace=network,io_uring_setup"


@dataclass(frozen=True)
class Traced:
    """What one command did: its exit status, output, and network calls by name."""

    returncode: int
    output: str
    calls: dict[str, int]
    lines: tuple[str, ...]

    @property
    def forbidden(self) -> dict[str, int]:
        """Calls other than `socketpair`, except those on the ends of a socket pair.

        Where no `socket`, `accept` or `connect` occurred, sends and receives have nothing
        but pairs to go over.
        """
        made = {n: c for n, c in self.calls.items() if n not in ALLOWED | _ON_A_PAIR}
        if made or "socketpair" in self.calls:
            return made
        return dict(self.calls)


def parse_trace(text: str) -> tuple[dict[str, int], tuple[str, ...]]:
    """Count the calls in the output of `strace -f -o`: ({name: count}, the call lines).

    Raises `ValueError` for a line that is not understood: nothing is passed over in
    silence, or a new form of line could hide a call.
    """
    calls: collections.Counter[str] = collections.Counter()
    lines = []
    dying: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip() or _NO_CALL.match(line):
            continue
        if ended := _ENDED.match(line):
            dying.pop(ended["pid"], None)
        elif breath := _LAST_BREATH.match(line):
            dying[breath["pid"]] = line
        elif (call := _CALL.match(line)) and call["pid"] not in dying:
            calls[call["name"]] += 1
            lines.append(line)
        else:
            raise ValueError(f"a line of strace's output is not understood: {line!r}")
    if dying:
        raise ValueError(f"lines of strace's output are not understood: {dying}")
    return dict(calls), tuple(lines)


def strace_works() -> bool:
    """Whether strace is here and may trace (a container can forbid it)."""
    if shutil.which("strace") is None:
        return False
    probe = ["strace", "-f", "-e", _TRACED, "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def trace_command(
    traced: list[str], env: Mapping[str, str] | None = None, timeout: float = 600
) -> Traced:
    """Run a command and all that it starts under strace, and count its network calls."""
    # What quiets a library must be the program's own doing, not the caller's environment.
    inherited = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    with tempfile.TemporaryDirectory(prefix="strace-") as folder:
        log = Path(folder) / "trace"
        command = ["strace", "-f", "-q", "-e", _TRACED, "-o", str(log)]
        done = subprocess.run(
            [*command, *traced],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env={**inherited, **(env or {})},
        )
        calls, lines = parse_trace(log.read_text(encoding="utf-8", errors="replace"))
    return Traced(done.returncode, done.stdout + done.stderr, calls, lines)


def fresh_data_dir(folder: Path, models: Path) -> Path:
    """Make an empty data folder that has the models of the folder `models` (as a link)."""
    target = folder / "data"
    target.mkdir(exist_ok=True)
    (target / "models").symlink_to(models, target_is_directory=True)
    return target


def trace_add_and_ask(data_dir: Path) -> dict[str, Traced]:
    """Trace adding the sample library and asking one question."""
    program = [sys.executable, "-m", "assistant"]
    env = {"ASSISTANT_DATA_DIR": str(data_dir)}
    return {
        "add": trace_command([*program, "add", *map(str, sample_paths())], env),
        "ask": trace_command([*program, "ask", SAMPLE_QUESTION], env),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Network system calls of add and ask.")
    parser.add_argument("--models", type=Path, default=models_folder())
    add_json_option(parser)
    options = parser.parse_args()
    if not strace_works():
        print("skipped: strace is not installed, or may not trace here")
        return EXIT_SKIPPED
    if not options.models.is_dir():
        print(f"skipped: no models in {options.models}: run `make models`")
        return EXIT_SKIPPED
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        traced = trace_add_and_ask(fresh_data_dir(Path(folder), options.models))
    figures = []
    for name, run in traced.items():
        if run.returncode != 0:
            print(run.output, file=sys.stderr)
            return 1
        count = sum(run.forbidden.values())
        note = ", ".join(f"{n} {c}" for n, c in sorted(run.calls.items())) or "no network call"
        title = f"`assistant {name}`: network calls other than socketpair"
        figures.append(Figure(title, count, "calls", "= 0", count == 0, note))
    details = {name: {"calls": run.calls, "lines": run.lines} for name, run in traced.items()}
    publish("system calls", figures, details, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
