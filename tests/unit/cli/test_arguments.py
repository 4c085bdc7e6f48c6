"""What others can see of a command: not its question."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from assistant.cli.hidden_arguments import LONGEST, hide, question_or_input
from assistant.errors import UsageError

ROOT = Path(__file__).parents[3]
linux = pytest.mark.skipif(sys.platform != "linux", reason="arguments are hidden on Linux")
SHOWN = """
import sys
from pathlib import Path
from assistant.cli.hidden_arguments import hide
hide(("ask", "docs"))
sys.stdout.buffer.write(Path("/proc/self/cmdline").read_bytes() + repr(sys.argv).encode())
"""


def seen(*arguments: str) -> tuple[bytes, bytes]:
    """Run a process with these arguments; return its command line, and what it has itself."""
    done = subprocess.run(
        [sys.executable, "-c", SHOWN, *arguments], capture_output=True, cwd=ROOT, check=True
    )
    shown, _, own = done.stdout.rpartition(b"[")
    return shown, own


@linux
@pytest.mark.parametrize("secret", ["Who is Quillfeather?", "Müller\u2028", "-", "x" * 5000])
def test_a_question_is_not_in_the_list_of_processes(secret: str) -> None:
    shown, own = seen("ask", secret, "--json")
    assert shown.rstrip(b"\0").split(b"\0")[-1] == b"ask"
    assert secret == "-" or secret.encode()[:8] not in shown
    assert repr(secret).encode() in own


@linux
def test_what_is_no_command_is_hidden_as_well() -> None:
    shown, own = seen("Quillfeather")
    assert b"Quillfeather" not in shown
    assert b"Quillfeather" in own


def test_a_process_without_arguments_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Path("/proc/self/cmdline")
    before = line.read_bytes() if line.exists() else b""
    for arguments in (["x"], ["x", "not what this process was given"]):
        monkeypatch.setattr(sys, "argv", arguments)
        hide()
    assert (line.read_bytes() if line.exists() else b"") == before


def ask(value: str, given: bytes) -> str:
    @click.command
    @click.argument("question", callback=question_or_input)
    def echo(question: str) -> None:
        click.echo(question, nl=False)

    done = CliRunner().invoke(echo, [value], input=given, catch_exceptions=False)
    return done.output


def test_a_question_may_come_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask("-", "Who is Müller?\n".encode()) == "Who is Müller?"
    assert ask("-", b"") == ""
    assert ask("Who?", b"not read") == "Who?"


@pytest.mark.parametrize("given", [b"\xff\xfe", b"x" * (LONGEST + 1)])
def test_what_is_no_question_is_refused(given: bytes) -> None:
    with pytest.raises(UsageError):
        ask("-", given)
