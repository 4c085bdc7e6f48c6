"""Write all output of the command line: text for people, JSON for scripts.

Everything that came from a document, a model or a file name passes `safe_text` here;
JSON is written as ASCII, so that no control character can reach a terminal that way.
"""

from __future__ import annotations

import errno
import io
import json
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from assistant.console.json_output import ErrorJson, FailureJson, plain, shaped
from assistant.errors import AssistantError
from assistant.safe_text import safe_text

PIPE_WIDTH = 240
"""Columns that a table may take when no terminal says how wide it is."""


class Output:
    """Writes a command's result. With `as_json`, stdout holds one JSON object only."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.console = _console(stderr=False)
        self.errors = _console(stderr=True)

    @property
    def interactive(self) -> bool:
        """True when a person watches: progress and provisional text make sense."""
        return not self.as_json and self.errors.is_terminal

    @property
    def has_person(self) -> bool:
        """True when a person can be asked: a terminal on both sides, and no `--json`."""
        return not self.as_json and sys.stdin.isatty() and sys.stdout.isatty()

    def json(self, document: object) -> None:
        """Print one JSON object: a shape of `schema`, or a table."""
        if sys.stdout is None:
            raise OSError(errno.EBADF, "standard output is closed")
        sys.stdout.write(json.dumps(plain(document), ensure_ascii=True, indent=2) + "\n")
        sys.stdout.flush()

    def script(self, text: str) -> None:
        """Print a text of the program's own, unwrapped, for another program to read."""
        sys.stdout.write(f"{safe_text(text)}\n")
        sys.stdout.flush()

    def line(self, *parts: str | tuple[str, str]) -> None:
        """Print one line of parts; a part with a style is a (text, style) pair."""
        self.console.print(styled(*parts))

    def note(self, *parts: str | tuple[str, str]) -> None:
        """Print a line that is not the result (stderr); silent with `--json`."""
        if not self.as_json:
            self.errors.print(styled(*parts))

    def table(self, columns: list[str], rows: list[list[str]], *, right: frozenset[int]) -> None:
        """Print a table; columns whose index is in `right` are aligned right."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for index, name in enumerate(columns):
            justify = "right" if index in right else "left"
            table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
        for row in rows:
            table.add_row(*(Text(safe_text(cell, single_line=True)) for cell in row))
        self.console.print(table)

    def fail(self, error: AssistantError) -> None:
        """Show an error: stderr for people, the `error` object on stdout for scripts."""
        if self.as_json:
            self.json(FailureJson(shaped(ErrorJson, error)))
            return
        message = safe_text(error.message, single_line=True)
        self.errors.print(styled((f"{error.title}. ", "bold red"), message))
        if error.hint:
            hint = safe_text(error.hint, single_line=True)
            self.errors.print(styled(("What to do: ", "bold"), hint))


class _Console(Console):
    """A console for which a reader that has enough (head) is no failure."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _console(*, stderr: bool) -> Console:
    """Make a console that wraps lines for a terminal, and leaves them whole for a pipe."""
    stream = sys.stderr if stderr else sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        # What a stream can't hold gets escapes instead of an exception. ("surrogateescape", as
        # in the C locale, raises for all but the bytes that it has read itself.)
        stream.reconfigure(errors="backslashreplace")
    console = _Console(stderr=stderr, highlight=False)
    if not console.is_terminal:
        console.soft_wrap = True
        console.width = PIPE_WIDTH
    return console


def styled(*parts: str | tuple[str, str]) -> Text:
    """Make printable text of parts; nothing in them is read as markup or control."""
    text = Text()
    for part in parts:
        content, style = part if isinstance(part, tuple) else (part, "")
        text.append(safe_text(content), style=style)
    return text
