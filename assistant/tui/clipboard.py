"""Copy the selection to the clipboard."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.widgets import TextArea


def copy_selection(app: App[Any]) -> bool:
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
