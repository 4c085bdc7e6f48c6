"""What is known of one answer while it is being made."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from assistant.answering.best_sentence import ScoredSentence
from assistant.answering.prompt_budget import Plan
from assistant.config import Settings
from assistant.types import (
    CancelToken,
    Candidate,
    ChatEngine,
    Hit,
    Quoted,
    Route,
    SearchResult,
    Sentence,
)


@dataclass(frozen=True, slots=True)
class Task:
    """What a reading strategy is given. `question` is what the model is asked."""

    question: str
    hits: Sequence[Hit]
    scored: Sequence[ScoredSentence]
    chat: ChatEngine
    settings: Settings
    style: str
    cancel: CancelToken


@dataclass(frozen=True, slots=True)
class Found:
    """A quote that a strategy read in one passage, and `hit`, the number of that passage."""

    text: str
    hit: int


@dataclass(slots=True)
class Course:
    """All that is known so far; turned into an `Answer` whenever it ends.

    `written` is what the model said, to be checked against all passages; `found` are quotes
    whose passage is known, to be checked against that one alone. A model that refused has
    a refusal in `written`.
    """

    question: str
    began: float = field(default_factory=time.perf_counter)
    strategy: str = ""
    route: Route | None = None
    direct: str = ""
    """An answer that the program gives without looking into the documents."""
    result: SearchResult | None = None
    in_scope: bool = False
    """Whether the library speaks about the question, as far as the search can tell."""
    scored: list[ScoredSentence] = field(default_factory=list)
    extract: Sentence | None = None
    plan: Plan | None = None
    quoted: Quoted | None = None
    confidence: float | None = None
    written: str = ""
    found: list[Found] = field(default_factory=list)
    candidates: tuple[Candidate, ...] = ()
    retrieve_ms: float = 0.0
    extract_ms: float = 0.0
    first_token_ms: float | None = None
    looped: bool = False
    cancelled: bool = False

    def elapsed(self) -> float:
        return (time.perf_counter() - self.began) * 1000.0

    def speaks(self) -> None:
        """The model has said its first word."""
        if self.first_token_ms is None:
            self.first_token_ms = self.elapsed()
