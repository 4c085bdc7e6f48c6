"""The pipeline from a question to a verified answer: route, search, read, decide, verify.

Earlier answers are never shown to the model. Of earlier questions only the last one's words
are put before this one's, for the search and for the model, where this one leans on it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from assistant.answering.answer_spans import PASSAGES as READ_PASSAGES
from assistant.answering.answer_text import answer_text
from assistant.answering.ask_again import ask_again
from assistant.answering.checks.support import embedder_similarity
from assistant.answering.contradictions import find_disagreements
from assistant.answering.ground_sentences import ground
from assistant.answering.nearest_sentence import unread_choice, why_not_read, with_sentences
from assistant.answering.reader_answer import by_document, considered, kept_hits, read_answer
from assistant.answering.request import StrategyRequest, StrategyResult, milliseconds_since
from assistant.answering.stages import (
    Searched,
    Stages,
    holds_code,
    reached_limit,
    shown_at_once,
    statements_of,
    timings_of,
)
from assistant.answering.strategies import question_type
from assistant.answering.strategies.map_reduce import PASSAGES as LISTED_PASSAGES
from assistant.answering.strategies.registry import READERS
from assistant.answering.strategies.router import RouteChoice, Router
from assistant.answering.summary import summary_of
from assistant.answering.verify import check_answer, check_quote
from assistant.config import Settings
from assistant.errors import Cancelled, EngineError
from assistant.prompts import build_messages, is_refusal
from assistant.retrieval import Retriever
from assistant.types import (
    EXTRACT,
    MAP_REDUCE,
    READER,
    Answer,
    AnswerEvent,
    CancelToken,
    ChatEngine,
    DocumentRecord,
    Embedder,
    Finished,
    ModelProfile,
    Reader,
    Retrieved,
    Sentence,
)

_CODE_HITS = 5


class AnswerSession:
    """Answers questions from one library.

    With a `reader` the answer is what it finds; a chat model that writes freely goes on from
    there. With neither it is the best supporting sentence alone.
    `style` is a prompt style, "" that of the chat model's profile; `documents` lists
    what is in the library, for questions about that.
    """

    def __init__(
        self,
        retriever: Retriever,
        chat: ChatEngine | None,
        embedder: Embedder,
        settings: Settings,
        *,
        style: str = "",
        reader: Reader | None = None,
        documents: Callable[[], Sequence[DocumentRecord]] = tuple,
    ) -> None:
        self._retriever = retriever
        self._chat = chat
        self._embedder = embedder
        profile = chat.profile if chat is not None else ModelProfile()
        self._settings = settings.for_model(profile)
        self._style = style or profile.prompt
        self._reader = reader
        self._router = Router(chat, documents, reads=reader is not None)

    def prepare(self) -> None:
        """Get ready what answers: the reader, and a chat model that writes.

        The chat model reads the constant beginning of every prompt now; the first answer then
        begins sooner by the time that takes (about a quarter of a second on a laptop).
        """
        if self._reader is not None:
            self._reader.read("warm up", ["A passage."])
        if self._chat is not None and not (self._reader and self._chat.calibration.quotes_only):
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
        searched: Searched | None = None
        read, cancelled = StrategyResult(""), False
        try:
            token.raise_if_cancelled()
            choice = self._router.choose(question, strategy or self._settings.reading, previous)
            read = StrategyResult(choice.strategy)
            if choice.document is not None:
                searched = self._summarised(choice.document, began)
                yield Retrieved(searched.result)
            elif not choice.answer:
                searched = self._search(choice.route.searched or question, choice, began)
                if searched.unread:
                    choice = unread_choice(choice, searched.unread)
                    read = StrategyResult(choice.strategy)
                yield Retrieved(searched.result)
            if searched is not None and searched.in_scope and choice.document is None:
                token.raise_if_cancelled()
                searched = self._with_reading(searched, choice, token)
                if (shown := shown_at_once(searched)) is not None:
                    yield shown
                if self._chat is not None and choice.strategy in READERS:
                    request = self._request(searched, self._chat, token, began)
                    read = yield from READERS[choice.strategy](request)
        except Cancelled:
            cancelled = True
        except EngineError as error:
            if choice is None or searched is None or searched.found is None:
                raise
            # What the reader found stands, whatever becomes of the chat model.
            failed = f" The chat model gave no answer: {error.message}"
            read = StrategyResult(choice.strategy, cut_short=True, note=failed)
        cancelled = cancelled or read.cancelled
        total = milliseconds_since(began)
        yield Finished(self._finished(Stages(question, choice, searched, read, cancelled, total)))

    def _request(
        self, searched: Searched, chat: ChatEngine, cancel: CancelToken, began: float
    ) -> StrategyRequest:
        words, result, scored = searched.query.text, searched.result, searched.scored
        return StrategyRequest(
            words, result, scored, chat, self._settings, self._style, cancel, began
        )

    def _search(self, words: str, choice: RouteChoice, began: float) -> Searched:
        """Search for as many passages as are wanted: by the settings, and to be read."""
        settings = self._settings
        reads = choice.strategy in READERS
        wanted = max(settings.search_hits, settings.prompt_passages if reads else 0)
        if choice.strategy == MAP_REDUCE:
            wanted = max(wanted, LISTED_PASSAGES)
        if self._asks_reader(choice):
            wanted = max(wanted, READ_PASSAGES)
        query = self._retriever.query(words)
        result = self._retriever.search(query, wanted)
        asks, many = self._asks_reader(choice), self._retriever.multilingual
        unread = why_not_read(words, result.hits, multilingual=many) if asks else ""
        asks = asks and not unread
        if choice.route.kind == question_type.PARTIES and asks:
            result = self._retriever.with_openings(result)
        refuses = self._chat is not None and self._chat.calibration.quotes_only
        worth = result.worth_reading or holds_code(words, result.hits[:_CODE_HITS])
        in_scope = result.relevant or (worth and reads and refuses) or asks
        return Searched(query, result, in_scope, milliseconds_since(began), unread=unread)

    def _summarised(self, document: DocumentRecord, began: float) -> Searched:
        """Quote the key sentence of each part of a document."""
        result, found = summary_of(document, self._retriever.document_passages(document.id))
        query = self._retriever.query(document.name)
        return Searched(query, result, result.relevant, milliseconds_since(began), found=found)

    def _asks_reader(self, choice: RouteChoice) -> bool:
        """Tell whether the reader is asked: alone, or before a model that writes freely."""
        writes = self._chat is not None and not self._chat.calibration.quotes_only
        freely = choice.strategy in READERS and writes
        return self._reader is not None and (choice.strategy == READER or freely)

    def _with_reading(
        self, searched: Searched, choice: RouteChoice, cancel: CancelToken
    ) -> Searched:
        """Let the reader look for the answer; without one, take the best sentence."""
        if self._reader is None or searched.unread or not self._asks_reader(choice):
            many = self._retriever.multilingual
            settings = self._settings
            return with_sentences(searched, self._embedder, settings, cancel, multilingual=many)
        began = time.perf_counter()
        several = choice.route.kind in (question_type.LIST, question_type.PARTIES)
        words, result = searched.query.text, searched.result
        found = read_answer(words, result, self._reader, cancel, several=several)
        result = kept_hits(result, found, self._settings.search_hits)
        spent = milliseconds_since(began)
        extract = found.sentences[0] if found.sentences else None
        return replace(
            searched,
            result=result,
            scored=found.scored,
            extract=extract,
            extract_ms=spent,
            found=found,
        )

    def _verified(self, stages: Stages) -> list[Sentence]:
        """Check what the model said: its quotes at their places, all else by what it writes."""
        sentences = self._checked(stages)
        if self._reader is None:
            return sentences
        if stages.read.plan is not None:
            shown, similar = stages.read.plan.passages, embedder_similarity(self._embedder)
            sentences = ground(stages.question, sentences, shown, self._reader, similar)
        return ask_again(stages.question, sentences, stages.hits, self._reader)

    def _answered_by(self, strategy: str) -> str:
        """Return the name of the model that answered, "" if none did."""
        if strategy == READER and self._reader is not None:
            return self._reader.name
        return self._chat.name if self._chat is not None else ""

    def _checked(self, stages: Stages) -> list[Sentence]:
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

    def _finished(self, stages: Stages) -> Answer:
        choice, searched, read = stages.choice, stages.searched, stages.read
        refused = is_refusal(read.written.strip()) if read.written.strip() else False
        checked = self._verified(stages)
        extract = searched.extract if searched else None
        found = stages.found
        supported = any(sentence.supported for sentence in checked)
        refused = refused or (found is not None and found.refused and not supported)
        listed = found.sentences if found and not refused else ()
        extracts = by_document(listed) or ((extract,) if extract else ())
        sentences = [*extracts, *checked]
        abstained = not stages.cancelled and (not stages.in_scope or refused or not sentences)
        contradictions = (
            find_disagreements(stages.question, stages.hits, statements_of(stages))
            if searched is not None and searched.in_scope and not stages.cancelled
            else ()
        )
        text = answer_text(
            extracts,
            checked,
            refused=refused,
            relevant=stages.in_scope and (not refused or stages.speaks_of_it),
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
            timings=timings_of(stages, tokens),
            model="" if read.strategy == EXTRACT else self._answered_by(read.strategy),
            cancelled=stages.cancelled,
            truncated=read.cut_short or (not stages.cancelled and reached_limit(read.plan, tokens)),
            strategy=read.strategy,
            route=replace(route, reason=route.reason + stages.note) if route else None,
            candidates=considered(stages.hits, found) if found else (),
            confidence=stages.confidence,
            contradictions=contradictions,
            short=None if found is None or abstained else found.short,
            yes_no="" if found is None or abstained else found.yes_no,
        )
