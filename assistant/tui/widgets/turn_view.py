"""The view of one turn: a question with its answer."""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from assistant.text.counted import counted
from assistant.tui import safe_content
from assistant.tui.citation_numbers import Source, numbers_of
from assistant.tui.feedback_workers import said_of
from assistant.tui.strategy_choice import why
from assistant.tui.turn_state import Phase, Turn
from assistant.types import DIRECT, YES_NO_WORDS, Answer, Citation, Contradiction, Sentence

LABEL = "bold $foreground-muted"
QUIET = "$foreground-muted"
DRAFT = "italic $foreground-muted"
WARNING = "$text-warning"
MARK = "bold $text-accent"
UNSUPPORTED = "(unsupported)"
NOT_FOUND = "The documents do not seem to hold an answer to this question."
NEAREST = 3
"""Passages that are named under an answer that was not given."""


class TurnView(Vertical):
    """Shows a `Turn`; `refresh_turn` after the turn has changed."""

    def __init__(self, turn: Turn, index: int) -> None:
        super().__init__(classes="turn")
        self.turn = turn
        self.index = index

    def compose(self) -> ComposeResult:
        yield Static(safe_content.block(self.turn.question), classes="question")
        yield Static(self._body(), classes="body")
        yield Static(self._status(), classes="status")

    def on_mount(self) -> None:
        self.refresh_turn()  # the turn may have grown since `compose`

    def refresh_turn(self) -> None:
        for body in self.query(".body").results(Static):
            body.update(self._body())
        for status in self.query(".status").results(Static):
            status.update(self._status())

    def _body(self) -> Content:
        blank = safe_content.block("\n\n")
        return blank.join([part for part in self._parts() if part])

    def _parts(self) -> Iterator[Content]:
        turn = self.turn
        if turn.answer is not None and turn.answer.abstained:
            yield from self._abstained(turn.answer)
            return
        if turn.answer is not None and turn.answer.strategy == DIRECT:
            yield safe_content.block(turn.answer.text)
            return
        extracts = [s for s in turn.sentences if s.origin == "extract"]
        written = [s for s in turn.sentences if s.origin == "model"]
        if turn.answer is not None:
            yield safe_content.block(_headline(turn.answer), "bold")
        if extracts:
            yield safe_content.lines(
                [safe_content.line("From the documents, word for word", LABEL)]
                + [self._quote(s) for s in extracts]
            )
        if written:
            yield safe_content.lines(
                [
                    safe_content.line("Written by the model, each sentence checked", LABEL),
                    safe_content.block(" ").join([self._sentence(s) for s in written]),
                ]
            )
        elif turn.draft and not self._checked:
            yield safe_content.lines(
                [
                    safe_content.line("Draft of the model, not checked yet", f"{LABEL} italic"),
                    safe_content.block(turn.draft.strip(), DRAFT),
                ]
            )
        if turn.answer is not None:
            yield from map(self._disagreement, turn.answer.contradictions)
        if turn.ended:
            yield safe_content.lines(self._cited())
        if turn.problem is not None:
            yield safe_content.join(
                (f"{turn.problem.title}. ", "bold $text-error"), turn.problem.message
            )

    @property
    def _checked(self) -> bool:
        answer = self.turn.answer
        return answer is not None and not answer.cancelled

    def _abstained(self, answer: Answer) -> Iterator[Content]:
        closest = self.turn.sentences
        said = "" if closest else answer.text
        yield safe_content.join(("No answer. ", "bold"), said or NOT_FOUND)
        if closest:
            yield safe_content.lines(
                [safe_content.line("Closest sentence, word for word", LABEL)]
                + [self._quote(sentence) for sentence in closest]
            )
        yield from map(self._disagreement, answer.contradictions)
        nearest = self.turn.sources[:NEAREST]
        if nearest:
            rows = [safe_content.line("Nearest passages", LABEL)]
            for source in nearest:
                rows.append(self._place(source))
                rows.append(
                    safe_content.line("    " + safe_content.shortened(source.text, 120), QUIET)
                )
            yield safe_content.lines(rows)

    def _quote(self, sentence: Sentence) -> Content:
        words = " ".join(sentence.text.split())  # lines break as this screen needs it
        quoted = safe_content.highlighted(f"“{words}”", self._short_in(sentence, words))
        return safe_content.join(quoted, self._marks(sentence))

    def _short_in(self, sentence: Sentence, words: str) -> list[tuple[int, int]]:
        """Return where the words that answer stand in a quote (which begins with its mark)."""
        short = self.turn.short
        if short is None or not any(_holds(quote, short) for quote in sentence.quotes):
            return []
        text = " ".join(short.text.split())
        at = words.find(text)
        return [(at + 1, at + 1 + len(text))] if at >= 0 else []

    def _sentence(self, sentence: Sentence) -> Content:
        words = safe_content.block(sentence.text.strip())
        if sentence.supported:
            return safe_content.join(words, self._marks(sentence))
        mark = f"(unsupported: {sentence.doubts})" if sentence.doubts else UNSUPPORTED
        return safe_content.join(
            safe_content.block(sentence.text.strip(), "italic"),
            " ",
            safe_content.line(mark, WARNING),
        )

    def _disagreement(self, found: Contradiction) -> Content:
        return safe_content.lines(
            [safe_content.line(found.heading.rstrip(":"), WARNING)]
            + [self._quote(sentence) for sentence in (found.first, found.second)]
        )

    def _marks(self, sentence: Sentence) -> Content:
        marks = safe_content.block("")
        for number in numbers_of(sentence.quotes, self.turn.sources):
            marks = safe_content.join(marks, " ", self._link(f"[{number}]", number))
        return marks

    def _link(self, words: str, number: int) -> Content:
        return safe_content.link(words, "screen.show_source", self.index, number, style=MARK)

    def _place(self, source: Source) -> Content:
        mark = self._link(f"[{source.number}]", source.number)
        where = safe_content.join(
            " ", safe_content.line(source.document), safe_content.line(f", {source.place}")
        )
        if source.heading:
            where = safe_content.join(where, safe_content.line(f"  {source.heading}", QUIET))
        return safe_content.join(mark, where)

    def _cited(self) -> list[Content]:
        return [self._place(source) for source in self.turn.sources if source.quotes]

    def _status(self) -> Content:
        turn = self.turn
        if not turn.ended:
            return safe_content.line(_progress(turn), QUIET)
        if turn.phase is Phase.FAILED:
            return safe_content.line("This question failed; the conversation goes on.", WARNING)
        parts = ["Cancelled."] if turn.phase is Phase.CANCELLED else []
        answer = turn.answer
        if answer is None:
            return safe_content.line(" ".join(parts), WARNING)
        if answer.truncated:
            parts.append("The model's text was cut (too long, or it repeated itself).")
        found = safe_content.line(" ".join(parts) + " " if parts else "", WARNING)
        judged = ""
        if turn.feedback is not None:
            judged = f"You said: {said_of(turn.feedback)}. "
        facts = safe_content.join(
            found, safe_content.line(judged, MARK), safe_content.line(_facts(answer), QUIET)
        )
        way = why(answer)
        return safe_content.lines([facts, safe_content.line(way, QUIET)]) if way else facts


