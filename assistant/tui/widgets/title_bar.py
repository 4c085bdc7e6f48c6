"""The line at the top: which library, how many documents, which model, what state."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from assistant.tui import safe_content
from assistant.tui.app_state import ANSWER, INGEST, Desk, State

NAME_CELLS = 32
NO_MODEL = "no chat model: quotes only"


class TitleBar(Static):
    """Shows the desk's state; the screen calls `show` when it changes."""

    def __init__(self) -> None:
        super().__init__(id="title-bar")

    def show(self, desk: Desk) -> None:
        self.update(_title(desk))


def _title(desk: Desk) -> Content:
    parts = [
        safe_content.line(
            safe_content.shortened_name(desk.library, NAME_CELLS) or "airgap-assistant", "bold"
        )
    ]
    if desk.workspace is not None:
        count = len(desk.documents)
        parts.append(safe_content.line(f"{count} document{'' if count == 1 else 's'}"))
    parts.append(safe_content.line(_state(desk), _state_style(desk)))
    if desk.workspace is not None:
        parts.append(
            safe_content.line(
                safe_content.shortened_name(desk.model, NAME_CELLS) or NO_MODEL, "$foreground-muted"
            )
        )
    return safe_content.line("  ·  ", "$foreground-muted").join(parts)


def _state_style(desk: Desk) -> str:
    alarming = desk.state in (State.CLOSED, State.COLD, State.STOPPING)
    return "$text-warning" if alarming else "$foreground-muted"


def _state(desk: Desk) -> str:
    if desk.state is State.READY:
        if desk.busy(ANSWER):
            return "answering ..."
        return "adding ..." if desk.busy(INGEST) else "ready"
    waiting = desk.state in (State.OPENING, State.WARMING, State.STOPPING)
    return f"{desk.state.value} ..." if waiting else desk.state.value
