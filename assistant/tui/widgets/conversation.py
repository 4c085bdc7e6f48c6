"""The conversation: every turn, the newest at the bottom."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from assistant.text.counted import counted
from assistant.tui import safe_content
from assistant.tui.app_state import AppState, LibraryState
from assistant.tui.turn_state import Turn
from assistant.tui.widgets.turn_view import TurnView


class Conversation(VerticalScroll):
    """Stays at the bottom while an answer grows, until the person scrolls up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(number), f"screen.show_source(-1, {number})", show=False)
            for number in range(2, 10)
        ),
        Binding("1", "screen.show_source(-1, 1)", "Passage", key_display="1-9"),
    ]

    def __init__(self) -> None:
        super().__init__(id="conversation")
        self.turns: list[Turn] = []
        self._follow = True

    def compose(self) -> ComposeResult:
        yield Static(id="welcome")

    def add(self, turn: Turn) -> None:
        """Show a new question and go to it."""
        self.turns.append(turn)
        self.query_one("#welcome").display = False
        self.mount(TurnView(turn, len(self.turns) - 1))
        self._follow = True
        self._to_end()

    def refresh_turn(self, turn: Turn) -> None:
        for view in self.query(TurnView):
            if view.turn is turn:
                view.refresh_turn()
        self._to_end()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._follow = new_value >= self.max_scroll_y - 1

    def _to_end(self) -> None:
        if self._follow:
            self.call_after_refresh(self.scroll_end, animate=False)

    def clear(self) -> None:
        self.turns.clear()
        self.query(TurnView).remove()
        self.query_one("#welcome").display = True

    async def forget(self) -> None:
        """As `clear`, and wait until nothing of the turns is left."""
        self.turns.clear()
        await self.query(TurnView).remove()

    def welcome(self, app_state: AppState) -> None:
        """Say how to begin, for the library as it is."""
        self.query_one("#welcome", Static).update(_welcome(app_state))


def _welcome(app_state: AppState) -> Content:
    if app_state.state is LibraryState.CLOSED:
        return safe_content.block("The library is not open. Press F5 to try again, Ctrl+Q to quit.")
    if app_state.workspace is None:
        return safe_content.block("Opening the library ...", "$foreground-muted")
    if not app_state.documents:
        return safe_content.join(
            ("The library is empty.\n\n", "bold"),
            "Press Ctrl+O to add documents: PDF, Markdown or text files, or a whole folder. "
            "Nothing leaves this machine.",
        )
    count = len(app_state.documents)
    return safe_content.join(
        (f"Ask about your {counted(count, 'document')}.\n\n", "bold"),
        "The best sentence of the documents comes first, word for word, with the page it stands "
        "on. Then the model's answer, in which every sentence without a verified quote is marked "
        "(unsupported).\n\n",
        ("F2 shows the passages, F3 the library, F1 all keys.", "$foreground-muted"),
    )
