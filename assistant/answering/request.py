"""The input and the result of an answering strategy, as plain data."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from assistant.answering.best_sentence import ScoredSentence
from assistant.answering.confidence import QuoteEvidence
from assistant.answering.prompt_budget import PromptPlan, plan_prompt
from assistant.config import Settings
from assistant.types import (
    AnswerEvent,
    CancelToken,
    ChatEngine,
    Place,
    SearchResult,
)


@dataclass(frozen=True, slots=True)
class StrategyRequest:
    """The input of a strategy: `question` is what the model is asked of the `result`.

    `began` is when the person asked (`time.perf_counter`).
    """

    question: str
    result: SearchResult
    scored: Sequence[ScoredSentence]
    chat: ChatEngine
    settings: Settings
    style: str
    cancel: CancelToken
    began: float

    @property
    def quotes_only(self) -> bool:
        """Whether the model was tuned to quote or refuse, and nothing else."""
        return self.chat.calibration.quotes_only

    def plan(self) -> PromptPlan:
        """Cut the hits to what fits one prompt. Raises as `plan_prompt` does."""
        hits = self.result.hits
        return plan_prompt(self.question, hits, self.scored, self.chat, self.settings, self.style)

    def elapsed(self) -> float:
        """Return the milliseconds since the person asked."""
        return milliseconds_since(self.began)


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote that the engine made: its words, and its place in the passages of the hits."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class StrategyResult:
    """The result of a strategy, whole or until it was cancelled.

    `quotes` are the model's where its engine held it to the passages; `written` is what it
    wrote freely, or the refusal. `plan` is the prompt of all passages, if there was one;
    `evidence` is what `confidence` was judged by.
    `cut_short` tells that the model would have said more, or only repeated itself; `note` is
    for the reason of the route.
    """

    strategy: str
    quotes: tuple[Quote, ...] = ()
    written: str = ""
    plan: PromptPlan | None = None
    evidence: QuoteEvidence | None = None
    confidence: float | None = None
    first_token_ms: float | None = None
    cut_short: bool = False
    cancelled: bool = False
    note: str = ""

    @property
    def said(self) -> str:
        """All that the model said, as text."""
        lines = [f'"{quote.text}"' for quote in self.quotes]
        return "\n".join([*lines, self.written] if self.written else lines)


StrategyEvents = Generator[AnswerEvent, None, StrategyResult]
"""A running strategy: it yields events and returns its result.

Raises `Cancelled` if nothing was read by then, `ContextOverflowError`, and what the chat model
raises.
"""


def milliseconds_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000.0
