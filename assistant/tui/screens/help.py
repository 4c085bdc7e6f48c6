"""The help screen: the meaning of the marks, and the keys."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from assistant.tui import safe_content

SECTIONS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Asking",
        (
            ("Enter", "send the question"),
            ("Ctrl+J", "new line in the question"),
            ("Up", "in an empty box: the last question again"),
            ("Ctrl+R", "ask the last question again"),
            ("/", "in an empty box: all commands"),
            ("Escape", "cancel the answer that is being written"),
            ("F6", "say whether the answer is right, and correct it (F6, U: take it back)"),
            ("F7", "change how passages are read (the line under an answer says how it was)"),
            ("Ctrl+L", "start a new conversation"),
            ("F9, Ctrl+T", "go on with an earlier conversation; leave nothing of this one"),
        ),
    ),
    (
        "Passages",
        (
            ("F2", "go to the passages (and back)"),
            ("Up, Down", "choose a passage"),
            ("1 to 9", "choose a passage by its number (outside the question box)"),
            ("W", "why this passage: the scores of the search and of the reader"),
            ("Enter or P", "show the whole page, the quote highlighted"),
            ("Left, Right", "on a page: the page before or after"),
            ("N, P", "on a page: the next quote of the answer, the one before"),
            ("V", "on a page: as it is printed, the quotes in colour, and back"),
            ("+, -, Up, Down, H, L", "in the picture: nearer, farther, and about"),
            ("C, O, M", "copy the quote with its place; as lawyers, as clinicians cite"),
            ("E", "where the page's file is"),
        ),
    ),
    (
        "Library",
        (
            ("F3", "go to the library (and back)"),
            ("Ctrl+O or A", "add documents"),
            ("Delete or F", "forget the selected document"),
            ("Escape", "stop adding; what is stored stays"),
        ),
    ),
    (
        "Tables",
        (
            ("F8", "open a table, or make one from a template"),
            ("Arrows", "move through the cells; the page stands beside"),
            ("A, X, C, Z", "accept, reject, correct a cell; take that back"),
            ("S, F", "sort by the column; show only doubtful, found ... cells"),
            ("R, Escape", "read what is missing; stop reading"),
        ),
    ),
    (
        "Everywhere",
        (
            ("Ctrl+P", "all commands, also themes (light and dark)"),
            ("F1", "this help"),
            ("F10", "what keeps this app offline, and whether that holds"),
            ("F4", "lock the library until its passphrase is given"),
            ("Ctrl+C", "copy a selection, else cancel what runs, else quit"),
            ("Ctrl+Q", "cancel what runs and quit; twice: at once"),
        ),
    ),
)

MARKS = (
    ("[2]", "a quote stands in passage 2, checked character by character"),
    ("(unsupported)", "the model's words; no quote backs this sentence"),
    ("No answer.", "the documents do not seem to answer the question"),
)


class HelpScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f1,q", "dismiss(None)", "Close")]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Static(safe_content.line("Help"), classes="dialog-title")
            with VerticalScroll(classes="dialog-body", id="help-body"):
                yield Static(_help())
            yield Static(
                safe_content.line("Escape closes", "$foreground-muted"), classes="dialog-foot"
            )

    def on_mount(self) -> None:
        self.query_one("#help-body").focus()


def _help() -> Content:
    rows: list[Content] = []
    for title, keys in (*SECTIONS, ("What the marks mean", MARKS)):
        rows.append(safe_content.line(title, "bold $text-accent"))
        rows.extend(
            safe_content.join(
                safe_content.line(f"  {key:<14}", "bold"), safe_content.line(f" {what}")
            )
            for key, what in keys
        )
        rows.append(safe_content.block(""))
    return safe_content.lines(rows[:-1])
