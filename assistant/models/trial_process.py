"""Run a piece of the engine in a limited child process, so that a crash is only a result."""

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
from assistant.types import CancelToken

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "from assistant.engine.model_trial import main; main(sys.argv[1:])"
)
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use: address space in bytes, processor and wall time in seconds."""

    memory: int
    seconds: int


def run_probe(
    arguments: list[str], limits: Limits, cancel: CancelToken | None = None
) -> dict[str, Any]:
    """Run `assistant.engine.model_trial` with `arguments`; return the object that it printed.

    Raises `EngineError` with the reason when it crashes, takes too long or says nothing,
    `Cancelled` as soon as `cancel` is set; the child is gone whichever way this ends.
    """
    cancel = cancel or CancelToken()
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
    status, output, said = _run(command, limits.seconds * 2, cancel)
    # Before the status is looked at: a child that we killed is not a model that crashed.
    cancel.raise_if_cancelled()
    if status != 0:
        raise EngineError(_reason(status, said))
    try:
        result = json.loads(output)
    except ValueError as error:
        raise EngineError("it gave no result") from error
    if not isinstance(result, dict):
        raise EngineError("it gave no result")
    return result


def _run(command: list[str], seconds: int, cancel: CancelToken) -> tuple[int, bytes, bytes]:
    """Run a process until it ends or is cancelled; return status, stdout and stderr."""
    cancel.raise_if_cancelled()
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={k: v for k, v in os.environ.items() if k in _KEPT_VARIABLES},
            # Ctrl-C goes to the whole group of the terminal; it is for the parent to act on.
            start_new_session=True,
        )
    except OSError as error:
        raise EngineError(f"no process could be started: {error}") from error
    with process:
        try:
            with cancel.calling(process.kill):
                output, said = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise EngineError(f"it took longer than {seconds} seconds") from None
        finally:
            process.kill()  # does nothing to a process that has ended
    return process.returncode, output, said


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
