"""Completion in the shells, and the order of the commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.cli.completion import SHELLS, VARIABLE
from assistant.cli.main import cli


def completed(words: str, position: int) -> list[str]:
    """Ask the program itself what fits, as the shell's script does."""
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(position), VARIABLE: "bash_complete"}
    done = subprocess.run(
        [sys.executable, "-m", "assistant"],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_commands_and_options_are_completed() -> None:
    assert completed("assistant prove", 1) == ["prove-offline"]
    assert "--reading" in completed("assistant ask --rea", 2)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one_that_the_shell_can_read(shell: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["completion", shell])
    assert done.exit_code == 0
    assert VARIABLE in done.output
    if shutil.which(shell):
        script = tmp_path / "script"
        script.write_text(done.output)
        subprocess.run([shell, "-n", str(script)], check=True)


def test_an_unknown_shell_is_refused() -> None:
    done = CliRunner().invoke(cli, ["completion", "csh"])
    assert done.exit_code == 2
    assert "bash" in done.output


def test_the_demo_comes_first_and_has_its_old_name_too() -> None:
    shown = CliRunner().invoke(cli, ["--help"]).output
    listed = shown[shown.index("Commands:") :].splitlines()
    assert listed[1].split()[0] == "demo"
    assert not any(line.split()[:1] == ["sample"] for line in listed)
    assert CliRunner().invoke(cli, ["sample", "--help"]).exit_code == 0
