"""The passphrase as a person and as a script give it: the real command, locked down."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_app_tmux import Tmux, environment_of
from tests.acceptance.test_app_tmux import tmux as tmux  # noqa: PLC0414 - a fixture

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
WORDS = "six plain words for a test"
OTHER = "seven other words for the same test"
NOTE = "The spare key of the boathouse hangs behind the blue cabinet.\n"


@pytest.fixture
def data(default_models: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "models").symlink_to(default_models, target_is_directory=True)
    (tmp_path / "note.txt").write_text(NOTE)
    for name, words in (("words", WORDS), ("other", OTHER)):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text(words + "\n")
    return folder


def run(data: Path, *arguments: str, **given: Path | str) -> tuple[int, dict[str, Any]]:
    """Run a command without a terminal; `given` are ASSISTANT_ variables."""
    variables = {f"ASSISTANT_{name}": str(value) for name, value in given.items()}
    done = subprocess.run(
        [sys.executable, "-m", "assistant", *arguments, "--json"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # no controlling terminal: nobody can be asked
        env={**os.environ, "ASSISTANT_DATA_DIR": str(data), **variables},
        check=False,
        timeout=300,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert WORDS not in done.stdout + done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_scripts_whole_life_of_a_library(data: Path, tmp_path: Path) -> None:
    words, other, note = tmp_path / "words", tmp_path / "other", str(tmp_path / "note.txt")
    code, failure = run(data, "add", note)
    assert (code, failure["error"]["code"]) == (11, "locked")
    assert not list(data.glob("library.*"))
    paper = tmp_path / "paper"
    assert run(data, "add", note, PASSPHRASE_FILE=words, RECOVERY_FILE=paper)[0] == 0
    assert run(data, "docs", PASSPHRASE_FILE=other)[1]["error"]["code"] == "wrong_passphrase"
    assert len(run(data, "docs", PASSPHRASE_FILE=words)[1]["documents"]) == 1
    code, changed = run(
        data, "passphrase", "change", PASSPHRASE_FILE=words, NEW_PASSPHRASE_FILE=other
    )
    assert (code, changed["recovery_key"]) == (0, "kept")
    code, changed = run(data, "rekey", PASSPHRASE_FILE=other)
    assert code == 2  # nobody could note the new recovery key
    newer = tmp_path / "newer"
    code, changed = run(data, "rekey", PASSPHRASE_FILE=other, RECOVERY_FILE=newer)
    assert (code, changed["changed"]) == (0, ["key", "recovery key"])
    old = run(data, "passphrase", "recover", NEW_PASSPHRASE_FILE=words, RECOVERY_FILE=paper)
    assert old[1]["error"]["code"] == "wrong_passphrase"
    assert (
        run(data, "passphrase", "recover", NEW_PASSPHRASE_FILE=words, RECOVERY_FILE=newer)[0] == 0
    )
    assert len(run(data, "docs", PASSPHRASE_FILE=words)[1]["documents"]) == 1
    assert run(data, "audit", "verify", PASSPHRASE_FILE=words)[0] == 0
    status = run(data, "passphrase", "status")[1]
    assert (status["mode"], status["recovery_key"]) == ("passphrase", True)


def test_the_explicit_choice_and_the_way_back(data: Path, tmp_path: Path) -> None:
    note = str(tmp_path / "note.txt")
    assert run(data, "add", "--no-passphrase", note)[0] == 0
    raw = (data / "library.key").read_bytes().strip()
    assert run(data, "passphrase", "set", NEW_PASSPHRASE_FILE=tmp_path / "words")[0] == 0
    assert not (data / "library.key").exists()
    files = [p for p in data.rglob("*") if p.is_file() and "models" not in p.parts]
    assert not any(raw in p.read_bytes() or WORDS.encode() in p.read_bytes() for p in files)
    assert run(data, "docs")[1]["error"]["code"] == "locked"
    assert len(run(data, "docs", PASSPHRASE_FILE=tmp_path / "words")[1]["documents"]) == 1


SECONDS = 120.0
"""How long nothing may come from the program."""


class Person:
    """Types in a terminal what is asked for."""

    def __init__(self, data: Path, *arguments: str) -> None:
        self.seen = ""
        self._at = 0
        self._child, self._terminal = pty.fork()
        if self._child == 0:
            os.environ.update(ASSISTANT_DATA_DIR=str(data), TERM="xterm")
            os.execv(sys.executable, [sys.executable, "-m", "assistant", *arguments])

    def wait_for(self, words: str) -> str:
        """Return what came since the last call, up to `words`.

        What is typed before a prompt is there is thrown away by it: wait for the prompt.
        """
        start = self._at
        while words not in self.seen[start:]:
            assert self._read(), self.seen
        self._at = self.seen.index(words, start) + len(words)
        return self.seen[start : self._at]

    def _read(self) -> bool:
        """Read what comes next; False when nothing more will come, or nothing does."""
        if not select.select([self._terminal], [], [], SECONDS)[0]:
            os.kill(self._child, signal.SIGKILL)
            return False
        try:
            piece = os.read(self._terminal, 65536)
        except OSError:
            return False  # Linux says EIO when the other end is closed
        self.seen += piece.decode("utf-8", "replace")
        return bool(piece)

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode() + b"\n")

    def end(self) -> int:
        while self._read():
            pass
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self._child, 0)[1])


def test_a_person_at_the_terminal(data: Path, tmp_path: Path) -> None:
    person = Person(data, "add", str(tmp_path / "note.txt"))
    person.wait_for("New passphrase: ")
    person.type(WORDS)
    person.wait_for("once more: ")
    person.type(WORDS)
    shown = person.wait_for("last group, from the paper: ")
    paper = re.search(r"(?:[0-9A-Z]{6}-){5}[0-9A-Z]{6}", shown)
    assert paper is not None
    person.type(paper[0].split("-")[-1])
    assert person.end() == 0
    assert WORDS not in person.seen
    assert "1 added" in person.seen

    person = Person(data, "docs")
    person.wait_for("Passphrase of 'library': ")
    person.type("a wrong passphrase")
    person.wait_for("does not open this library")
    person.wait_for("Passphrase of 'library': ")
    person.type(WORDS)
    assert person.end() == 0
    assert "note.txt" in person.seen
    assert "wrong" not in person.seen.split("library': ")[1].split("\n")[0]


def test_the_app_unlocks_locks_and_unlocks(tmux: Tmux, data: Path, tmp_path: Path) -> None:
    environment = environment_of(data)
    given = Path(environment.pop("ASSISTANT_PASSPHRASE_FILE"))
    assert run(data, "add", str(tmp_path / "note.txt"), PASSPHRASE_FILE=given)[0] == 0
    tmux.start([sys.executable, "-m", "assistant"], environment)
    screen = tmux.wait_for("is locked.", "Passphrase")
    assert "note.txt" not in screen
    tmux.write("a wrong passphrase")
    assert "wrong" not in tmux.screen()
    tmux.keys("Enter")
    tmux.wait_for("does not open this library")
    tmux.write(given.read_text().strip())
    tmux.keys("Enter")
    tmux.wait_for("Ask about your 1 document.", "ready")
    tmux.keys("F3")
    tmux.wait_for("note.txt")
    tmux.keys("F4")
    screen = tmux.wait_for("is locked.")
    assert "note.txt" not in screen
    tmux.write(given.read_text().strip())
    tmux.keys("Enter")
    tmux.wait_for("Ask about your 1 document.", "ready")
    tmux.keys("C-q")
    assert tmux.wait_end() == 0
