"""The dialog for editing a question or an answer."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from assistant.tui import safe_content


class EditBox(TextArea):
    """A text area for one paragraph: Enter takes it, and nothing odd gets in by paste."""

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.prevent_default()
            event.stop()
            self.screen.dismiss(self.text)

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        await super()._on_paste(events.Paste(safe_content.plain(" ".join(event.text.split()))))


class EditDialog(ModalScreen[str]):
    """Gives the text as it was mended; None if the person thinks better of it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Close")]
    DEFAULT_CSS = """
    EditDialog EditBox { height: 7; background: $surface; border: round $surface-lighten-2; }
    EditDialog EditBox:focus { border: round $accent; }
    """

    def __init__(self, title: str, value: str, foot: str) -> None:
        super().__init__()
        self._title = title
        self._value = safe_content.plain(" ".join(value.split()))
        self._foot = foot

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Static(safe_content.line(self._title), classes="dialog-title")
            yield EditBox(self._value, compact=True)
            yield Static(safe_content.block(self._foot, "$foreground-muted"), classes="hint")

    def on_mount(self) -> None:
        box = self.query_one(EditBox)
        box.cursor_blink = False
        box.move_cursor(box.document.end)
        box.focus()
