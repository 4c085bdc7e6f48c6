"""What reaches a real terminal: the app runs in a pseudo-terminal, every byte is looked at."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.hostile import POISON
from tests.app.terminal import Terminal

ALLOWED = re.compile(
    rb"\x1b\[[0-9;]*m"  # colours
    rb"|\x1b\[[0-9;]*H"  # cursor
    rb"|\x1b\[\?[0-9]+(?:;[0-9]+)*[hl]"  # modes
    rb"|\x1b\[\?[0-9]+\$p"  # asks for a mode
    rb"|\x1b\[[<>=][0-9;]*u"  # keyboard protocol
    rb"|\x1b\[[0-9 ]*[JKq]"
    rb"|\x1b\]22;[a-z-]{0,16}\x07"  # shape of the mouse pointer
)
"""What Textual itself writes. Everything else that begins with ESC is a leak."""

FORBIDDEN_CHARACTERS = set(map(chr, [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20)]))
FORBIDDEN_CHARACTERS |= set(map(chr, range(0x7F, 0xA0))) | set(
    "\u202e\u2066\u200b\u200f\ufeff\u2028"
)


@pytest.fixture
def terminal(environment: dict[str, str]) -> Iterator[Terminal]:
    started = Terminal(sys.executable, "-m", "tests.app.hostile", environment=environment)
    yield started
    started.close()


def leaks(output: bytes) -> list[str]:
    """Everything in `output` that a terminal would obey and Textual did not mean."""
    rest = ALLOWED.sub(b"", output)
    found = [repr(rest[m.start() : m.start() + 24]) for m in re.finditer(rb"\x1b", rest)]
    text = rest.decode("utf-8", "replace")
    found += [f"U+{ord(c):04X}" for c in sorted(set(text) & FORBIDDEN_CHARACTERS) if c != "\x1b"]
    if b"\x1b[31337m" in output:
        found.append("CSI 31337 m")
    return found


def test_the_check_finds_leaks() -> None:
    assert leaks(b"\x1b[1;31mfine\x1b[0m\x1b[2;3H\x1b[?1049h\r\n") == []
    assert len(leaks(f"x{POISON}".encode())) > 10


def test_hostile_text_reaches_no_terminal(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "home" / "TREEWORD\x1b]52;c;QUJD\x07\u202e\x7f.txt").write_text("x")
    (tmp_path / "home" / os.fsdecode(b"raw\xff\xfeWORD.txt")).write_text("x")
    for word in ("LIBRARYWORD", "MODELWORD"):
        at = terminal.wait_for(word)
    pasted = POISON.replace("\x00", "").replace("\x1b[", "\x1b [")
    terminal.send(f"\x1b[200~PASTEWORD{pasted}\x1b[201~")
    at = terminal.wait_for("PASTEWORD")
    terminal.send("\r")
    for word in ("PASSAGEWORD", "STREAMWORD", "HEADWORD", "DOCWORD"):
        terminal.wait_for(word, at)
    terminal.send("\x1b")  # cancel
    terminal.wait_for("Cancelled.", at)
    at = len(terminal.output)
    terminal.send("second\r")
    for word in ("UNBACKED", "(unsupported)", "NAMEWORD"):
        terminal.wait_for(word, at)
    terminal.send("third\r")
    terminal.wait_for("ERRORWORD", at)
    terminal.wait_for("Close", at)  # the dialog is there
    time.sleep(0.5)
    at = len(terminal.output)
    terminal.send("\r")
    terminal.wait_for("This question failed", at)
    time.sleep(0.5)
    terminal.send("fourth\r")
    at = terminal.wait_for("ABSTAINWORD", at)
    terminal.send("\x1bOQ")  # F2: the passages
    time.sleep(0.3)
    terminal.send("\r")  # the whole page
    at = terminal.wait_for("PAGEWORD", at)
    terminal.send("\x1b")
    time.sleep(0.5)
    terminal.send("\x1bOR")  # F3: the library
    terminal.wait_for("TYPEWORD", at)
    terminal.send("f")
    at = terminal.wait_for("Forget this document?", at)
    terminal.send("\t\r")
    at = terminal.wait_for("FORGETWORD", at)
    terminal.send("\r")
    time.sleep(0.3)
    terminal.send("a")
    at = terminal.wait_for("TREEWORD", at)
    terminal.send("\x1b[200~/x/PATHWORD\x07\x9b\u202e\x1b[201~/x\r")
    for word in ("FAILWORD", "FILEWORD"):
        terminal.wait_for(word, at)
    terminal.send("\x11")  # Ctrl+Q
    assert terminal.wait_end() == 0
    assert leaks(terminal.output) == []
    assert b"Traceback" not in terminal.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_terminal(terminal: Terminal, number: int) -> None:
    terminal.wait_for("MODELWORD")
    terminal.process.send_signal(number)
    assert terminal.wait_end() == 0
    assert terminal.output.rindex(b"\x1b[?1049l") > terminal.output.rindex(b"\x1b[?1049h")
