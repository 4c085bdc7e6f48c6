"""Whatever goes wrong in a command, shown to a person or a script before the process ends."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

import click

from assistant.console.output import Output
from assistant.errors import AssistantError, Cancelled, UsageError


class reporting:  # noqa: N801 - reads as a word in `with reporting(output)`
    """Context manager that shows whatever goes wrong and exits with its code."""

    def __init__(self, output: Output) -> None:
        self.output = output

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, BrokenPipeError):
            # The reader (head, less) has enough. Keep Python from failing again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        if isinstance(error, Exception) and not isinstance(error, click.exceptions.Exit):
            failure = as_assistant_error(error)
        elif isinstance(error, KeyboardInterrupt):
            failure = Cancelled()
        else:
            return
        self.output.fail(failure)
        sys.exit(failure.exit_code)


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
