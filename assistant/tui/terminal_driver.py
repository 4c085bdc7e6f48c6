"""Textual's driver, made to survive a terminal that goes away.

Textual's own ends its writing thread at the first failed write; the app then waits for ever for
room in that thread's queue, and no signal gets through. Its reading thread reads the end of a
terminal again and again, with all of a processor.
"""

from __future__ import annotations

from typing import Any, TextIO

from textual.drivers.linux_driver import LinuxDriver

from assistant import termination


class TerminalStream:
    """The stream that Textual writes to; once that fails, all further text goes nowhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream

    def write(self, data: str) -> None:
        self._do("write", data)

    def flush(self) -> None:
        self._do("flush")

    def _do(self, what: str, *data: str) -> None:
        if self._stream is not None:
            try:
                getattr(self._stream, what)(*data)
            except (OSError, ValueError):
                self._stream = None
                termination.hang_up()


class TerminalDriver(LinuxDriver):
    """Goes on without a terminal until the app has ended in order."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file: Any = TerminalStream(self._file)

    def run_input_thread(self) -> None:
        try:
            super().run_input_thread()
        except OSError:
            termination.hang_up()

    def stop_reading(self) -> None:
        """Stop reading what has come to its end."""
        if termination.is_gone(self.fileno):
            self.exit_event.set()
