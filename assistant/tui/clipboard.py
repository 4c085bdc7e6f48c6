"""Copying what is selected on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import TextArea

if TYPE_CHECKING:
    from assistant.tui.app import AssistantApp


def copy_selection(app: AssistantApp) -> bool:
    """Copy the selection, if there is one, and end it; tell whether there was."""
    focused = app.screen.focused
    if isinstance(focused, TextArea) and focused.selected_text:
        app.copy_to_clipboard(focused.selected_text)
        focused.selection = type(focused.selection).cursor(focused.cursor_location)
        return True
    selected = app.screen.get_selected_text()
    if selected:
        app.copy_to_clipboard(selected)
        app.screen.clear_selection()
        app.notify("Copied.", markup=False)
        return True
    return False
