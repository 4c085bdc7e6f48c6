"""The dialog that opens a conversation which the library keeps."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from assistant.text.counted import counted
from assistant.tui import safe_content
from assistant.tui.app_state import AppState
from assistant.tui.conversation_keeper import (
    ConversationLoaded,
    ConversationsListed,
    list_conversations,
    load_conversation,
)
from assistant.types.conversations import Conversation

MUTED = "$foreground-muted"


class ConversationsDialog(ModalScreen[Conversation | None]):
    """Lists conversations, the newest first. Gives the one that is to be gone on with."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Close")]

    def __init__(self, app_state: AppState) -> None:
        super().__init__()
        self._app_state = app_state

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Static(safe_content.line("Conversations"), classes="dialog-title")
            yield OptionList(id="conversations")
            yield Static(
                safe_content.line("Enter: go on   Escape: close", MUTED), classes="dialog-foot"
            )

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        self._app_state.run_short(list_conversations, self)

    @on(ConversationsListed)
    def _listed(self, event: ConversationsListed) -> None:
        rows = self.query_one(OptionList)
        rows.clear_options()
        for record in event.records:
            many = counted(record.turns, "question")
            said = safe_content.join(
                safe_content.line(record.name),
                safe_content.line(f"  {many}, {record.changed_at[:10]}", MUTED),
            )
            rows.add_option(Option(said, id=str(record.id)))
        if event.records:
            rows.highlighted = 0
        else:
            rows.add_option(Option(safe_content.line("None is kept yet."), disabled=True))

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        number = int(event.option_id or "0")
        self._app_state.run_short(lambda w, post: load_conversation(w, number, post), self)

    @on(ConversationLoaded)
    def _loaded(self, event: ConversationLoaded) -> None:
        self.dismiss(event.conversation)
