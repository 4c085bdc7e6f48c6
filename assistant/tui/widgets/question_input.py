"""The input box for questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widgets import TextArea

from assistant.tui import safe_content

PLACEHOLDER = "Ask your documents. Enter sends, Ctrl+J: new line, /: commands."


class QuestionInput(TextArea):
    """A text area that sends with Enter and takes no control characters by paste."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Ask"),
        Binding("ctrl+j,shift+enter,alt+enter", "new_line", "New line", show=False),
        Binding("tab", "app.focus_next", show=False),
    ]

    @dataclass
    class Sent(Message):
        """The person wants `question` answered."""

        question: str

    def __init__(self) -> None:
        super().__init__(
            id="composer",
            compact=True,
            highlight_cursor_line=False,
            placeholder=safe_content.block(PLACEHOLDER),
        )
        self.cursor_blink = False
        self._last = ""

    def render_line(self, y: int) -> Strip:
        # Textual 8.2 can't wrap a placeholder to no width at all, and would end the app.
        if self.content_size.width < 1:
            return Strip.blank(self.size.width)
        return super().render_line(y)

    def action_send(self) -> None:
        question = self.text.strip()
        if question:
            self.post_message(self.Sent(question))

    def action_new_line(self) -> None:
        self.insert("\n")

    def sent(self) -> None:
        """The question was taken: make room for the next one."""
        self._last = self.text
        self.clear()

    def forget(self) -> None:
        """Drop the draft, what could be undone, and the last question."""
        self._last = ""
        self.load_text("")

    def bring_back(self, question: str) -> None:
        """Put a question that was asked before into the box, and go there."""
        self.load_text(question)
        self.move_cursor(self.document.end)
        self.focus()

    def action_cursor_up(self, select: bool = False) -> None:
        """Go up; in an empty box, bring the last question back."""
        if not self.text and self._last and not select:
            self.bring_back(self._last)
            return
        super().action_cursor_up(select)

    async def _on_key(self, event: events.Key) -> None:
        # A priority binding would overtake letters that are typed but not yet inserted.
        if event.key == "enter":
            event.prevent_default()
            event.stop()
            self.action_send()
        elif event.character == "/" and not self.text:
            event.prevent_default()
            event.stop()
            self.app.action_command_palette()

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        clean = safe_content.plain(event.text.replace("\r\n", "\n").replace("\r", "\n"))
        await super()._on_paste(events.Paste(clean))
