"""`models add` with a chat template that nobody knows: shown through the gate, asked for."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.cli.main import cli
from assistant.config import Settings
from assistant.models.model_record import read_record
from assistant.models.template_approval import template_hash
from tests.app.test_app_terminal import Terminal, leaks
from tests.unit.models.gguf_files import CHATML, toy_model

HOSTILE = CHATML + "{# TEMPLATEWORD \x1b]52;c;UE9JU09O\x07\x9b31337m\u202e [bold] #}"
OWN_CURSOR_UP = b"\x1b[1A"
"""What the progress bar ends with."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "toy.gguf"
    path.write_bytes(toy_model(tokenizer__chat_template=HOSTILE))
    return path


@pytest.mark.parametrize(("answer", "status"), [("n", 5), ("y", 0)])
def test_a_person_is_shown_the_template_and_asked(file: Path, answer: str, status: int) -> None:
    data = file.parent / "data"
    environment = {**os.environ, "HOME": str(file.parent), "TERM": "xterm-256color"}
    command = ["models", "add", str(file), "--data-dir", str(data)]
    terminal = Terminal(sys.executable, "-m", "assistant", *command, environment=environment)
    try:
        terminal.wait_for("TEMPLATEWORD", seconds=120)
        terminal.wait_for("Use this template?", seconds=120)
        terminal.send(f"{answer}\n")
        assert terminal.wait_end(seconds=120) == status
        assert leaks(terminal.output.replace(OWN_CURSOR_UP, b"")) == []
    finally:
        terminal.close()
    folder = Settings(data_dir=data).models_dir / "toy"
    assert folder.exists() == (answer == "y")
    if answer == "y":
        assert read_record(folder).template_approved == "person"


def test_a_script_is_told_the_hash_and_can_accept_it(file: Path) -> None:
    command = ["models", "add", str(file), "--json", "--data-dir", str(file.parent / "data")]
    refused = CliRunner().invoke(cli, command)
    assert refused.exit_code == 5
    error = json.loads(refused.stdout)["error"]
    assert error["code"] == "unknown_template"
    assert template_hash(HOSTILE) in error["hint"]
    again = CliRunner().invoke(cli, [*command, "--approve-template", template_hash(HOSTILE)])
    assert again.exit_code == 0, again.output
    other = CliRunner().invoke(cli, [*command, "--approve-template", "0" * 64, "--name", "b"])
    assert other.exit_code == 5
