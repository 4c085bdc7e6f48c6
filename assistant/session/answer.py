"""One question, one answer: search, extract, ask the model, check what it wrote.

Each question stands alone: earlier questions and answers are not shown to the model.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import GeneratorType

from assistant.config import Settings
from assistant.errors import Cancelled
from assistant.prompts import DEFAULT_STYLE, REFUSAL, build_messages, is_refusal
from assistant.retrieval import Retriever
from assistant.session.budget import Plan, plan_prompt
from assistant.session.compose import answer_text
from assistant.session.extract import ScoredSentence, best_extract, score_sentences
from assistant.session.loops import loop_end
from assistant.session.quotes import check_answer
from assistant.types import (
    DOUBT_WEIGHT,
    QUOTES_ONLY,
    REFUSAL_THRESHOLD,
    Answer,
    AnswerEvent,
    CancelToken,
    ChatEngine,
    Embedder,
    Extracted,
    Finished,
    Generated,
    Retrieved,
    Sampling,
    SearchResult,
    Sentence,
    Timings,
)


@dataclass(slots=True)
class _Course:
    """What is known of one answer so far; turned into an `Answer` whenever it ends."""

    question: str
    began: float = field(default_factory=time.perf_counter)
    result: SearchResult | None = None
    extract: Sentence | None = None
    plan: Plan | None = None
    written: str = ""
    generated_tokens: int = 0
    retrieve_ms: float = 0.0
    extract_ms: float = 0.0
    first_token_ms: float | None = None
    looped: bool = False
    cancelled: bool = False

    def elapsed(self) -> float:
        return (time.perf_counter() - self.began) * 1000.0


class AnswerSession:
    """Answers questions from one library.

    Without a chat model (`chat` is None) the answer is the best supporting sentence alone.
    `style` is the prompt style of the chat model (see `assistant.prompts`).
    """

    def __init__(
        self,
        retriever: Retriever,
        chat: ChatEngine | None,
        embedder: Embedder,
        settings: Settings,
        *,
        style: str = DEFAULT_STYLE,
    ) -> None:
        self._retriever = retriever
        self._chat = chat
        self._embedder = embedder
        self._settings = settings
        self._style = style

    def prepare(self) -> None:
        """Let the chat model read the constant beginning of every prompt now.

        The first answer then begins sooner by the time that takes (about a quarter of a
        second on a laptop). Without a chat model there is nothing to do.
        """
        if self._chat is not None:
            prompt = self._chat.render(build_messages("", (), self._style))
            for _ in self._chat.generate(prompt, Sampling(max_tokens=0)):
                pass

    def ask(self, question: str, cancel: CancelToken | None = None) -> Iterator[AnswerEvent]:
        """Answer `question`; the events come as they happen and `Finished` is the last.

        After a cancel the answer holds what there was until then (`cancelled` is True).
        Raises `UsageError` for an empty question, `ContextOverflowError` for one that is
        too long for the chat model, and what store, embedder and chat model raise.
        """
        token = cancel or CancelToken()
        course = _Course(question)
        try:
            yield from self._steps(course, token)
        except Cancelled:
            course.cancelled = True
        yield Finished(self._finish(course))

    def _steps(self, course: _Course, cancel: CancelToken) -> Iterator[AnswerEvent]:
        cancel.raise_if_cancelled()
        result = self._retriever.search(course.question, self._settings.search_hits)
        course.result = result
        course.retrieve_ms = course.elapsed()
        yield Retrieved(result)
        if not result.relevant:
            return
        cancel.raise_if_cancelled()
        scored = self._extract(course, result, cancel)
        if course.extract is not None:
            yield Extracted(course.extract)
        if self._chat is not None:
            yield from self._generate(course, result, scored, self._chat, cancel)

    def _extract(
        self, course: _Course, result: SearchResult, cancel: CancelToken
    ) -> list[ScoredSentence]:
        began = course.elapsed()
        weights = self._retriever.term_weights(course.question)
        scored = score_sentences(course.question, result.hits, self._embedder, weights, cancel)
        course.extract = best_extract(result.hits, scored)
        course.extract_ms = course.elapsed() - began
        return scored

    def _generate(
        self,
        course: _Course,
        result: SearchResult,
        scored: list[ScoredSentence],
        chat: ChatEngine,
        cancel: CancelToken,
    ) -> Iterator[AnswerEvent]:
        cancel.raise_if_cancelled()
        plan = plan_prompt(course.question, result.hits, scored, chat, self._settings, self._style)
        course.plan = plan
        pieces = self._written(plan, chat, cancel)
        try:
            for piece in pieces:
                if course.first_token_ms is None:
                    course.first_token_ms = course.elapsed()
                course.written += piece
                yield Generated(piece)
                end = loop_end(course.written)
                if end is not None:
                    course.written = course.written[:end]
                    course.looped = True
                    break
                cancel.raise_if_cancelled()
        finally:
            if isinstance(pieces, GeneratorType):
                pieces.close()

    def _written(self, plan: Plan, chat: ChatEngine, cancel: CancelToken) -> Iterator[str]:
        """Let the model write, as it was tuned to: freely, or a quote or nothing else."""
        threshold = chat.calibration.get(REFUSAL_THRESHOLD, 0.0)
        if chat.calibration.get(QUOTES_ONLY) and plan.passages:
            quoted = chat.quote(
                plan.prompt,
                [window.text for window in plan.passages],
                REFUSAL,
                cancel,
                max_tokens=plan.max_answer_tokens,
            )
            doubt = quoted.doubt(chat.calibration.get(DOUBT_WEIGHT, 0.0))
            yield REFUSAL if not quoted.text or doubt > threshold else f'"{quoted.text}"'
            return
        sampling = Sampling(
            max_tokens=plan.max_answer_tokens,
            temperature=self._settings.temperature,
            first_bias=((REFUSAL, -threshold),) if threshold else (),
        )
        yield from chat.generate(plan.prompt, sampling, cancel)

    def _finish(self, course: _Course) -> Answer:
        result = course.result
        hits = result.hits if result is not None else ()
        relevant = result is not None and result.relevant
        written = course.written.strip()
        refused = bool(written) and is_refusal(written)
        checked: list[Sentence] = []
        if written and not refused:
            checked = check_answer(written, [hit.passage for hit in hits], course.question)
        tokens = self._chat.count_tokens(course.written) if self._chat and course.written else 0
        plan = course.plan
        sentences = ([course.extract] if course.extract else []) + checked
        abstained = not course.cancelled and (not relevant or refused or not sentences)
        return Answer(
            question=course.question,
            text=answer_text(course.extract, checked, refused=refused, relevant=relevant),
            abstained=abstained,
            sentences=tuple(sentences),
            passages=hits,
            relevance=result.relevance if result is not None else 0.0,
            timings=Timings(
                retrieve_ms=course.retrieve_ms,
                extract_ms=course.extract_ms,
                first_token_ms=course.first_token_ms,
                total_ms=course.elapsed(),
                prompt_tokens=plan.prompt_tokens if plan else 0,
                generated_tokens=tokens,
            ),
            model=self._chat.name if self._chat is not None else "",
            cancelled=course.cancelled,
            truncated=course.looped
            or (plan is not None and not course.cancelled and tokens >= plan.max_answer_tokens),
        )
