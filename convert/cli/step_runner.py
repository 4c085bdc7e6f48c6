"""Run a step's command: progress on stderr, Ctrl-C, errors, quiet libraries."""

from __future__ import annotations

import functools
import logging
import os
import sys
import time
import tomllib
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click

from assistant.console.interrupt import cancel_on_interrupt
from assistant.console.output import Output
from assistant.console.reporting import reporting
from assistant.errors import UsageError
from assistant.safe_text import safe_text
from assistant.types import CancelToken

_Command = Callable[..., Any]
_LIVE_SECONDS = 0.1
_LOG_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class StepContext:
    """The context of a step's command: output, cancel token, progress."""

    output: Output
    cancel: CancelToken
    progress: ProgressLine


class ProgressLine:
    """A `Progress` for stderr: one line that changes in a terminal, lines in a log.

    Silent with `--json`, where stderr may be read by a program.
    """

    def __init__(self, *, silent: bool) -> None:
        self._silent = silent
        self._live = sys.stderr is not None and sys.stderr.isatty()
        self._what = ""
        self._shown = 0.0
        self._width = 0

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        wait = _LIVE_SECONDS if self._live else _LOG_SECONDS
        if self._silent or (what == self._what and now - self._shown < wait):
            return
        self._what, self._shown = what, now
        share = f" {done}/{total}" if total else " ..."
        text = safe_text(what + share, single_line=True)
        if self._live:
            click.echo("\r" + text.ljust(self._width), nl=False, err=True)
            self._width = len(text)
        else:
            click.echo(text, err=True)

    def end(self) -> None:
        """Leave the line, so that what follows begins on its own."""
        if self._live and self._width:
            click.echo(err=True)
            self._width = 0


def options(*given: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    """Return a decorator that gives a command several options, in this order."""
    return lambda command: functools.reduce(lambda made, one: one(made), reversed(given), command)


@contextmanager
def running_step(*, as_json: bool) -> Iterator[StepContext]:
    """Run a step: errors are shown and end the process, Ctrl-C cancels it cleanly."""
    quiet_libraries()
    output = Output(as_json=as_json)
    line = ProgressLine(silent=as_json)
    with reporting(output), cancel_on_interrupt() as cancel:
        try:
            yield StepContext(output, cancel, line)
        finally:
            line.end()


def set_values(changes: Sequence[str]) -> dict[str, Any]:
    """Read `--set NAME=VALUE`, values as in TOML; what is no TOML value is a text.

    Raises `UsageError` for one without "=".
    """
    table: dict[str, Any] = {}
    for change in changes:
        name, sign, value = change.partition("=")
        if not sign:
            raise UsageError(f"--set {change!r} is not NAME=VALUE.", hint="Example: --set alpha=32")
        try:
            table[name.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            table[name.strip()] = value.strip()
    return table


def quiet_libraries() -> None:
    """Keep bars and hints of the libraries off stderr. Call it before they are imported."""
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = os.environ["TQDM_DISABLE"] = "1"
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    warnings.simplefilter("ignore", FutureWarning)
    for name in ("bitsandbytes", "torchao"):
        logging.getLogger(name).setLevel(logging.ERROR)
