"""The results of the stages from a question to an answer, as frozen values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.best_sentence import ScoredSentence
from assistant.answering.contradictions import statements
from assistant.answering.prompt_budget import PromptPlan
from assistant.answering.reader_answer import ReaderAnswer
from assistant.answering.request import StrategyResult
from assistant.answering.strategies.router import RouteChoice
from assistant.retrieval import Query
from assistant.text.canonical import plain_form
from assistant.text.codes import find_codes
from assistant.types import Extracted, Hit, SearchResult, Sentence, Timings


@dataclass(frozen=True, slots=True)
class Searched:
    """The search result of a question, and its best sentence.

    `in_scope` tells whether the passages are worth reading: a reader judges for itself, without
    one the search does; nothing is scored if they are not. `found` is what the reader says, if it
    was asked; `unread` says why it was not, where it does not know the language.
    """

    query: Query
    result: SearchResult
    in_scope: bool
    retrieve_ms: float
    scored: Sequence[ScoredSentence] = ()
    extract: Sentence | None = None
    extract_ms: float = 0.0
    found: ReaderAnswer | None = None
    unread: str = ""


@dataclass(frozen=True, slots=True)
class Stages:
    """The results of the stages of one answer, as far as it came."""

    question: str
    choice: RouteChoice | None
    searched: Searched | None
    read: StrategyResult
    cancelled: bool
    total_ms: float

    @property
    def hits(self) -> tuple[Hit, ...]:
        return self.searched.result.hits if self.searched else ()

    @property
    def found(self) -> ReaderAnswer | None:
        return self.searched.found if self.searched else None

    @property
    def confidence(self) -> float | None:
        """How sure the model is of its quote, else the reader of its answer."""
        if self.read.confidence is not None or self.found is None:
            return self.read.confidence
        return self.found.confidence

    @property
    def note(self) -> str:
        """What is added to the reason of the route."""
        return self.read.note + (self.found.note if self.found else "")

    @property
    def in_scope(self) -> bool:
        return self.searched is not None and self.searched.in_scope

    @property
    def speaks_of_it(self) -> bool:
        """Whether the search alone would say that the library speaks about the question."""
        result = self.searched.result if self.searched else None
        return result is not None and (result.relevant or result.worth_reading)


def shown_at_once(searched: Searched) -> Extracted | None:
    """Return what is shown before a chat model has said anything."""
    found, extract = searched.found, searched.extract
    if extract is None or (found.refused if found else not searched.result.relevant):
        return None
    return Extracted(extract, found.short if found else None)


def timings_of(stages: Stages, generated: int) -> Timings:
    searched, plan = stages.searched, stages.read.plan
    return Timings(
        retrieve_ms=searched.retrieve_ms if searched else 0.0,
        extract_ms=searched.extract_ms if searched else 0.0,
        first_token_ms=stages.read.first_token_ms,
        total_ms=stages.total_ms,
        prompt_tokens=plan.prompt_tokens if plan else 0,
        generated_tokens=generated,
    )


def reached_limit(plan: PromptPlan | None, tokens: int) -> bool:
    """Tell whether an answer is as long as it could be."""
    return plan is not None and tokens >= plan.max_answer_tokens


def holds_code(question: str, hits: Sequence[Hit]) -> bool:
    """Tell whether a code of the question (AX-4417/A, section 11(4), WHO) stands in the hits.

    The words around it may all be common or missing, so that the search alone would give up.
    """
    asked = {code.term for code in find_codes(plain_form(question))}
    return bool(asked) and any(
        asked & {code.term for code in find_codes(plain_form(hit.passage.text))} for hit in hits
    )


def statements_of(stages: Stages) -> Sequence[ScoredSentence]:
    """Return the sentences that are compared: those that answer, as far as can be told."""
    if stages.found is not None:
        return stages.found.statements
    scored = stages.searched.scored if stages.searched else ()
    return statements(stages.hits, scored)
