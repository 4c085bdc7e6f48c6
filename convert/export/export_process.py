"""Child processes of the export: the converter's scripts, and llama.cpp itself.

Both may crash, take all memory or be given up half way; as children they take nothing with
them. They get no more of the environment than they need, and the switches that forbid
libraries to ask a hub.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

from assistant.errors import EngineError
from assistant.types import CancelToken

_KEPT_VARIABLES = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT",
    "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES",
)  # fmt: skip
_OFFLINE_SWITCHES = (
    "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE",
    "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK",
)  # fmt: skip
_SCRIPT = (
    "import runpy, sys; folder, script = sys.argv[1:3]; del sys.argv[1:3]; "
    "sys.path[:0] = [folder, folder + '/gguf-py']; sys.argv[0] = script; "
    "runpy.run_path(folder + '/' + script, run_name='__main__')"
)
_TASK = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "from convert.export.export_worker import main; main(sys.argv[1:])"
)
_LINE_END = re.compile(rb"[\r\n]")
_KEPT_LINES = 60
_LONGEST_LINE = 1 << 16


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """How a child ended: its status and the last lines that it wrote to stderr."""

    status: int
    lines: tuple[str, ...]

    def reason(self) -> str:
        """Say in words why it failed."""
        if self.status < 0:
            with suppress(ValueError):
                return f"it crashed ({signal.Signals(-self.status).name})"
        telling = [line for line in self.lines if line and not line.startswith("INFO")]
        said = telling[-1] if telling else f"it ended with status {self.status}"
        return said[:400]


def run_script(
    folder: Path,
    script: str,
    arguments: Sequence[str],
    on_line: Callable[[str], None],
    cancel: CancelToken,
) -> ProcessResult:
    """Run one of llama.cpp's scripts with this interpreter; `on_line` gets its messages.

    Nothing is written into the folder (-B). Raises `Cancelled`, `EngineError`.
    """
    command = [sys.executable, "-I", "-B", "-c", _SCRIPT, str(folder), script, *arguments]
    return _run(command, on_line, cancel)


def run_task(
    action: str,
    wanted: Mapping[str, Any],
    scratch: Path,
    cancel: CancelToken,
    on_line: Callable[[str], None] | None = None,
) -> Path:
    """Run an action of `convert.export.export_worker`; return the file in `scratch` for its result.

    Raises `EngineError` with the reason why it failed.
    """
    request, result = scratch / f"{action}.json", scratch / f"{action}.npz"
    request.write_text(json.dumps(wanted), encoding="utf-8")
    path = json.dumps([str(Path(entry).absolute()) for entry in sys.path])
    command = [sys.executable, "-I", "-c", _TASK, path, action, str(request), str(result)]
    ended = _run(command, on_line, cancel)
    if ended.status != 0:
        raise EngineError(ended.reason())
    return result


def _run(
    command: Sequence[str], on_line: Callable[[str], None] | None, cancel: CancelToken
) -> ProcessResult:
    cancel.raise_if_cancelled()
    kept = {name: value for name, value in os.environ.items() if name in _KEPT_VARIABLES}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**kept, **dict.fromkeys(_OFFLINE_SWITCHES, "1")},
            # Ctrl-C goes to the whole group of the terminal; it is for the parent to act on.
            start_new_session=True,
        )
    except OSError as error:
        raise EngineError(f"no process could be started: {error}") from error
    lines: deque[str] = deque(maxlen=_KEPT_LINES)
    with process:
        stream = cast("BufferedReader", process.stderr)
        reader = threading.Thread(target=_read, args=(stream, lines, on_line), daemon=True)
        reader.start()
        try:
            with cancel.calling(process.kill):
                process.wait()
                reader.join()
        finally:
            process.kill()  # does nothing to a process that has ended
    cancel.raise_if_cancelled()
    return ProcessResult(process.returncode, tuple(lines))


def _read(
    stream: BufferedReader,
    lines: deque[str],
    on_line: Callable[[str], None] | None,
) -> None:
    """Take the child's lines as they come; a progress bar's end with a carriage return."""
    rest = b""
    while block := stream.read1(4096):
        *whole, rest = _LINE_END.split(rest + block)
        rest = rest[-_LONGEST_LINE:]
        for raw in whole:
            line = raw.decode("utf-8", "replace").strip()
            if line:
                lines.append(line)
                if on_line is not None:
                    on_line(line)
    if rest.strip():
        lines.append(rest.decode("utf-8", "replace").strip())
