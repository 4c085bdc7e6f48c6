"""Which network system calls `assistant add`, `ask` and the exports make: only socketpair.

    python -m tests.bench.bench_strace [--json FILE]

The locked command line is run under `strace -f -e trace=network` in a fresh data folder (the
installed models are linked into it, the tuned adapter is in use), on the sample library. A
`socketpair` joins two ends inside one process and can't leave it.

Each process tries its own lock at its start (`assistant/lockdown/self_test.py`): these calls are
denied by the kernel and stand in the trace with EACCES, or end a child with SIGSYS. They are
counted apart, and each command must have just those that a command makes that does nothing.
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
from dataclasses import asdict, dataclass
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
# What the lock answers. A call that ended its process with SIGSYS was not carried out either.
_DENIED = re.compile(r"= -1 (?:EACCES|EPERM|ENOSYS) \([^()]*\)$")
_RESUMED = re.compile(r"^(?P<pid>\d+)\s+<\.\.\. (?P<name>[a-z][a-z0-9_]*) resumed>")
# For a call that the kernel ended the process for, strace shows its number as the result:
# those of `socket` and `socketcall` on i386, and any of x32.
_NOT_MADE = re.compile(r"= (?:102|359|1073741\d{3})$")
_MESSAGES = frozenset({"sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg"})
_MANAGING = frozenset({"shutdown", "getsockname", "getpeername", "getsockopt", "setsockopt"})
_ON_A_PAIR = _MESSAGES | _MANAGING
# io_uring can open a socket without any network call that strace would list.
_TRACED = "trace=network,io_uring_setup"


@dataclass(frozen=True)
class Calls:
    """The network calls of a trace by name: those carried out, those denied by the lock, and
    the lines of the former."""

    made: dict[str, int]
    denied: dict[str, int]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Traced:
    """What one command did: its exit status, output, and network calls."""

    returncode: int
    output: str
    network: Calls

    @property
    def forbidden(self) -> dict[str, int]:
        """Calls other than `socketpair`, except those on the ends of a socket pair.

        Where no `socket`, `accept` or `connect` was carried out, sends and receives have
        nothing but pairs to go over.
        """
        calls = self.network.made
        made = {n: c for n, c in calls.items() if n not in ALLOWED | _ON_A_PAIR}
        if made or "socketpair" in calls:
            return made
        return dict(calls)


def parse_trace(text: str) -> Calls:
    """Sort the calls in the output of `strace -f -o` into those made and those denied.

    Raises `ValueError` for a line that is not understood: nothing is passed over in
    silence, or a new form of line could hide a call.
    """
    reader = _Reader()
    for line in text.splitlines():
        if line.strip():
            reader.read(line)
    return reader.calls()


class _Reader:
    """What was read of a trace so far."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str]] = []  # (name, line) of each call, in their order
        self._latest: dict[str, int] = {}  # the last call of each process
        self._denied: set[int] = set()
        self._dying: dict[str, str] = {}

    def read(self, line: str) -> None:
        """Read one line. Raises `ValueError` if it is not understood."""
        if (call := _CALL.match(line)) and call["pid"] not in self._dying:
            self._latest[call["pid"]] = len(self._found)
            self._found.append((call["name"], line))
            if _DENIED.search(line):
                self._denied.add(len(self._found) - 1)
        elif ended := _ENDED.match(line):
            self._dying.pop(ended["pid"], None)
            if " killed by SIGSYS" in line:
                self._killed(ended["pid"])
        elif breath := _LAST_BREATH.match(line):
            self._dying[breath["pid"]] = line
        elif not _NO_CALL.match(line):
            raise ValueError(f"a line of strace's output is not understood: {line!r}")
        elif (end := _RESUMED.match(line)) and _DENIED.search(line):
            self._denied.add(self._latest[end["pid"]])

    def _killed(self, process: str) -> None:
        """A process was killed for a call: if for its last one here, that was not made."""
        last = self._latest.get(process)
        if last is not None and _NOT_MADE.search(self._found[last][1]):
            self._denied.add(last)

    def calls(self) -> Calls:
        """Return what was read. Raises `ValueError` if the trace ends in the middle."""
        if self._dying:
            raise ValueError(f"lines of strace's output are not understood: {self._dying}")
        made = [call for index, call in enumerate(self._found) if index not in self._denied]
        return Calls(
            dict(collections.Counter(name for name, _ in made)),
            dict(collections.Counter(self._found[index][0] for index in self._denied)),
            tuple(line for _, line in made),
        )


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
        network = parse_trace(log.read_text(encoding="utf-8", errors="replace"))
    return Traced(done.returncode, done.stdout + done.stderr, network)


def fresh_data_dir(folder: Path, models: Path) -> Path:
    """Make an empty data folder that has the models of the folder `models` (as a link)."""
    target = folder / "data"
    target.mkdir(exist_ok=True)
    (target / "models").symlink_to(models, target_is_directory=True)
    return target


def journey_environment(data_dir: Path) -> dict[str, str]:
    """Return what the program needs to know: its data folder, and a passphrase in a file."""
    secret = data_dir / "passphrase"
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write("six words for a short test\n")
    return {"ASSISTANT_DATA_DIR": str(data_dir), "ASSISTANT_PASSPHRASE_FILE": str(secret)}


def journey_commands(data_dir: Path) -> dict[str, list[str]]:
    """Return the commands of the journey. "docs" on no library does next to nothing.

    The reader answers by itself, so llama.cpp is only loaded where it is asked for.
    """
    program = [sys.executable, "-m", "assistant"]
    return {
        "docs": [*program, "docs"],
        "add": [*program, "add", *map(str, sample_paths())],
        "ask": [*program, "ask", SAMPLE_QUESTION],
        "ask --reading together": [*program, "ask", SAMPLE_QUESTION, "--reading", "together"],
        "export": [*program, "docs", "--json"],
        "audit export": [*program, "audit", "export", str(data_dir / "exported.audit")],
    }


def trace_journey(data_dir: Path) -> dict[str, Traced]:
    """Trace adding the sample library, asking one question, and the exports."""
    environment = journey_environment(data_dir)
    commands = journey_commands(data_dir)
    return {name: trace_command(command, environment) for name, command in commands.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description="Network system calls of the journey.")
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
        traced = trace_journey(fresh_data_dir(Path(folder), options.models))
    figures = []
    for name, run in traced.items():
        if run.returncode != 0:
            print(run.output, file=sys.stderr)
            return 1
        count = sum(run.forbidden.values())
        calls = sorted(run.network.made.items())
        note = ", ".join(f"{n} {c}" for n, c in calls) or "no network call"
        title = f"`assistant {name}`: network calls other than socketpair"
        figures.append(Figure(title, count, "calls", "= 0", count == 0, note))
    details = {name: asdict(run.network) for name, run in traced.items()}
    publish("system calls", figures, details, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
