"""The state of one turn: a question and its answer so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from assistant.tui.citation_numbers import Source, sources_of
from assistant.tui.error_view import ErrorView
from assistant.types import (
    Answer,
    AnswerEvent,
    Citation,
    Extracted,
    Feedback,
    Finished,
    Generated,
    Hit,
    PartsRead,
    Retrieved,
    SearchResult,
    Sentence,
)
from assistant.types.conversations import KeptTurn


class Phase(Enum):
    SEARCHING = "searching"
    READING = "reading"
    WRITING = "writing"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


_ENDED = frozenset({Phase.DONE, Phase.CANCELLED, Phase.FAILED})


@dataclass
class Turn:
    """Grows with the events of `Workspace.ask`; `sources` is renewed when they change."""

    question: str
    phase: Phase = Phase.SEARCHING
    result: SearchResult | None = None
    extracted: Sentence | None = None
    short: Citation | None = None
    draft: str = ""
    parts: PartsRead | None = None
    answer: Answer | None = None
    problem: ErrorView | None = None
    stopping: bool = False
    feedback: Feedback | None = None
    sources: tuple[Source, ...] = field(default=())

    @property
    def ended(self) -> bool:
        return self.phase in _ENDED

    def apply(self, event: AnswerEvent) -> None:
        """Take the next event of the answer."""
        if isinstance(event, Retrieved):
            self.result = event.result
            self.phase = Phase.READING
            self._number()
        elif isinstance(event, Extracted):
            self.extracted, self.short = event.sentence, event.short
            self._number()
        elif isinstance(event, PartsRead):
            self.parts = event
        elif isinstance(event, Generated):
            self.draft += event.text
            self.phase = Phase.WRITING
        elif isinstance(event, Finished):
            self.answer, self.short = event.answer, event.answer.short
            self.phase = Phase.CANCELLED if event.answer.cancelled else Phase.DONE
            self._number()

    def end(self, problem: ErrorView | None, *, cancelled: bool) -> None:
        """The events are over. Whatever happened, the turn is not busy any more."""
        if problem is not None:
            self.problem = problem
            self.phase = Phase.FAILED
        elif not self.ended:
            self.phase = Phase.CANCELLED if cancelled else Phase.FAILED
            if not cancelled:
                self.problem = ErrorView("No answer", "The answer ended before it was finished.")

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences to show: the answer's, else the one extracted so far."""
        if self.answer is not None and self.answer.sentences:
            return self.answer.sentences
        if self.extracted is not None and (self.answer is None or self.answer.cancelled):
            return (self.extracted,)
        return ()

    def _number(self) -> None:
        hits: tuple[Hit, ...] = ()
        if self.answer is not None and self.answer.passages:
            hits = self.answer.passages
        elif self.result is not None:
            hits = self.result.hits
        found = self.answer.contradictions if self.answer is not None else ()
        disagreeing = [sentence for each in found for sentence in (each.first, each.second)]
        shown = [*self.sentences, *disagreeing]
        quotes = [quote for sentence in shown for quote in sentence.quotes]
        self.sources = sources_of(hits, quotes)


def kept_turn(kept: KeptTurn) -> Turn:
    """Return a turn as it was when it was kept."""
    turn = Turn(kept.question)
    if kept.answer is not None:
        turn.apply(Finished(kept.answer))
    else:
        gone = "A document that the answer stood on was forgotten. Ask again."
        turn.end(ErrorView("The answer is gone", gone), cancelled=False)
    return turn
