"""The file picker: a tree whose labels are safe, and paths as people type or drop them."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import DirectoryTree, Input

from assistant.tui import safe_content


class FileTree(DirectoryTree):
    """Files and folders without the hidden ones; Backspace goes to the folder above."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("backspace", "parent_folder", "Folder above"),
    ]
    ICON_NODE = "+ "
    ICON_NODE_EXPANDED = "- "
    ICON_FILE = "  "

    def process_label(self, label: str | Text) -> Text:
        name = label if isinstance(label, str) else label.plain
        return safe_content.cell(name or "/")

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        return (path for path in paths if not path.name.startswith("."))

    def action_parent_folder(self) -> None:
        self.path = Path(self.path).absolute().parent


class PathInput(Input):
    """A line for paths. Control characters do not get in by paste."""

    def __init__(self) -> None:
        super().__init__(
            id="path",
            placeholder="File or folder; Right completes, Enter adds",
            suggester=PathSuggester(),
            select_on_focus=False,
        )
        self.cursor_blink = False

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        first = event.text.strip().splitlines()[:1]
        clean = safe_content.plain_line(first[0]) if first else ""
        if first and clean != first[0]:
            self.app.notify(
                "The pasted path holds invisible characters. Choose the file in the tree below.",
                severity="warning",
                markup=False,
            )
            return
        super()._on_paste(events.Paste(clean))


class PathSuggester(Suggester):
    """Completes the last part of a path from the folder's listing."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        return await asyncio.to_thread(complete, value)


def complete(value: str) -> str | None:
    """Return `value` with its last part completed; None if nothing fits.

    Only names that are shown as they are get offered: what is completed is what is added.
    """
    folder, _, start = value.rpartition("/")
    if not start or start.startswith("~"):
        return None
    base = Path(folder + "/" if "/" in value else ".")
    try:
        names = sorted(entry.name for entry in os.scandir(base.expanduser()))
    except (OSError, RuntimeError, ValueError):
        return None
    for name in names:
        hidden = name.startswith(".") and not start.startswith(".")
        if name.startswith(start) and not hidden and safe_content.plain_line(name) == name:
            return value + name[len(start) :]
    return None


def paths_of(value: str) -> list[Path]:
    """Read what was typed, pasted or dropped: one path, or several as a shell quotes them.

    Touches the file system: not for the app's thread.
    """
    value = value.strip()
    if not value:
        return []
    whole = _expanded(value)
    try:
        if whole.exists():
            return [whole]
        words = shlex.split(value)
    except (OSError, ValueError):
        return [whole]
    several = [_expanded(word) for word in words]
    return several if several and all(path.exists() for path in several) else [whole]


def _expanded(value: str) -> Path:
    try:
        return Path(value.removeprefix("file://")).expanduser()
    except RuntimeError:  # ~nobody
        return Path(value)
