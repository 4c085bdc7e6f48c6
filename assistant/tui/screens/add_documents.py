"""The dialog for choosing documents."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, DirectoryTree, Input, Static, Tree
from textual.widgets.directory_tree import DirEntry

from assistant.tui import safe_content
from assistant.tui.widgets.file_picker import FileTree, PathInput, paths_of


class AddDialog(ModalScreen[list[Path]]):
    """Gives the paths to add; an empty list if the person thinks better of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss([])", "Close"),
        Binding("ctrl+s", "add", "Add"),
    ]

    def __init__(self, start: Path) -> None:
        super().__init__()
        self._start = start
        self._chosen: Path | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide", id="add"):
            yield Static(safe_content.line("Add documents"), classes="dialog-title")
            yield PathInput()
            yield FileTree(self._start, id="tree")
            yield Static(id="chosen")
            with Horizontal(classes="buttons"):
                yield Button("Add", id="do-add", variant="primary")
                yield Button("Close", id="close")

    def on_mount(self) -> None:
        self.query_one(PathInput).focus()
        self._say()

    @on(Tree.NodeHighlighted)
    def _highlight(self, event: Tree.NodeHighlighted[DirEntry]) -> None:
        if event.node.data is not None and self.query_one(FileTree).has_focus:
            self._chosen = event.node.data.path
            with self.prevent(Input.Changed):
                self.query_one(PathInput).value = ""
            self._say()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._chosen = None
        self._say()

    @on(DirectoryTree.FileSelected)
    def _file(self, event: DirectoryTree.FileSelected) -> None:
        self._chosen = event.path
        self.dismiss([event.path])

    @on(Input.Submitted)
    async def _submitted(self) -> None:
        await self.action_add()

    @on(Button.Pressed, "#do-add")
    async def _add(self) -> None:
        await self.action_add()

    @on(Button.Pressed, "#close")
    def _close(self) -> None:
        self.dismiss([])

    async def action_add(self) -> None:
        """Give what is typed, else what is selected in the tree."""
        value = self.query_one(PathInput).value
        paths = await asyncio.to_thread(paths_of, value)
        if not paths and self._chosen is not None:
            paths = [self._chosen]
        if paths:
            self.dismiss(paths)
        else:
            self.notify("Type a path or select one in the tree.", markup=False)

    def _say(self) -> None:
        line = self.query_one("#chosen", Static)
        if self._chosen is not None:
            line.update(
                safe_content.join(
                    safe_content.line("Selected: ", "$foreground-muted"),
                    safe_content.line(str(self._chosen)),
                )
            )
        else:
            line.update(
                safe_content.line(
                    "Tab: the tree. Enter on a file adds it; a folder is added with Ctrl+S.",
                    "$foreground-muted",
                )
            )
