"""The pipeline from a question to a verified answer: route, search, read, decide, verify.

Earlier answers are never shown to the model. Of earlier questions only the last one's words
are put before this one's, for the search and for the model, where this one leans on it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.answering.answer_text import answer_text
from assistant.answering.best_sentence import (
    PASSAGES,
    ScoredSentence,
    best_extract,
    score_sentences,
)
from assistant.answering.checks.support import embedder_similarity
from assistant.answering.contradictions import find_disagreements
from assistant.answering.prompt_budget import PromptPlan
from assistant.answering.request import StrategyRequest, StrategyResult, milliseconds_since
from assistant.answering.strategies.map_reduce import PASSAGES as LISTED_PASSAGES
from assistant.answering.strategies.registry import READERS
from assistant.answering.strategies.router import RouteChoice, Router
from assistant.answering.verify import check_answer, check_quote
from assistant.config import Settings
from assistant.errors import Cancelled
from assistant.prompts import DEFAULT_STYLE, build_messages, is_refusal
from assistant.retrieval import Query, Retriever
from assistant.types import (
    MAP_REDUCE,
    Answer,
    AnswerEvent,
    CancelToken,
    ChatEngine,
    DocumentRecord,
    Embedder,
    Extracted,
    Finished,
    Hit,
    Retrieved,
    SearchResult,
    Sentence,
    Timings,
)


@dataclass(frozen=True, slots=True)
class _Searched:
    """The search result of a question, and its best sentence.

    `in_scope` tells whether the library speaks about the question, as far as the search can
    tell; nothing is scored if it does not.
    """

    query: Query
    result: SearchResult
    in_scope: bool
    retrieve_ms: float
    scored: Sequence[ScoredSentence] = ()
    extract: Sentence | None = None
    extract_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class _Stages:
    """The results of the stages of one answer, as far as it came."""

    question: str
    choice: RouteChoice | None
    searched: _Searched | None
    read: StrategyResult
    cancelled: bool
    total_ms: float

    @property
    def hits(self) -> tuple[Hit, ...]:
        return self.searched.result.hits if self.searched else ()

    @property
    def in_scope(self) -> bool:
        return self.searched is not None and self.searched.in_scope


class AnswerSession:
    """Answers questions from one library.

    Without a chat model (`chat` is None) the answer is the best supporting sentence alone.
    `style` is the prompt style of the chat model (see `assistant.prompts`); `documents` lists
    what is in the library, for questions about that.
    """

    def __init__(
        self,
        retriever: Retriever,
        chat: ChatEngine | None,
        embedder: Embedder,
        settings: Settings,
        *,
        style: str = DEFAULT_STYLE,
        documents: Callable[[], Sequence[DocumentRecord]] = tuple,
    ) -> None:
        self._retriever = retriever
        self._chat = chat
        self._embedder = embedder
        self._settings = settings
        self._style = style
        self._router = Router(chat, documents)

    def prepare(self) -> None:
        """Let the chat model read the constant beginning of every prompt now.

        The first answer then begins sooner by the time that takes (about a quarter of a
        second on a laptop). Without a chat model there is nothing to do.
        """
        if self._chat is not None:
            self._chat.warm_up(self._chat.render(build_messages("", (), self._style)))

    def ask(
        self,
        question: str,
        cancel: CancelToken | None = None,
        *,
        strategy: str = "",
        previous: str = "",
    ) -> Iterator[AnswerEvent]:
        """Answer `question`; the events come as they happen and `Finished` is the last.

        `strategy` is one of `types.strategies`, "" the setting; `previous` the question before.
        After a cancel the answer holds what there was until then (`cancelled` is True).
        Raises `UsageError` for an empty question and an unknown strategy,
        `ContextOverflowError` for a question that is too long for the chat model, and what
        store, embedder and chat model raise.
        """
        began = time.perf_counter()
        token = cancel or CancelToken()
        choice: RouteChoice | None = None
        searched: _Searched | None = None
        read, cancelled = StrategyResult(""), False
        try:
            token.raise_if_cancelled()
            choice = self._router.choose(question, strategy or self._settings.reading, previous)
            read = StrategyResult(choice.strategy)
            if not choice.answer:
                searched = self._search(choice.route.searched or question, choice, began)
                yield Retrieved(searched.result)
            if searched is not None and searched.in_scope:
                token.raise_if_cancelled()
                searched = self._with_sentences(searched, token)
                if searched.extract is not None and searched.result.relevant:
                    yield Extracted(searched.extract)
                if self._chat is not None and choice.strategy in READERS:
                    request = StrategyRequest(
                        searched.query.text,
                        searched.result,
                        searched.scored,
                        self._chat,
                        self._settings,
                        self._style,
                        token,
                        began,
                    )
                    read = yield from READERS[choice.strategy](request)
        except Cancelled:
            cancelled = True
        cancelled = cancelled or read.cancelled
        total_ms = milliseconds_since(began)
        yield Finished(
            self._finished(_Stages(question, choice, searched, read, cancelled, total_ms))
        )

    def _search(self, words: str, choice: RouteChoice, began: float) -> _Searched:
        """Search for as many passages as are wanted: by the settings, and to be read."""
        settings = self._settings
        reads = choice.strategy in READERS
        wanted = max(settings.search_hits, settings.prompt_passages if reads else 0)
        if choice.strategy == MAP_REDUCE:
            wanted = max(wanted, LISTED_PASSAGES)
        query = self._retriever.query(words)
        result = self._retriever.search(query, wanted)
        refuses = self._chat is not None and self._chat.calibration.quotes_only
        in_scope = result.relevant or (result.worth_reading and reads and refuses)
        return _Searched(query, result, in_scope, milliseconds_since(began))

    def _with_sentences(self, searched: _Searched, cancel: CancelToken) -> _Searched:
        """Score the sentences of the passages that may be shown, and take the best."""
        began = time.perf_counter()
        hits = searched.result.hits
        shown = max(PASSAGES, self._settings.prompt_passages)
        scored = score_sentences(searched.query, hits, self._embedder, cancel, passages=shown)
        extract = best_extract(hits, scored)
        spent = milliseconds_since(began)
        return replace(searched, scored=scored, extract=extract, extract_ms=spent)

    def _verified(self, stages: _Stages) -> list[Sentence]:
        """Check what the model said: its quotes at their places, all else by what it writes."""
        hits, read = stages.hits, stages.read
        found = [check_quote(quote, hits[quote.place.passage].passage) for quote in read.quotes]
        written = read.written.strip()
        if not written or is_refusal(written):
            return found
        return found + check_answer(
            written,
            [hit.passage for hit in hits],
            stages.question,
            numbered=read.plan.passages if read.plan is not None else None,
            similarity=embedder_similarity(self._embedder),
        )

    def _finished(self, stages: _Stages) -> Answer:
        choice, searched, read = stages.choice, stages.searched, stages.read
        refused = is_refusal(read.written.strip()) if read.written.strip() else False
        checked = self._verified(stages)
        extract = searched.extract if searched else None
        sentences = ([extract] if extract else []) + checked
        abstained = not stages.cancelled and (not stages.in_scope or refused or not sentences)
        contradictions = (
            find_disagreements(stages.question, stages.hits, searched.scored, read.candidates)
            if searched is not None and searched.in_scope and not stages.cancelled
            else ()
        )
        text = answer_text(
            extract,
            checked,
            refused=refused,
            relevant=stages.in_scope,
            contradictions=contradictions,
        )
        direct = choice.answer if choice else ""
        tokens = self._chat.count_tokens(read.said) if self._chat and read.said else 0
        route = choice.route if choice else None
        return Answer(
            question=stages.question,
            text=direct or text,
            abstained=abstained and not direct,
            sentences=tuple(sentences),
            passages=stages.hits,
            relevance=searched.result.relevance if searched else 0.0,
            timings=_timings(stages, tokens),
            model=self._chat.name if self._chat is not None else "",
            cancelled=stages.cancelled,
            truncated=read.cut_short or (not stages.cancelled and _reached(read.plan, tokens)),
            strategy=read.strategy,
            route=replace(route, reason=route.reason + read.note) if route else None,
            candidates=read.candidates,
            confidence=read.confidence,
            contradictions=contradictions,
        )


def _timings(stages: _Stages, generated: int) -> Timings:
    searched, plan = stages.searched, stages.read.plan
    return Timings(
        retrieve_ms=searched.retrieve_ms if searched else 0.0,
        extract_ms=searched.extract_ms if searched else 0.0,
        first_token_ms=stages.read.first_token_ms,
        total_ms=stages.total_ms,
        prompt_tokens=plan.prompt_tokens if plan else 0,
        generated_tokens=generated,
    )


def _reached(plan: PromptPlan | None, tokens: int) -> bool:
    """Tell whether an answer is as long as it could be."""
    return plan is not None and tokens >= plan.max_answer_tokens
