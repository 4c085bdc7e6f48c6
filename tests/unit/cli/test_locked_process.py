"""The lock of a real process: what it may not do, and how that is said."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from assistant import lockdown
from assistant.cli.doctor import command
from assistant.console.json_output import plain

ROOT = Path(__file__).parents[3]
linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel tier is Linux's")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("TMPDIR", "SQLITE_TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)


INSIDE = """
import atexit, json, socket, sys
from assistant import lockdown
from assistant.cli import documents as library
from assistant.cli.main import main

def look():
    report = lockdown.current()
    try:
        socket.socket().close()
        made = "made"
    except PermissionError:
        made = "denied"
    print(json.dumps([report and report.tier, made]), file=sys.stderr)

atexit.register(look)
main()
"""


def run_main(arguments: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-c", INSIDE, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        **options,
    )


@linux
@pytest.mark.parametrize("command", [["docs"], ["models", "list"], ["bundle", "keys", "list"]])
def test_the_real_command_is_locked(tmp_path: Path, command: list[str]) -> None:
    done = run_main([*command, "--data-dir", str(tmp_path / "data")])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stderr.splitlines()[-1]) == ["kernel", "denied"]


@linux
@pytest.mark.parametrize("folder", ["/", "home"])
def test_a_data_folder_that_holds_everything_is_refused(tmp_path: Path, folder: str) -> None:
    done = run_main(["docs", "--data-dir", str(tmp_path / folder)])
    assert done.returncode == 2
    assert "can't be" in done.stderr


@linux
def test_an_inherited_connection_is_closed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = f"import os; print(os.path.exists('/proc/self/fd/{server.fileno()}'))"
        control = subprocess.run(
            [sys.executable, "-c", held],
            pass_fds=[server.fileno()],
            capture_output=True,
            text=True,
            check=True,
        )
        assert control.stdout.strip() == "True"
        code = INSIDE.replace("def look():", f"def look():\n    {held}")
        done = subprocess.run(
            [sys.executable, "-c", code, "docs", "--data-dir", str(tmp_path / "data")],
            pass_fds=[server.fileno()],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "False"


@linux
def test_a_connection_as_standard_input_is_refused_with_its_own_exit_code(
    tmp_path: Path,
) -> None:
    line = ["docs", "--data-dir", str(tmp_path / "data")]
    with socket.create_server(("127.0.0.1", 0)) as server:
        refused = run_main([*line, "--json"], stdin=server.fileno())
        accepted = run_main([*line, "--allow-degraded", "i accept"], stdin=server.fileno())
    assert refused.returncode == 9
    error = json.loads(refused.stdout)["error"]
    assert error["code"] == "lockdown"
    assert "connections as standard streams" in error["message"]
    assert "i accept" in error["hint"]
    assert accepted.returncode == 0
    assert "Not fully locked down" in accepted.stderr
    assert "connections as standard streams" in accepted.stderr
    assert json.loads(accepted.stderr.splitlines()[-1]) == ["reduced", "denied"]


@linux
def test_a_file_outside_is_said_to_lie_outside(tmp_path: Path) -> None:
    """`os.access` does not ask Landlock: that tells our refusal from the file's own mode."""
    (tmp_path / "note.txt").write_text("text")
    code = (
        "from pathlib import Path\n"
        "from assistant.documents.file_reader import read_document\n"
        "from assistant import lockdown\n"
        "lockdown.close_inherited()\n"
        "lockdown.engage(lockdown.Policy())\n"
        f"read_document(Path({str(tmp_path / 'note.txt')!r}), 1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert "lies outside the folders" in done.stderr


def test_doctor_says_what_is_enforced_and_what_is_not() -> None:
    off = lockdown.Facility("files", "absent", "this kernel offers no Landlock")
    calls = lockdown.Facility("system calls", "on", "seccomp")
    report = lockdown.LockdownReport("Linux 5.4 x86_64", "reduced", (calls, off), ("a leak",), 70)
    found = command.lockdown_finding(report)
    assert found.status == "warn"
    for words in ("tier 'reduced'", "files (absent)", "70 probes, 1 got through"):
        assert words in found.detail
    assert "got through: a leak" in found.detail
    document = plain(command.lockdown_json(report))
    assert document["degraded"]
    assert document["engaged"]
    assert document["failed"] == ["a leak"]
    assert [f["state"] for f in document["facilities"]] == ["on", "absent"]

    held = lockdown.LockdownReport("Linux", "kernel", (calls,))
    assert command.lockdown_finding(held).status == "ok"
    assert lockdown.current() is None
    assert "probes" not in command.lockdown_finding(None).detail
    assert not command.lockdown_json(None).engaged
