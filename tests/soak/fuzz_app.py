"""The app's own widgets, filled with hostile strings round after round; run in a pseudo-terminal.

`python -m tests.soak.fuzz_app SEED COUNT`. Each string is shown behind a mark of its own
(`q17z`), so that the reader of the terminal can count those that were really drawn.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import DataTable, Static

from assistant.tui import safe_content
from assistant.tui.error_view import ErrorView
from assistant.tui.ingest_progress import Failure, Note, Progress
from assistant.tui.turn_state import Phase, Turn
from assistant.tui.widgets.file_picker import PathInput
from assistant.tui.widgets.ingest_panel import IngestPanel
from assistant.tui.widgets.passages_panel import PassagesPanel
from assistant.tui.widgets.question_input import QuestionInput
from assistant.tui.widgets.turn_view import TurnView
from assistant.types import Generated, Hit, PageStart, Passage, Retrieved, Scores, SearchResult
from tests.soak.hostile_strings import hostile, pieces

ROWS = 150
"""Rows of a round's plain column; the widgets take about as many strings again."""


class FuzzApp(App[None]):
    CSS: ClassVar[str] = """
    Vertical { width: 1fr; height: auto; }
    VerticalScroll { height: auto; }
    #evidence, #ingest, DataTable, OptionList, TurnView { height: auto; max-height: 400; }
    """

    def __init__(self, seed: int, count: int) -> None:
        super().__init__()
        self._rng = random.Random(seed)
        self._left = count
        self._number = 0

    def compose(self) -> ComposeResult:
        with Horizontal():
            with Vertical():
                yield Static(id="blocks")
                yield TurnView(Turn("?"), 0)
            with Vertical():
                yield PassagesPanel()
                yield QuestionInput()
                yield PathInput()
            with Vertical():
                yield IngestPanel()
            with Vertical():
                yield DataTable(id="table", show_header=False)

    def on_mount(self) -> None:
        self.query_one(DataTable).add_columns("a", "b")
        self.call_after_refresh(self.next_round)

    def take(self, line: bool = False) -> str:
        """Return the next string behind its mark; of a long one only what fits a column."""
        self._number += 1
        self._left -= 1
        raw = hostile(self._rng)[:40]
        return f"q{self._number}z" + (raw.replace("\n", " ") if line else raw)

    async def next_round(self) -> None:
        if self._left <= 0:
            self.exit()
            return
        self.query_one("#blocks", Static).update(
            safe_content.lines([self.any_builder() for _ in range(ROWS)])
        )
        table = self.query_one(DataTable)
        table.clear()
        for _ in range(ROWS):
            table.add_row(safe_content.cell(self.take()), safe_content.cell(self.take()))
        await self.show_turn()
        self.show_failures()
        await self.type_in()
        self.call_after_refresh(self.call_after_refresh, self.next_round)

    def any_builder(self) -> safe_content.Content:
        kind = self._rng.randrange(5)
        if kind == 0:
            return safe_content.block(self.take(line=True))
        if kind == 1:
            return safe_content.line(self.take())
        if kind == 2:
            return safe_content.join((self.take(line=True), "bold"))
        if kind == 3:
            return safe_content.link(self.take(), "app.quit", 1)
        raw = self.take(line=True)
        return safe_content.highlighted(raw, [(2, 9), (5, len(raw))])

    async def show_turn(self) -> None:
        """A question, its passages, and an answer that comes in pieces."""
        turn = Turn(self.take(line=True))
        passage = Passage(1, 1, self.take(), self.take(), 0, 50, self.take(), (PageStart(1, 0),))
        turn.apply(Retrieved(SearchResult("x", (Hit(passage, Scores(0.5)),), 0.9, relevant=True)))
        view = self.query_one(TurnView)
        view.turn = turn
        view.query_one(".question", Static).update(safe_content.block(turn.question))
        for _ in range(3):
            for piece in pieces(self._rng, self.take(line=True) + "\n"):
                turn.apply(Generated(piece))
                view.refresh_turn()
        turn.phase = Phase.WRITING
        self.query_one(PassagesPanel).show_turn(turn, 1)

    def show_failures(self) -> None:
        progress = Progress(total=1)
        for _ in range(30):
            problem = ErrorView(self.take(), self.take(line=True), self.take(line=True))
            progress.failures.append(Failure(Path(self.take(line=True).replace("/", "|")), problem))
        progress.notes = [Note(self.take(), self.take()) for _ in range(5)]
        self.query_one(IngestPanel).show(progress)

    async def type_in(self) -> None:
        """Paste into both fields, and send a notification."""
        composer, path = self.query_one(QuestionInput), self.query_one(PathInput)
        composer.load_text("")
        await composer._on_paste(events.Paste(self.take(line=True)))
        path.value = safe_content.plain_line(self.take())
        self.clear_notifications()
        self.notify(safe_content.plain(self.take(line=True)), markup=False, timeout=600)


if __name__ == "__main__":
    FuzzApp(int(sys.argv[1]), int(sys.argv[2])).run()
