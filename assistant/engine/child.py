"""Run a piece of the engine in a child process with limits, where a crash is an answer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import EngineError

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "from assistant.engine.probe import main; main(sys.argv[1:])"
)
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use: address space in bytes, processor and wall time in seconds."""

    memory: int
    seconds: int


def run_probe(arguments: list[str], limits: Limits) -> dict[str, Any]:
    """Run `assistant.engine.probe` with `arguments`; return the object that it printed.

    Raises `EngineError` with the reason when it crashes, takes too long or says nothing.
    """
    command = [
        sys.executable,
        "-I",
        "-c",
        _BOOT,
        json.dumps([str(Path(entry).absolute()) for entry in sys.path]),
        str(limits.memory),
        str(limits.seconds),
        *arguments,
    ]
    environment = {k: v for k, v in os.environ.items() if k in _KEPT_VARIABLES}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=limits.seconds * 2,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EngineError(f"it took longer than {limits.seconds * 2} seconds") from None
    except OSError as error:
        raise EngineError(f"no process could be started: {error}") from error
    if done.returncode != 0:
        raise EngineError(_reason(done.returncode, done.stderr))
    try:
        result = json.loads(done.stdout)
    except ValueError as error:
        raise EngineError("it gave no result") from error
    if not isinstance(result, dict):
        raise EngineError("it gave no result")
    return result


def _reason(status: int, stderr: bytes) -> str:
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").splitlines()]
    said = next((line for line in reversed(lines) if line), "")[:300]
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return f"it crashed ({name})" + (f": {said}" if said else "")
    return said or f"it ended with status {status}"
