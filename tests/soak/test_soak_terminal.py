"""100,000 hostile strings through the app's widgets and the command line: 0 forbidden bytes."""

from __future__ import annotations

import errno
import fcntl
import io
import os
import pty
import random
import re
import struct
import subprocess
import sys
import termios
from contextlib import redirect_stderr, redirect_stdout

import pytest

from assistant.console.output import Output
from assistant.errors import AssistantError
from tests.app.terminal import ROOT
from tests.app.test_app_terminal import ALLOWED, leaks
from tests.soak.hostile_strings import hostile
from tests.soak.scale import count
from tests.unit.test_safe_text import forbidden

ROWS, COLUMNS = 420, 320
MARK = re.compile(r"q(\d+)z")
TAKEN_FOR_ESCAPE = {"\x1b", "\r", "\n"}


def run_in_terminal(command: list[str], environment: dict[str, str]) -> tuple[int, bytes]:
    """Run a program on a large pseudo-terminal; return its status and all that it wrote."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=slave, stdout=slave, stderr=slave,
        start_new_session=True,
    ) as process:  # fmt: skip
        os.close(slave)
        parts: list[bytes] = []
        while True:
            try:
                data = os.read(master, 1 << 16)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                break
            if not data:
                break
            parts.append(data)
    os.close(master)
    return process.returncode, b"".join(parts)


def odd_characters(shown: str) -> list[str]:
    """Characters that hide, reorder or control, by Unicode's own tables."""
    return [f"U+{ord(c):04X}" for c in sorted(set(shown) - TAKEN_FOR_ESCAPE) if forbidden(c)]


@pytest.mark.slow
def test_no_string_gets_through_the_widgets(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "HOME": str(home), "TERM": "xterm-256color"}
    wanted = count(100_000)
    command = [sys.executable, "-m", "tests.soak.fuzz_app", "11", str(wanted)]
    status, output = run_in_terminal(command, environment)
    assert status == 0, output[-2000:]
    assert leaks(output) == []
    shown = ALLOWED.sub(b"", output).decode("utf-8", "replace")
    assert odd_characters(shown) == []
    drawn = {int(number) for number in MARK.findall(shown)}
    assert len(drawn) >= 0.97 * wanted, f"only {len(drawn)} of {wanted} strings were drawn"


def test_the_reader_would_see_a_leak() -> None:
    for raw in (
        "\x1b]52;c;UE9J\x07",
        "\x1b[6n",
        "\x1bc",
        "\x1bP+q\x1b\\",
        "\x1b_x",
        "\x1b]0;x\x07",
    ):
        assert leaks(f"q1z{raw}".encode()), raw
    for raw in ("\x9b", "\u202e", "\u200b", "\U000e0041", "\u2028", "\ud800", "\u3164"):
        assert odd_characters(f"q1z{raw}"), raw


def test_no_string_gets_through_the_command_line() -> None:
    """Lines, notes, tables, errors and JSON of `Output`, as pipes and terminals get them."""
    rng = random.Random(12)
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        people, scripts = Output(as_json=False), Output(as_json=True)
        for _ in range(count(100_000) // 10):
            texts = [hostile(rng) for _ in range(10)]
            people.line(texts[0], (texts[1], "bold"))
            people.note(texts[2])
            people.table(
                [texts[3][:5].strip() and "name"], [[texts[3]], [texts[4]]], right=frozenset()
            )
            people.fail(AssistantError(texts[5], hint=texts[6], title=texts[7]))
            scripts.json({"a": texts[8], texts[9]: 1})
    for shown in (out.getvalue(), err.getvalue()):
        assert "\x1b" not in shown
        assert odd_characters(shown) == []
    assert out.getvalue().count("\n") > count(100_000) // 10
