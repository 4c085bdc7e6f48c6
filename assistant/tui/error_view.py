"""An error in the form in which the app shows it."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.errors import AssistantError, place_of


@dataclass(frozen=True, slots=True)
class ErrorView:
    """A failure for a person. `reference` is set only for a fault of the program itself."""

    title: str
    message: str
    hint: str = ""
    reference: str = ""

    @property
    def one_line(self) -> str:
        return f"{self.title}: {self.message}"


def error_view_of(error: BaseException) -> ErrorView:
    """Turn any exception into a `ErrorView`.

    An unexpected one gives its type and place in the program but not its message, which
    may hold text of a document.
    """
    if isinstance(error, AssistantError):
        return ErrorView(error.title, error.message, error.hint)
    return ErrorView(
        "Unexpected error",
        "This is a fault in the program. The library's last saved state is intact.",
        "Try again; if it comes back, report the reference below. It holds no document text.",
        place_of(error),
    )
