"""The child in which a model is tried: how it fails, hangs and is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from assistant.errors import Cancelled, EngineError
from assistant.models.trial_process import Limits, run_probe
from assistant.types import CancelToken


def test_a_child_that_fails_gives_a_reason(tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        run_probe(["load"], Limits(memory=8 << 30, seconds=20))
    found = run_probe(["load", str(tmp_path / "absent")], Limits(memory=8 << 30, seconds=20))
    assert "absent" in found["error"]
    with pytest.raises(EngineError):
        run_probe(["features"], Limits(memory=16 << 20, seconds=20))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe that has a name")
def test_a_child_that_hangs_is_stopped_at_once_on_cancel(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # opening it to read waits for ever
    cancel = CancelToken()
    timer = threading.Timer(1.0, cancel.cancel)
    started = time.monotonic()
    timer.start()
    with pytest.raises(Cancelled):
        run_probe(["load", str(pipe)], Limits(memory=8 << 30, seconds=20), cancel)
    assert time.monotonic() - started < 10
    with pytest.raises(Cancelled):
        run_probe(["load", str(pipe)], Limits(memory=8 << 30, seconds=20), cancel)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe that has a name")
def test_an_interrupt_of_the_whole_group_is_no_damaged_model(tmp_path: Path) -> None:
    """Ctrl-C in a terminal is sent to the child too; the parent alone shall act on it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    code = (
        "import signal, sys; from pathlib import Path; "
        "from assistant.models.model_install import probe_model; "
        "from assistant.errors import AssistantError; from assistant.types import CancelToken\n"
        "cancel = CancelToken()\n"
        "signal.signal(signal.SIGINT, lambda *_: cancel.cancel())\n"
        "print('ready', flush=True)\n"
        "try: probe_model(Path(sys.argv[1]), Path('shown.gguf'), cancel)\n"
        "except AssistantError as error: print(error.code, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(pipe)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=Path(__file__).parents[3],
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        time.sleep(1.0)
        os.killpg(parent.pid, signal.SIGINT)
        said, _ = parent.communicate(timeout=20)
    assert said == "cancelled\n"
