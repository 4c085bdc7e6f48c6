"""A merge that runs out of disk, is killed or cancelled: nothing that was there is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import Cancelled
from assistant.types import CancelToken
from convert.merge import run_merge
from tests.convert.export_data import small_adapter

adapter = small_adapter

_FULL_DISK = """
import resource, sys
from pathlib import Path
from convert.merge import run_merge
from assistant.errors import ModelError
resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    run_merge(*map(Path, sys.argv[1:]))
except ModelError as error:
    print(error.title, "|", error.message, "|", error.hint)
"""


def test_a_disk_that_fills_up_says_what_is_needed_and_loses_nothing(
    tiny_base: Path, adapter: Path, tmp_path: Path
) -> None:
    """A file-size limit stands for the full disk: the same failing write, inside safetensors."""
    out = tmp_path / "models" / "merged"
    run_merge(tiny_base, adapter, out)
    before = (out / "model.safetensors").read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(tiny_base), str(adapter), str(out)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert "The disk is full | There is no room in" in done.stdout
    assert "10 MiB are needed" in done.stdout
    assert [p.name for p in out.parent.iterdir()] == ["merged"]
    assert (out / "model.safetensors").read_bytes() == before


def test_killed_or_cancelled_mid_way_leaves_the_older_model(
    tiny_base: Path, adapter: Path, tmp_path: Path
) -> None:
    out = tmp_path / "models" / "merged"
    run_merge(tiny_base, adapter, out)
    before = (out / "step.json").read_bytes()
    left = out.parent / ".merged.incoming-999999999-x"  # what a killed process leaves behind
    left.mkdir()
    cancel = CancelToken()

    def stop(what: str, done: int, total: int) -> None:
        if done == 3:
            cancel.cancel()

    with pytest.raises(Cancelled):
        run_merge(tiny_base, adapter, out, progress=stop, cancel=cancel)
    assert [p.name for p in out.parent.iterdir()] == ["merged"]
    assert (out / "step.json").read_bytes() == before
    out.rename(out.with_name(".merged.previous"))  # killed between the two renames
    assert run_merge(tiny_base, adapter, out).folder == out
    assert [p.name for p in out.parent.iterdir()] == ["merged"]
