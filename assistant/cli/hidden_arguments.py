"""Hide the command's arguments (questions, document names) from other users of the machine.

While a process runs, `ps` shows its arguments to everybody. So they are overwritten as soon as
the program has read them, and a question may come from standard input instead ("-"), which
also keeps it out of the shell's history.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Collection
from pathlib import Path

import click

from assistant.errors import UsageError

LONGEST = 1 << 16
"""Bytes of a question on standard input."""

_ARG_START, _ARG_END = 48 - 3, 49 - 3
"""Fields of /proc/PID/stat after the name, as proc_pid_stat(5) numbers them."""


def read_as_utf8() -> None:
    """Start this program anew in Python's UTF-8 mode where the locale knows only ASCII.

    Otherwise a question or name with an accent would be read as bytes that match nothing, and
    a file name with one could not be opened. Python does the same by itself in the C locale
    (PEP 540), unless PYTHONUTF8=0 or the like is in the way.
    """
    if os.name == "posix" and not sys.flags.utf8_mode and sys.getfilesystemencoding() == "ascii":
        program, *rest = sys.orig_argv
        os.execv(sys.executable, [program, "-X", "utf8", *rest])  # noqa: S606 - no shell


def hide(commands: Collection[str] = ()) -> None:
    """Overwrite this process's arguments, but a first one that is among `commands`.

    Linux only; does nothing where they are not found just as Python has them.
    """
    given = [os.fsencode(argument) for argument in sys.argv[1:]]
    if sys.platform != "linux" or not given:
        return
    try:
        stat = Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace")
        fields = stat.rpartition(")")[2].split()
        start, end = int(fields[_ARG_START]), int(fields[_ARG_END])
    except (OSError, ValueError, IndexError):
        return
    wanted = b"".join(argument + b"\0" for argument in given)
    if not 0 < start < end or end - start < len(wanted):
        return
    if ctypes.string_at(end - len(wanted), len(wanted)) != wanted:
        return
    kept = len(given[0]) + 1 if sys.argv[1] in commands else 0
    ctypes.memset(end - len(wanted) + kept, 0, len(wanted) - kept)


def question_or_input(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Callback of an argument: "-" stands for what comes on standard input.

    Raises `UsageError` for an endless one, or one that is no text.
    """
    del context, parameter
    if value != "-":
        return value
    raw = sys.stdin.buffer.read(LONGEST + 1)
    if len(raw) > LONGEST:
        raise UsageError("The question on standard input is too long.", hint="Ask a shorter one.")
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise UsageError(
            "What came on standard input is no text in UTF-8.", hint="Write the question as UTF-8."
        ) from None
