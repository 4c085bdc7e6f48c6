"""The child that tries a model: what it can still do once it is confined, which is to read it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import assistant

SCRIPT = """
import json, os, socket, subprocess, sys
from pathlib import Path
from assistant.engine import model_trial as probe

model, other = Path(sys.argv[1]), Path(sys.argv[2])
ways = {
    "reads the model": lambda: model.read_bytes(),
    "reads another file": lambda: other.read_bytes(),
    "writes": lambda: other.with_name("new").write_text("x"),
    "writes the model": lambda: model.open("r+b").close(),
    "opens a socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
    "opens a local socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).close(),
    "starts a program": lambda: subprocess.run(["/bin/true"], check=True),
    "removes": lambda: other.unlink(),
}
if sys.argv[3] == "confined":
    probe.confine(4 << 30, 60, (model,))
found = {}
for name, way in ways.items():
    try:
        way()
        found[name] = True
    except (OSError, subprocess.SubprocessError):
        found[name] = False
json.dump(found, sys.stdout)
"""


def run(tmp_path: Path, how: str) -> dict[str, bool]:
    model, other = tmp_path / "model.gguf", tmp_path / "other.txt"
    model.write_bytes(b"GGUF")
    other.write_text("secret")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(model), str(other), how],
        cwd=Path(assistant.__path__[0]).parent,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    found: dict[str, bool] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="other platforms have other means")
def test_a_confined_child_can_read_its_model_and_nothing_else(tmp_path: Path) -> None:
    assert all(run(tmp_path, "free").values()), "the ways do not work even without the lock"
    allowed = {name for name, worked in run(tmp_path, "confined").items() if worked}
    assert allowed == {"reads the model"}
