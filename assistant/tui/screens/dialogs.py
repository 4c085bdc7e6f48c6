"""Small dialogs: an error, and a question to confirm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from assistant.tui import safe_content
from assistant.tui.citation_numbers import Source
from assistant.tui.error_view import ErrorView
from assistant.tui.why_found import explained
from assistant.types import Candidate


class ErrorDialog(ModalScreen[bool]):
    """Shows a problem. Gives True if the person wants to try again."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(False)", "Close")]

    def __init__(self, problem: ErrorView, *, retry: bool = False) -> None:
        super().__init__()
        self.problem = problem
        self._retry = retry

    def compose(self) -> ComposeResult:
        problem = self.problem
        with Vertical(classes="dialog problem"):
            yield Static(safe_content.block(problem.title), classes="dialog-title")
            with VerticalScroll(classes="dialog-body"):
                yield Static(safe_content.block(problem.message), classes="message")
                if problem.hint:
                    yield Static(
                        safe_content.join(("What to do: ", "bold"), problem.hint), classes="hint"
                    )
                if problem.reference:
                    yield Static(
                        safe_content.join(("Reference: ", "bold"), problem.reference),
                        classes="hint",
                    )
            with Horizontal(classes="buttons"):
                if self._retry:
                    yield Button("Try again", id="retry", variant="primary")
                yield Button("Close", id="close")

    def on_mount(self) -> None:
        self.query_one("#retry" if self._retry else "#close").focus()

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "retry")


class TextDialog(ModalScreen[None]):
    """Shows some lines about something; Escape closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,w", "dismiss(None)", "Close")]

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        super().__init__()
        self._title, self._lines = title, lines

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(safe_content.line(self._title), classes="dialog-title")
            with VerticalScroll(classes="dialog-body"):
                yield Static(safe_content.lines([safe_content.line(one) for one in self._lines]))
            yield Static(
                safe_content.line("Escape closes", "$foreground-muted"), classes="dialog-foot"
            )

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()


def why_dialog(source: Source, passages: int, weighed: tuple[Candidate, ...]) -> TextDialog:
    """Return the dialog that explains why a passage is shown (see `why_found.explained`)."""
    return TextDialog("Why this passage", explained(source, passages, weighed))


class ConfirmDialog(ModalScreen[bool]):
    """Asks before something that can't be undone; the harmless answer has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(False)", "Keep")]

    def __init__(self, title: str, subject: str, message: str, *, yes: str, no: str) -> None:
        super().__init__()
        self._title = title
        self._subject = subject
        self._message = message
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(safe_content.block(self._title), classes="dialog-title")
            with VerticalScroll(classes="dialog-body"):
                yield Static(safe_content.line(self._subject, "bold"), classes="subject")
                yield Static(safe_content.block(self._message), classes="hint")
            with Horizontal(classes="buttons"):
                yield Button(safe_content.line(self._no), id="no", variant="primary")
                yield Button(safe_content.line(self._yes), id="yes", variant="error")

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")
