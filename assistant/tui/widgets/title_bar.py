"""The title bar: library, number of documents, model, state, and what keeps it offline."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from assistant.text.counted import counted
from assistant.tui import safe_content
from assistant.tui.app_state import ANSWER, INGEST, AppState, LibraryState
from assistant.tui.widgets.lock_mark import MarkedHead

NAME_CELLS = 32
NO_MODEL = "no chat model: quotes only"


class TitleBar(MarkedHead):
    """Shows the app's state; the screen calls `show` when it changes."""

    def __init__(self) -> None:
        super().__init__("title")

    def show(self, app_state: AppState) -> None:
        self.query_one("#title", Static).update(_title(app_state))


def _title(app_state: AppState) -> Content:
    parts = [
        safe_content.line(
            safe_content.shortened_name(app_state.library, NAME_CELLS) or "airgap-assistant", "bold"
        )
    ]
    if app_state.workspace is not None:
        count = len(app_state.documents)
        parts.append(safe_content.line(counted(count, "document")))
    parts.append(safe_content.line(_state(app_state), _state_style(app_state)))
    if app_state.workspace is not None:
        parts.append(
            safe_content.line(
                safe_content.shortened_name(app_state.model, NAME_CELLS) or NO_MODEL,
                "$foreground-muted",
            )
        )
    return safe_content.line("  ·  ", "$foreground-muted").join(parts)


def _state_style(app_state: AppState) -> str:
    alarming = app_state.state in (LibraryState.CLOSED, LibraryState.COLD, LibraryState.STOPPING)
    return "$text-warning" if alarming else "$foreground-muted"


def _state(app_state: AppState) -> str:
    if app_state.state is LibraryState.READY:
        if app_state.busy(ANSWER):
            return "answering ..."
        return "adding ..." if app_state.busy(INGEST) else "ready"
    waiting = app_state.state in (LibraryState.OPENING, LibraryState.WARMING, LibraryState.STOPPING)
    return f"{app_state.state.value} ..." if waiting else app_state.state.value
