"""One question, one answer: choose how, search, extract, ask the model, check what it wrote.

Earlier answers are never shown to the model. Of earlier questions only the last one's words
are put before this one's, for the search and for the model, where this one leans on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import GeneratorType

from assistant.answering.answer_text import answer_text
from assistant.answering.best_sentence import ScoredSentence, best_extract, score_sentences
from assistant.answering.checks import embedder_similarity
from assistant.answering.contradictions import find_disagreements
from assistant.answering.course import Course, Task
from assistant.answering.strategies import Router, strategy_named
from assistant.answering.verify import check_answer
from assistant.config import Settings
from assistant.errors import Cancelled
from assistant.prompts import DEFAULT_STYLE, build_messages, is_refusal
from assistant.retrieval import Retriever
from assistant.types import (
    Answer,
    AnswerEvent,
    CancelToken,
    ChatEngine,
    Contradiction,
    DocumentRecord,
    Embedder,
    Extracted,
    Finished,
    Retrieved,
    Sampling,
    SearchResult,
    Sentence,
    Timings,
)


def _no_documents() -> Sequence[DocumentRecord]:
    return ()


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
        documents: Callable[[], Sequence[DocumentRecord]] = _no_documents,
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
            prompt = self._chat.render(build_messages("", (), self._style))
            for _ in self._chat.generate(prompt, Sampling(max_tokens=0)):
                pass

    def ask(
        self,
        question: str,
        cancel: CancelToken | None = None,
        *,
        strategy: str = "",
        previous: str = "",
    ) -> Iterator[AnswerEvent]:
        """Answer `question`; the events come as they happen and `Finished` is the last.

        `strategy` is one of `types.reading`, "" the setting; `previous` the question before.
        After a cancel the answer holds what there was until then (`cancelled` is True).
        Raises `UsageError` for an empty question and an unknown strategy,
        `ContextOverflowError` for a question that is too long for the chat model, and what
        store, embedder and chat model raise.
        """
        token = cancel or CancelToken()
        course = Course(question)
        try:
            yield from self._steps(course, token, strategy or self._settings.reading, previous)
        except Cancelled:
            course.cancelled = True
        yield Finished(self._finish(course))

    def _steps(
        self, course: Course, cancel: CancelToken, strategy: str, previous: str
    ) -> Iterator[AnswerEvent]:
        cancel.raise_if_cancelled()
        choice = self._router.choose(course.question, strategy, previous)
        course.strategy, course.route, course.direct = choice.strategy, choice.route, choice.answer
        if course.direct:
            return
        reader = strategy_named(choice.strategy)
        searched = choice.route.searched or course.question
        wanted = max(self._settings.search_hits, reader.passages if reader else 0)
        result = self._retriever.search(searched, wanted)
        course.result = result
        course.retrieve_ms = course.elapsed()
        yield Retrieved(result)
        course.in_scope = result.relevant or (
            result.worth_reading and reader is not None and _refuses_by_itself(self._chat)
        )
        if not course.in_scope:
            return
        cancel.raise_if_cancelled()
        course.scored = self._extract(course, result, searched, cancel)
        if course.extract is not None and result.relevant:
            yield Extracted(course.extract)
        if reader is None or self._chat is None:
            return
        task = Task(
            searched,
            result.hits,
            course.scored,
            self._chat,
            self._settings,
            self._style,
            cancel,
        )
        events = reader.read(task, course)
        try:
            yield from events
        finally:
            if isinstance(events, GeneratorType):
                events.close()

    def _extract(
        self, course: Course, result: SearchResult, searched: str, cancel: CancelToken
    ) -> list[ScoredSentence]:
        began = course.elapsed()
        weights = self._retriever.term_weights(searched)
        scored = score_sentences(searched, result.hits, self._embedder, weights, cancel)
        course.extract = best_extract(result.hits, scored)
        course.extract_ms = course.elapsed() - began
        return scored

    def _finish(self, course: Course) -> Answer:
        result = course.result
        hits = result.hits if result is not None else ()
        written = course.written.strip()
        refused = bool(written) and is_refusal(written)
        checked = [] if refused else self._checked(course)
        tokens = self._chat.count_tokens(course.written) if self._chat and course.written else 0
        sentences = ([course.extract] if course.extract else []) + checked
        abstained = not course.cancelled and (not course.in_scope or refused or not sentences)
        contradictions = _contradictions(course) if course.in_scope and not course.cancelled else ()
        text = answer_text(
            course.extract,
            checked,
            refused=refused,
            relevant=course.in_scope,
            contradictions=contradictions,
        )
        plan = course.plan
        return Answer(
            question=course.question,
            text=course.direct or text,
            abstained=abstained and not course.direct,
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
            truncated=_cut_short(course, tokens),
            strategy=course.strategy,
            route=course.route,
            candidates=course.candidates,
            confidence=course.confidence,
            contradictions=contradictions,
        )

    def _checked(self, course: Course) -> list[Sentence]:
        """Check what was written; a quote whose passage is known, against that one alone."""
        hits = course.result.hits if course.result is not None else ()
        if course.found:
            return [
                sentence
                for found in course.found
                for sentence in check_answer(
                    f'"{found.text}"', [hits[found.hit].passage], course.question
                )
            ]
        written = course.written.strip()
        if not written:
            return []
        return check_answer(
            written,
            [hit.passage for hit in hits],
            course.question,
            numbered=course.plan.passages if course.plan is not None else None,
            similarity=embedder_similarity(self._embedder),
        )


def _refuses_by_itself(chat: ChatEngine | None) -> bool:
    return chat is not None and chat.calibration.quotes_only


def _contradictions(course: Course) -> tuple[Contradiction, ...]:
    """Find what the documents disagree about."""
    hits = course.result.hits if course.result is not None else ()
    return find_disagreements(course.question, hits, course.scored, course.candidates)


def _cut_short(course: Course, tokens: int) -> bool:
    """Whether the model said more, or would have."""
    if course.looped or (course.quoted is not None and not course.quoted.complete):
        return True
    plan = course.plan
    return plan is not None and not course.cancelled and tokens >= plan.max_answer_tokens
