"""The real app and commands, with real models, lose their terminal or their reader."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.sample_library import sample_paths
from tests.acceptance.test_app_tmux import Tmux, environment_of
from tests.app.terminal import Terminal, children_of, is_alive

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

LIMIT = 2.0
"""Seconds, as promised (docs/encryption.md). What did not end in order in 1.5 was ended
(`termination.END_SECONDS`), and lacks the record or the status asked for here."""
ASSISTANT = [sys.executable, "-m", "assistant"]
QUESTION = "Say all there is to say about the warranty of the pumps and their delivery."
SLOWLY = 'reading = "map-reduce"\n'
"""The chat model is asked passage by passage; the reader answers too soon to be caught at it."""


def whole_environment(data: Path) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    return {**inherited, **environment_of(data), "TERM": "xterm-256color"}


@pytest.fixture(scope="module")
def library(default_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the sample's contract, to be copied."""
    data = tmp_path_factory.mktemp("library") / "data"
    data.mkdir(mode=0o700)
    (data / "models").symlink_to(default_models, target_is_directory=True)
    (data / "config.toml").write_text(SLOWLY)
    contract = next(path for path in sample_paths() if path.name == "supply-contract.pdf")
    add = [*ASSISTANT, "add", str(contract)]
    subprocess.run(add, env=whole_environment(data), check=True, capture_output=True)
    return data


@pytest.fixture
def environment(library: Path, tmp_path: Path) -> dict[str, str]:
    """A library with the sample's contract, and a folder `long` of notes to add."""
    data = tmp_path / "data"
    shutil.copytree(library, data, symlinks=True, dirs_exist_ok=True)
    whole = whole_environment(data)
    (tmp_path / "home" / "long").mkdir(parents=True)
    for note in range(60):
        paragraphs = [f"Pump {note * step} had seal {step} changed. " * 8 for step in range(40)]
        (tmp_path / "home" / "long" / f"note{note}.md").write_text("\n\n".join(paragraphs))
    return whole


@pytest.fixture
def terminal(environment: dict[str, str]) -> Iterator[Callable[..., Terminal]]:
    started: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        started.append(Terminal(*ASSISTANT, *arguments, environment=environment))
        return started[-1]

    yield start
    for each in started:
        each.close()


def gone_within_limit(process: int, began: float) -> bool:
    while is_alive(process):
        if time.monotonic() - began > LIMIT:
            return False
    return True


def records(environment: dict[str, str], library: str = "library") -> list[str]:
    """Check the log of a library, and return the actions in it."""
    for check in ("verify", "show"):
        done = subprocess.run(
            [*ASSISTANT, "audit", check, "--library", library, "--json"],
            env=environment,
            capture_output=True,
            check=True,
        )
    return [record["action"] for record in json.loads(done.stdout)["records"]]


def asked_and_closed(environment: dict[str, str]) -> bool:
    """The log ends in order. The app waits a second for what was cited and kept, not longer."""
    awaited = ("cite", "conversation")
    actions = [action for action in records(environment) if action not in awaited]
    return actions[-3:] == ["ask", "shown", "lock"]


def take_away(terminal: Terminal) -> None:
    """Take the terminal away; the app and all that it has started must go."""
    process = terminal.process.pid
    family = [process, *children_of(process)]
    began = time.monotonic()
    terminal.take_away()
    terminal.process.wait(10)
    assert all(gone_within_limit(each, began) for each in family)


def test_while_answering(terminal: Callable[..., Terminal], environment: dict[str, str]) -> None:
    app = terminal("app")
    app.wait_for("Ask about your", seconds=60)
    app.wait_for("ready", seconds=60)
    app.send(f"{QUESTION}\r")
    app.wait_for("the model is", seconds=60)
    take_away(app)
    assert asked_and_closed(environment)


def test_while_adding(
    terminal: Callable[..., Terminal], environment: dict[str, str], tmp_path: Path
) -> None:
    app = terminal("app")
    app.wait_for("Ask about your", seconds=60)
    app.wait_for("ready", seconds=60)
    app.press("\x0f", "Add documents")
    app.send(f"{tmp_path}/home/long\r")
    app.wait_for("Adding file 3 of 60", seconds=60)
    take_away(app)
    assert records(environment)[-2:] == ["ingest", "lock"]


def test_the_sample_while_it_is_added(
    terminal: Callable[..., Terminal], environment: dict[str, str]
) -> None:
    del environment["ASSISTANT_PASSPHRASE_FILE"]  # its content is public: it has none
    sample = terminal("sample")
    sample.wait_for("added ", seconds=60)
    take_away(sample)
    assert records(environment, "sample")[-2:] == ["ingest", "lock"]


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_the_tmux_server_is_killed(environment: dict[str, str], tmp_path: Path) -> None:
    tmux = Tmux(tmp_path)
    try:
        tmux.start(ASSISTANT, environment_of(tmp_path / "data"))
        tmux.wait_for("Ask about your", "ready")
        tmux.write(QUESTION)
        tmux.keys("Enter")
        tmux.wait_for("passages found")
        shell = int(tmux.pane_process())
        family = [*children_of(shell)]
        assert family
        began = time.monotonic()
    finally:
        tmux.close()
    assert all(gone_within_limit(each, began) for each in family)
    assert asked_and_closed(environment)


def no_reader(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    process.stdout.close()


def signalled(number: signal.Signals) -> Callable[[subprocess.Popen[bytes]], None]:
    return lambda process: process.send_signal(number)


@pytest.mark.parametrize(
    "way",
    [no_reader, signalled(signal.SIGTERM), signalled(signal.SIGHUP)],
    ids=["no reader", "SIGTERM", "SIGHUP"],
)
@pytest.mark.parametrize("command", ["ask", "add"])
def test_a_command(
    command: str,
    way: Callable[[subprocess.Popen[bytes]], None],
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    what = QUESTION if command == "ask" else str(tmp_path / "home" / "long")
    log = tmp_path / "data" / "library.audit"
    at_work = written(log) + 3  # opened, asked, passages shown (or the first file announced)
    process = subprocess.Popen(
        [*ASSISTANT, command, what], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        wait_until_written(at_work, log, process)
        began = time.monotonic()
        way(process)
        process.wait(10)
        assert time.monotonic() - began < LIMIT
        assert process.returncode == 130
    finally:
        process.kill()
        process.communicate() if way is not no_reader else process.wait()
    last = records(environment)[-2:]
    assert last == (["cite", "lock"] if command == "ask" else ["ingest", "lock"])


def written(log: Path) -> int:
    """Return how many records there are; how often the file grew would not tell."""
    return log.read_bytes().count(b"\n")


def wait_until_written(
    count: int, log: Path, process: subprocess.Popen[bytes], seconds: float = 60.0
) -> None:
    deadline = time.monotonic() + seconds
    while written(log) < count:
        assert process.poll() is None
        assert time.monotonic() < deadline
