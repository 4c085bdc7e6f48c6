"""The audit log of the real command: killed, tampered with, put back, refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from assistant.sample_library import SAMPLE_QUESTION, sample_paths

pytestmark = pytest.mark.acceptance

SECRET = "Mrs Marker of ward three"


class Command:
    """Runs `assistant` on a data folder of its own; the library has a passphrase."""

    def __init__(self, folder: Path, models: Path) -> None:
        self.data_dir = folder / "data"
        self.data_dir.mkdir()
        (self.data_dir / "models").symlink_to(models, target_is_directory=True)
        passphrase = folder / "passphrase"
        passphrase.touch(mode=0o600)
        passphrase.write_text("six plain words for a test\n", encoding="utf-8")
        self.environment = {
            **os.environ,
            "ASSISTANT_DATA_DIR": str(self.data_dir),
            "ASSISTANT_PASSPHRASE_FILE": str(passphrase),
            "OMP_NUM_THREADS": "1",
        }

    def start(self, *arguments: str, **changes: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "assistant", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            env=self.environment | changes,
        )

    def __call__(self, *arguments: str, **changes: str) -> tuple[int, dict[str, Any]]:
        process = self.start(*arguments, "--json", **changes)
        out, err = process.communicate(timeout=300)
        assert "Traceback" not in err, err
        return process.returncode, json.loads(out)

    @property
    def log(self) -> Path:
        return self.data_dir / "library.audit"

    def actions(self) -> list[str]:
        _, shown = self("audit", "show")
        return [record["action"] for record in shown["records"]]


@pytest.fixture
def assistant(default_models: Path, tmp_path: Path) -> Command:
    command = Command(tmp_path, default_models)
    code, _ = command("add", *map(str, sample_paths()))
    assert code == 0
    return command


def test_a_day_of_work(assistant: Command, tmp_path: Path) -> None:
    assert assistant("ask", SAMPLE_QUESTION)[0] == 0
    assert assistant("search", SECRET)[0] == 0
    wrong = tmp_path / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_text("none of these words\n", encoding="utf-8")
    code, _ = assistant("docs", ASSISTANT_PASSPHRASE_FILE=str(wrong))
    assert code not in (0, 10)
    assert assistant("forget", "1", "--yes")[0] == 0
    actions = assistant.actions()
    for action in ("begin", "open", "add", "ingest", "ask", "shown", "cite", "search"):
        assert action in actions
    after = actions[actions.index("unlock-failed") :]
    assert after[:3] == ["unlock-failed", "sealed", "open"]
    content = assistant.log.read_text(encoding="ascii").lower()
    for text in ("marker", "warranty", "pumps", "contract", "guideline"):
        assert text not in content
    code, report = assistant("audit", "verify")
    assert (code, report["verdict"], report["findings"]) == (0, "ok", [])


def test_killed_while_documents_are_added(assistant: Command, tmp_path: Path) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    for number in range(60):
        text = f"Paper {number}. The supplier delivers item {number} in time. " * 40
        (papers / f"{number}.txt").write_text(text, encoding="utf-8")
    before = assistant.log.read_bytes().count(b"\n")
    process = assistant.start("add", str(papers))
    deadline = time.monotonic() + 120
    while assistant.log.read_bytes().count(b"\n") < before + 9:
        assert process.poll() is None
        assert time.monotonic() < deadline
    process.kill()
    process.wait()
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()
    code, report = assistant("audit", "verify")
    assert (code, report["verdict"]) == (1, "interrupted"), report
    code, listed = assistant("docs")
    assert code == 0
    acknowledged = len(sample_paths()) + 3  # every second record after "open" is an outcome
    assert len(listed["documents"]) >= acknowledged
    code, report = assistant("audit", "verify")
    assert (code, report["verdict"]) == (0, "ok"), report
    assert "recovered" in assistant.actions()


def last_changed_page(older: bytes, now: bytes) -> int:
    """The number of the last page that differs: far behind the one with the log's head."""
    pages = range(min(len(older), len(now)) // 8192, 0, -1)
    return next(
        n for n in pages if older[(n - 1) * 8192 : n * 8192] != now[(n - 1) * 8192 : n * 8192]
    )


def test_put_back_and_changed(assistant: Command, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    earlier = tmp_path / "earlier"
    shutil.copytree(assistant.data_dir, earlier, symlinks=True)
    assert assistant("search", "pump")[0] == 0
    code, export = assistant("audit", "export", str(stick))
    assert code == 0
    assert assistant("audit", "verify", "--against", export["path"])[0] == 0

    store = assistant.data_dir / "library.db"
    older = store.read_bytes()
    assert assistant("forget", "2", "--yes")[0] == 0
    now = bytearray(store.read_bytes())
    page = 8192 * (last_changed_page(older, bytes(now)) - 1)
    now[page : page + 8192] = older[page : page + 8192]
    store.write_bytes(now)
    code, report = assistant("audit", "verify")
    assert (code, report["verdict"]) == (1, "tampered")
    code, refused = assistant("forget", "3", "--yes")
    assert (code, refused["error"]["code"]) == (10, "audit")

    shutil.rmtree(assistant.data_dir)
    shutil.copytree(earlier, assistant.data_dir, symlinks=True)
    assert assistant("audit", "verify")[0] == 0
    code, report = assistant("audit", "verify", "--against", export["path"])
    assert (code, report["verdict"]) == (1, "tampered")


def test_without_its_log_the_library_stays_closed(assistant: Command) -> None:
    assistant.log.unlink()
    for arguments in (("ask", SAMPLE_QUESTION), ("docs",), ("forget", "1", "--yes")):
        code, refused = assistant(*arguments)
        assert (code, refused["error"]["code"]) == (10, "audit"), arguments
    assert assistant("audit", "accept", "--yes")[0] == 0
    code, listed = assistant("docs")
    assert (code, len(listed["documents"])) == (0, len(sample_paths()))
