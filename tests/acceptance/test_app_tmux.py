"""The real app in a real terminal: `python -m assistant` in tmux, real models and PDF."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.sample_library import SAMPLE_QUESTION, sample_paths

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]

ROOT = Path(__file__).parents[2]
CONTRACT = next(path for path in sample_paths() if path.name == "supply-contract.pdf")


class Tmux:
    """One tmux server with one window; ended with its server."""

    def __init__(self, folder: Path, width: int = 120, height: int = 36) -> None:
        self._socket = str(folder / "tmux")
        self._exit = folder / "exit-status"
        self._size = ["-x", str(width), "-y", str(height)]

    def start(self, command: list[str], environment: dict[str, str]) -> None:
        exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items())
        # pytest plug-ins set these, and Textual believes them more than the terminal.
        program = f"env -u COLUMNS -u LINES {exports} {shlex.join(command)}"
        line = f"{program}; echo $? > {shlex.quote(str(self._exit))}"
        self._call("-f", "/dev/null", "new-session", "-d", "-s", "app", *self._size, line)

    def keys(self, *keys: str) -> None:
        self._call("send-keys", "-t", "app", *keys)

    def write(self, text: str) -> None:
        self._call("send-keys", "-t", "app", "-l", text)

    def screen(self) -> str:
        return self._call("capture-pane", "-p", "-t", "app")

    def pane_process(self) -> str:
        return self._call("display-message", "-p", "-t", "app", "#{pane_pid}").strip()

    def wait_for(self, *words: str, seconds: float = 120.0) -> str:
        """Wait until one screen shows all the words; return it."""
        deadline = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if all(word in screen for word in words):
                return screen
            assert time.monotonic() < deadline, f"{words} never came:\n{screen}"
            time.sleep(0.2)

    def wait_end(self, seconds: float = 60.0) -> int:
        """Wait until the app has ended; return its exit status."""
        deadline = time.monotonic() + seconds
        while not (self._exit.exists() and self._exit.read_text().strip()):
            assert time.monotonic() < deadline, f"the app did not end:\n{self.screen()}"
            time.sleep(0.1)
        return int(self._exit.read_text())

    def close(self) -> None:
        subprocess.run(
            ["tmux", "-S", self._socket, "kill-server"], capture_output=True, check=False
        )

    def _call(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def environment_of(data: Path) -> dict[str, str]:
    """What the app is given: its data folder, a passphrase, and this checkout to import from."""
    passphrase = data.parent / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text("six plain words for a test\n", encoding="utf-8")
    return {
        "ASSISTANT_DATA_DIR": str(data),
        "ASSISTANT_PASSPHRASE_FILE": str(passphrase),
        "PYTHONPATH": str(ROOT),
        "HOME": os.environ["HOME"],
    }


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    terminal = Tmux(tmp_path)
    yield terminal
    terminal.close()


def test_add_ask_cite_cancel_quit(tmux: Tmux, default_models: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    (data / "models").symlink_to(default_models, target_is_directory=True)
    tmux.start([sys.executable, "-m", "assistant"], environment_of(data))
    tmux.wait_for("The library is empty.", "ready")

    tmux.keys("C-o")
    tmux.wait_for("Add documents")
    tmux.write(str(CONTRACT))
    tmux.keys("Enter")
    tmux.wait_for("Added 1.", "supply-contract.pdf", "PDF")
    tmux.keys("F3")
    tmux.wait_for("Ask about your 1 document.")

    tmux.write(SAMPLE_QUESTION)
    tmux.keys("Enter")
    tmux.wait_for("The warranty on the Pumps lasts 24 months", "] supply-contract.pdf, page 2")
    screen = tmux.wait_for("total", "confidence", "quoted")
    assert "From the documents, word for word" in screen

    tmux.keys("F2")
    tmux.wait_for("Whole page")
    tmux.keys("Enter")
    tmux.wait_for("supply-contract.pdf, page 2 of 6")
    tmux.keys("Escape")
    tmux.wait_for("Passages (")
    tmux.keys("Escape")
    tmux.wait_for("⏎")  # an Escape right before a letter would read as Alt+letter

    for way in ("reader", "together", "map-reduce"):  # the last one takes its time
        tmux.keys("F7")
        tmux.wait_for(f"now read: {way}")
    tmux.write("What is said about delivery, payment, liability and termination?")
    tmux.keys("Enter")
    tmux.wait_for("passages found")
    tmux.keys("C-c")
    tmux.wait_for("Cancelled.", seconds=30)

    tmux.keys("F3")
    tmux.wait_for("supply-contract.pdf", "Chunks")
    tmux.keys("f")
    tmux.wait_for("Forget this document?", "supply-contract.pdf")
    tmux.keys("Tab", "Enter")
    tmux.wait_for("The library is empty.")

    tmux.keys("C-q")
    assert tmux.wait_end() == 0


def test_leaving_while_the_model_writes(tmux: Tmux, default_models: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    (data / "models").symlink_to(default_models, target_is_directory=True)
    (data / "config.toml").write_text('reading = "map-reduce"\n')  # takes its time
    command = [sys.executable, "-m", "assistant"]
    subprocess.run(
        [*command, "add", str(CONTRACT)],
        env={**os.environ, **environment_of(data)},
        check=True,
        capture_output=True,
        cwd=tmp_path,
    )
    tmux.start(command, environment_of(data))
    tmux.wait_for("Ask about your 1 document.", "ready")
    tmux.write("Say all there is to say about the warranty of the pumps.")
    tmux.keys("Enter")
    tmux.wait_for("passages found")
    tmux.keys("C-q")
    assert tmux.wait_end(seconds=30) == 0
