"""Replace Python's tracebacks and warnings on stderr by messages without foreign text.

An exception that nobody caught, in a thread or while an object is destroyed, is shown by Python
with its message and the lines of source around it. Its message may hold the text of a
document or the name of a file, with control sequences that a terminal obeys. So what is
shown here is the exception's type and place, and nothing else.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import warnings
from pathlib import PurePath
from types import TracebackType
from typing import TextIO

from assistant.errors import place_in
from assistant.safe_text import safe_text


def install() -> None:
    """Take over Python's ways of writing to stderr in this process."""
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _in_thread
    warnings.showwarning = _warning


def describe(kind: type[BaseException] | None, trace: TracebackType | None) -> str:
    """Return "Type at file:line", of the innermost place; free of content."""
    return safe_text(place_in(kind or Exception, trace), single_line=True)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    del error
    _write(f"Unexpected error. {describe(kind, trace)}")


def _in_thread(found: threading.ExceptHookArgs) -> None:
    if found.exc_type is not SystemExit:
        _write(f"Unexpected error in a thread. {describe(found.exc_type, found.exc_traceback)}")


def _unraisable(found: sys.UnraisableHookArgs) -> None:
    _write(f"Unexpected error, ignored. {describe(found.exc_type, found.exc_traceback)}")


def _warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    del message, file, line
    place = safe_text(PurePath(filename).name, single_line=True)
    _write(f"Warning. {safe_text(category.__name__, single_line=True)} at {place}:{lineno}")


def _write(text: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(text + "\n")
