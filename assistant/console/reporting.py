"""Report whatever goes wrong in a command before the process ends."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

import click

from assistant import termination
from assistant.console.output import Output
from assistant.errors import AssistantError, Cancelled, UsageError


class reporting:  # noqa: N801 - reads as a word in `with reporting(output)`
    """Context manager that shows whatever goes wrong and exits with its code."""

    def __init__(self, output: Output) -> None:
        self.output = output

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        ending = termination.is_ending()
        if isinstance(error, BrokenPipeError) or (ending and isinstance(error, OSError)):
            # The reader (head, less) has enough, or the terminal has gone.
            _write_nowhere()
            sys.exit(Cancelled.exit_code if ending else 0)
        if isinstance(error, Exception) and not isinstance(error, click.exceptions.Exit):
            failure = as_assistant_error(error)
        elif isinstance(error, KeyboardInterrupt):
            failure = Cancelled()
        else:
            return
        try:
            self.output.fail(failure)
        except OSError:
            _write_nowhere()
        sys.exit(failure.exit_code)


def _write_nowhere() -> None:
    """Keep Python from failing once more at exit, with what it could not write."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)


def as_assistant_error(error: Exception) -> AssistantError:
    """Give any exception the form in which errors are shown.

    What we did not foresee shows its type and place only: the message of a foreign
    exception may hold the text of a document.
    """
    if isinstance(error, AssistantError):
        return error
    if isinstance(error, click.ClickException):
        return UsageError(error.format_message(), hint="See: assistant --help")
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        return AssistantError(
            f"The system refused: {reason}.", hint="Check the disk and the output, then try again."
        )
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return AssistantError(
        f"{type(error).__name__} at {place}.",
        title="Unexpected error",
        hint="This is a fault of the program; nothing that was stored is lost. Please report it.",
    )
