"""What went wrong, in the form in which the app shows it."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.errors import AssistantError, place_of


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
        place_of(error),
    )
