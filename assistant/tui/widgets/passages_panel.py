"""The panel with the passages an answer is based on, and why each was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from assistant.tui import safe_content
from assistant.tui.citation_numbers import Source
from assistant.tui.screens.dialogs import why_dialog
from assistant.tui.turn_state import Turn
from assistant.tui.why_found import why
from assistant.types import Candidate

QUIET = "$foreground-muted"


class PassagesPanel(Vertical):
    """A list of sources above the one that is selected, its quotes highlighted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(number), f"screen.show_source(-1, {number})", show=False)
            for number in range(1, 10)
        ),
        Binding("p", "whole_page", "Whole page"),
        Binding("w", "why", "Why"),
    ]

    @dataclass
    class PageWanted(Message):
        """The person wants to see the whole page of a source."""

        source: Source

    def __init__(self) -> None:
        super().__init__(id="evidence")
        self.turn: Turn | None = None
        self.sources: tuple[Source, ...] = ()
        self.selected: Source | None = None
        self._chosen: int | None = None  # by the person, not by default

    def compose(self) -> ComposeResult:
        yield Static(safe_content.line("Passages", "bold"), id="evidence-title")
        yield OptionList(id="sources", markup=False, compact=True)
        with VerticalScroll(id="source"):
            yield Static(id="source-head")
            yield Static(id="source-text")
        yield Static(id="source-foot")

    def on_mount(self) -> None:
        self._show(None)

    def show_turn(self, turn: Turn | None, number: int | None = None) -> None:
        """Show a turn's sources; select `number`, else what the person chose, else a quote."""
        if turn is not self.turn:
            self._chosen = None
        self.turn = turn
        self._chosen = number or self._chosen
        sources = turn.sources if turn is not None else ()
        if sources != self.sources:
            self.sources = sources
            rows = self.query_one("#sources", OptionList)
            rows.clear_options()
            rows.add_options([Option(_row(source)) for source in sources])
        count = len(sources)
        title = f"Passages ({count})" if count else "Passages"
        self.query_one("#evidence-title", Static).update(safe_content.line(title, "bold"))
        if not self._show_number(self._chosen):
            self._show_number(_first_cited(sources))

    def select(self, number: int) -> bool:
        """Select a source by its number; False if there is none of that number."""
        if not self._show_number(number):
            return False
        self._chosen = number
        return True

    def _show_number(self, number: int | None) -> bool:
        for index, source in enumerate(self.sources):
            if source.number == number:
                self.query_one("#sources", OptionList).highlighted = index
                self._show(source)
                return True
        if not self.sources:
            self._show(None)
        return False

    @on(OptionList.OptionHighlighted)
    def _highlight(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option_index < len(self.sources):
            source = self.sources[event.option_index]
            if event.option_list.has_focus:
                self._chosen = source.number
            self._show(source)

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_whole_page()

    def action_whole_page(self) -> None:
        if self.selected is not None:
            self.post_message(self.PageWanted(self.selected))

    def action_why(self) -> None:
        """Explain why the selected passage is shown."""
        if self.selected is not None:
            self.app.push_screen(why_dialog(self.selected, len(self.sources), self.weighed))

    @property
    def weighed(self) -> tuple[Candidate, ...]:
        """The answers that the reader weighed, the likeliest first."""
        answer = self.turn.answer if self.turn is not None else None
        return answer.candidates if answer is not None else ()

    def focus_list(self) -> None:
        self.query_one("#sources").focus()

    def _show(self, source: Source | None) -> None:
        if source is not None and source == self.selected:
            return
        self.selected = source
        head = self.query_one("#source-head", Static)
        body = self.query_one("#source-text", Static)
        foot = self.query_one("#source-foot", Static)
        self.query_one("#sources").display = source is not None
        if source is None:
            head.update(safe_content.block("The passages of an answer are shown here.", QUIET))
            body.update(safe_content.block(""))
            foot.update(safe_content.block(""))
            return
        head.update(_head(source))
        body.update(safe_content.highlighted(source.text.strip("\n"), _spans(source)))
        foot.update(safe_content.line("Enter or P: the whole page   W: why", QUIET))
        self.query_one("#source", VerticalScroll).scroll_home(animate=False)


def _spans(source: Source) -> list[tuple[int, int]]:
    stripped = len(source.text) - len(source.text.lstrip("\n"))
    return [(start - stripped, end - stripped) for start, end in source.spans]


def _first_cited(sources: tuple[Source, ...]) -> int | None:
    for source in sources:
        if source.quotes:
            return source.number
    return sources[0].number if sources else None


def _row(source: Source) -> Content:
    quoted = (
        safe_content.line(" quoted", "bold $text-accent")
        if source.quotes
        else safe_content.block("")
    )
    return safe_content.join(
        safe_content.line(f"[{source.number}] ", "bold"),
        safe_content.line(source.document),
        safe_content.line(f", {source.place}"),
        quoted,
    )


def _head(source: Source) -> Content:
    rows = [
        safe_content.join(
            safe_content.line(source.document, "bold"), safe_content.line(f", {source.place}")
        )
    ]
    if source.heading:
        rows.append(safe_content.line(source.heading))
    rows.append(safe_content.line(why(source.scores), QUIET))
    rows.append(safe_content.block(""))
    return safe_content.lines(rows)
