"""`assistant sync`: what it says, its JSON, watching, pausing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import DocumentError
from assistant.types import (
    CancelToken,
    DocumentMoved,
    FileGone,
    FilesFound,
    FilesKept,
    IngestEvent,
    NamesAlike,
    RunProgress,
    SyncRules,
)
from tests.fakes.workspace import FakeWorkspace
from tests.store.material import ROOT
from tests.unit.cli.test_commands import fake, parsed, run


def test_a_sync_says_what_it_did(tmp_path: Path) -> None:
    workspace = fake()
    record, other = workspace.documents()[:2]
    error = DocumentError("'/media/stick' does not exist.", hint="Check the name.")
    script = [
        FilesFound(4),
        DocumentMoved(record, "/old/place.txt"),
        NamesAlike((Path("A.txt"), Path("a.txt"))),
        RunProgress(1, 5, 10, 2.5, 2.0),
        FileGone(Path("/gone/b.txt"), other, "2026-12-08T05:00:00+00:00"),
        FileGone(Path("/gone/c.txt"), other, "2026-12-01T05:00:00+00:00", forgotten=True),
        FilesKept(Path("/media/stick"), 3, error),
    ]
    result = run(fake(ingests=[script]), "sync", str(tmp_path), "--json")
    assert result.exit_code == 1  # a folder could not be looked at
    report = parsed(result, "sync")
    assert [m["before"] for m in report["moved"]] == ["/old/place.txt"]
    assert [(g["id"], g["forgotten"]) for g in report["gone"]] == [
        (other.id, False), (other.id, True)
    ]  # fmt: skip
    assert [(k["files"], k["error"]["hint"]) for k in report["kept"]] == [(3, "Check the name.")]
    assert report["names_alike"] == [["A.txt", "a.txt"]]
    shown = run(fake(ingests=[script]), "sync", str(tmp_path))
    assert "1 moved, 1 forgotten, 1 gone but kept for now" in shown.stdout
    assert "to be forgotten on 2026-12-08" in shown.stderr
    assert "/media/stick' does not exist" in shown.stderr


def test_the_options_reach_the_workspace(tmp_path: Path) -> None:
    workspace = fake()
    assert run(workspace, "sync", str(tmp_path)).exit_code == 0
    assert workspace.synced == SyncRules()
    options = ("--grace", "0.5", "--full", "--emptied")
    workspace = fake()
    assert run(workspace, "sync", str(tmp_path), *options).exit_code == 0
    assert workspace.synced == SyncRules(43200.0, full=True, emptied=True)
    assert workspace.added == [tmp_path]


def test_what_can_not_be_synced_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A.")
    workspace = fake()
    assert run(workspace, "sync", str(tmp_path / "a.txt")).exit_code == 2
    assert run(workspace, "sync").exit_code == 2
    assert run(workspace, "sync", str(tmp_path), "--grace", "-1").exit_code == 2
    assert run(workspace, "sync", str(tmp_path), "--watch", "--json").exit_code == 2
    assert workspace.added == []


def test_adding_says_whose_files_are_gone() -> None:
    record = fake().documents()[0]
    script = [FilesFound(1), FileGone(Path("/old.txt"), record)]
    assert "assistant sync" in run(fake(ingests=[script]), "add", "folder").stderr
    report = parsed(run(fake(ingests=[script]), "add", "folder", "--json"), "add")
    assert [(g["id"], g["due"]) for g in report["gone"]] == [(record.id, "")]


class _Watched(FakeWorkspace):
    """Notes when it is synced, and lets the test change the folder then."""

    def __init__(self, folder: Path) -> None:
        super().__init__(forbidden=-1)
        self.folder, self.rounds = folder, 0

    def add(  # type: ignore[override]
        self, paths: list[Path], cancel: CancelToken | None = None, **options: object
    ) -> Iterator[IngestEvent]:
        del options
        self.rounds += 1
        if self.rounds < 3:
            (self.folder / f"{self.rounds}.txt").write_text("New.")
        else:
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        yield from super().add(paths, cancel)


def test_watching_syncs_when_something_has_changed_and_only_then(tmp_path: Path) -> None:
    workspace = _Watched(tmp_path)
    result = run(workspace, "sync", str(tmp_path), "--watch", "--every", "0.1")
    assert result.exit_code == 0
    assert workspace.rounds == 3
    assert "No longer watched" in result.stderr
    assert workspace.closed


@pytest.mark.skipif(os.name != "posix", reason="job control of POSIX shells")
def test_control_z_pauses_between_two_steps() -> None:
    program = (
        "from assistant.console.interrupt import pausing\n"
        "import time\n"
        "with pausing() as pause:\n"
        "    print('step', flush=True)\n"
        "    end = time.monotonic() + 0.5\n"
        "    while time.monotonic() < end: pass\n"
        "    print('safe', flush=True)\n"
        "    pause()\n"
        "    print('on', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "step\n"
        child.send_signal(signal.SIGTSTP)
        assert child.stdout.readline() == "safe\n"  # not stopped in the middle
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        time.sleep(0.1)
        child.send_signal(signal.SIGCONT)
        assert child.stdout.readline() == "on\n"
    assert child.returncode == 0