def _headline(answer: Answer) -> str:
    """Return what is said before the quotes: what was read of all documents, yes, or no."""
    if answer.coverage is not None:
        return answer.text
    return f"{YES_NO_WORDS[answer.yes_no]}:" if answer.yes_no else ""


def _progress(turn: Turn) -> str:
    if turn.stopping:
        return "Cancelling ..."
    if turn.phase is Phase.SEARCHING:
        return "Searching ...  Esc cancels"
    found = len(turn.sources)
    words = f"{counted(found, 'passage')} found"
    doing = "the model is writing" if turn.phase is Phase.WRITING else "the model is reading"
    if turn.parts is not None:
        doing = f"{turn.parts.done} of {turn.parts.total} parts read"
    return f"{words}; {doing} ...  Esc cancels"


def _facts(answer: Answer) -> str:
    """Passages, model and times of an answer on one line."""
    times = answer.timings
    found = len(answer.passages)
    parts = [counted(found, "passage"), f"found in {_time(times.retrieve_ms)}"]
    if times.first_token_ms is not None:
        parts.append(f"first token {_time(times.first_token_ms)}")
    parts.append(f"total {_time(times.total_ms)}")
    if answer.confidence is not None and not answer.abstained:
        parts.append(f"confidence {answer.confidence:.0%}")
    if answer.model:
        parts.append(answer.model)
    return " · ".join(parts)


def _time(milliseconds: float) -> str:
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s"


def _holds(quote: Citation, short: Citation) -> bool:
    same = (quote.document_id, quote.page) == (short.document_id, short.page)
    return same and quote.start <= short.start and short.end <= quote.end
