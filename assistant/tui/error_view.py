"""What went wrong, in the form in which the app shows it."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import PurePath

from assistant.errors import AssistantError


@dataclass(frozen=True, slots=True)
class Problem:
    """A failure for a person. `reference` is set only for a fault of the program itself."""

    title: str
    message: str
    hint: str = ""
    reference: str = ""

    @property
    def one_line(self) -> str:
        return f"{self.title}: {self.message}"


def problem_of(error: BaseException) -> Problem:
    """Turn any exception into a `Problem`.

    An unexpected one gives its type and place in the program but not its message, which
    may hold text of a document.
    """
    if isinstance(error, AssistantError):
        return Problem(error.title, error.message, error.hint)
    return Problem(
        "Unexpected error",
        "This is a fault in the program. The library's last saved state is intact.",
        "Try again; if it comes back, report the reference below. It holds no document text.",
        reference_of(error),
    )


def reference_of(error: BaseException) -> str:
    """Return "Type at file:line" of the innermost frame: short, and free of content."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    return f"{type(error).__name__} at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}"
