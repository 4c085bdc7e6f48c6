"""The whole course of an answer, with fakes for the models and the store."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.answering import AnswerSession
from assistant.answering.answer_text import CLOSEST, NOT_FOUND
from assistant.config import Settings
from assistant.errors import ContextOverflowError, EngineError, UsageError
from assistant.prompts import REFUSAL
from assistant.retrieval import Calibration as Relevance
from assistant.retrieval import Retriever
from assistant.text.sentences import split_sentences
from assistant.types import (
    Answer,
    AnswerEvent,
    Calibration,
    CancelToken,
    Chunk,
    Extracted,
    Finished,
    Generated,
    NewDocument,
    ParsedDocument,
    Quoted,
    Retrieved,
)
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.engine import FakeChat
from tests.fakes.store import FakeStore

MANUAL = (
    "The oil of the pump is changed every six months. The filter is cleaned every week.",
    "A nurse records the discharge letter. The letter is signed by the senior physician.",
    "Deliveries arrive on Mondays. The gate opens at seven.",
)
QUESTION = "How often is the oil of the pump changed?"
ANSWER_SENTENCE = "The oil of the pump is changed every six months."
WORDS_ONLY = Relevance(
    intercept=-5.0, cosine=0.0, coverage=10.0, threshold=0.5, reading=0.05, provenance="test"
)


def library(texts: Sequence[str] = MANUAL) -> tuple[FakeStore, FakeEmbedder]:
    store, embedder = FakeStore(), FakeEmbedder()
    for number, text in enumerate(texts):
        assert split_sentences(text)
        store.add(
            NewDocument(
                name=f"manual{number}.txt",
                sources=(f"manual{number}.txt",),
                content_hash=str(number),
                document=ParsedDocument(text, (0,), "text/plain"),
                chunks=[Chunk(0, 0, len(text))],
                vectors=embedder.embed_documents([text]),
            )
        )
    return store, embedder


def session(chat: FakeChat | None, texts: Sequence[str] = MANUAL, **settings: int) -> AnswerSession:
    store, embedder = library(texts)
    retriever = Retriever(store, embedder, calibration=WORDS_ONLY)
    made = Settings(data_dir=Path("unused")).with_changes(**settings)
    return AnswerSession(retriever, chat, embedder, made)


def finish(events: list[AnswerEvent]) -> Answer:
    assert isinstance(events[-1], Finished)
    assert sum(isinstance(e, Finished) for e in events) == 1
    return events[-1].answer


def test_events_come_in_order_and_the_quote_is_checked() -> None:
    chat = FakeChat(["It is changed ", '"every six months" [1]. ', "The moon is green."])
    events = list(session(chat).ask(QUESTION))
    kinds = [type(e) for e in events]
    assert kinds == [Retrieved, Extracted, Generated, Generated, Generated, Finished]
    answer = finish(events)
    extract, quoted, invented = answer.sentences
    assert (extract.text, extract.origin, extract.supported) == (ANSWER_SENTENCE, "extract", True)
    assert quoted.supported
    assert quoted.quotes[0].text == "every six months"
    assert quoted.quotes[0].document == "manual0.txt"
    assert not invented.supported
    assert answer.text == ANSWER_SENTENCE
    assert not answer.abstained
    assert answer.model == "fake-chat"
    assert answer.timings.first_token_ms is not None
    assert answer.timings.prompt_tokens > 0


def test_supported_sentences_that_add_something_are_part_of_the_text() -> None:
    chat = FakeChat(['Also "the filter is cleaned every week" [1].'])
    answer = finish(list(session(chat).ask(QUESTION)))
    assert answer.text.splitlines() == [
        ANSWER_SENTENCE,
        'Also "the filter is cleaned every week" [1].',
    ]


def test_without_a_chat_model_the_extract_is_the_answer() -> None:
    events = list(session(None).ask(QUESTION))
    assert [type(e) for e in events] == [Retrieved, Extracted, Finished]
    answer = finish(events)
    assert (answer.text, answer.model, answer.abstained) == (ANSWER_SENTENCE, "", False)


def test_prepare_reads_the_beginning_that_every_prompt_shares() -> None:
    chat = FakeChat()
    prepared = session(chat)
    prepared.prepare()
    list(prepared.ask(QUESTION))
    (first,), (second,) = chat.warmed_up, chat.prompts
    shared = first.split("<user>")[0]
    assert len(shared.split()) > 20
    assert second.startswith(shared)
    session(None).prepare()


def test_an_irrelevant_question_never_reaches_the_model() -> None:
    chat = FakeChat()
    answer = finish(list(session(chat).ask("Who won the football championship yesterday?")))
    assert answer.abstained
    assert answer.text == NOT_FOUND
    assert answer.sentences == ()
    assert answer.passages
    assert chat.prompts == []


def test_an_empty_library_abstains() -> None:
    answer = finish(list(session(FakeChat(), ()).ask(QUESTION)))
    assert answer.abstained
    assert answer.passages == ()


def test_a_refusal_of_the_model_keeps_the_closest_sentence() -> None:
    answer = finish(list(session(FakeChat(["Not in the ", "documents."])).ask(QUESTION)))
    assert answer.abstained
    assert answer.text == f"{NOT_FOUND} {CLOSEST} {ANSWER_SENTENCE}"
    assert [s.origin for s in answer.sentences] == ["extract"]


def test_a_calibrated_model_leans_towards_refusing() -> None:
    chat = FakeChat(calibration=Calibration(refusal_threshold=-1.5))
    list(session(chat).ask(QUESTION))
    assert chat.samplings[-1].first_bias == ((REFUSAL, 1.5),)
    plain = FakeChat()
    list(session(plain).ask(QUESTION))
    assert plain.samplings[-1].first_bias == ()


QUOTED = Quoted("oil of the pump is changed every six months", -2.0, -1.5, 8)


def quoting(quoted: Quoted, **calibration: float) -> FakeChat:
    made = replace(Calibration(quotes_only=True), **calibration)
    return FakeChat(quoted=quoted, calibration=made)


def test_a_model_that_only_quotes_is_asked_for_a_quote_of_what_it_was_shown() -> None:
    chat = quoting(QUOTED)
    answer = finish(list(session(chat).ask(QUESTION)))
    assert not chat.samplings
    assert chat.quoted_from
    assert all(text in chat.prompts[-1] for text in chat.quoted_from)
    assert answer.sentences[-1].text == f'"{QUOTED.text}"'
    assert not answer.abstained


def test_in_doubt_it_refuses() -> None:
    cases = ((0.0, -1.0, False), (0.0, -2.5, True), (0.8, -1.0, True), (0.8, -0.5, False))
    for weight, threshold, refused in cases:
        chat = quoting(QUOTED, doubt_weight=weight, refusal_threshold=threshold)
        assert finish(list(session(chat).ask(QUESTION))).abstained is refused


def test_without_anything_to_quote_it_refuses() -> None:
    chat = quoting(Quoted("", -9.0, 0.0, 0))
    assert finish(list(session(chat).ask(QUESTION))).abstained


def test_cancel_while_generating_keeps_what_was_written() -> None:
    cancel = CancelToken()
    chat = FakeChat(["The oil ", "is changed ", "never."], delay=0.01)
    events: list[AnswerEvent] = []
    for event in session(chat).ask(QUESTION, cancel):
        events.append(event)
        if isinstance(event, Generated):
            cancel.cancel()
    answer = finish(events)
    assert answer.cancelled
    assert not answer.abstained
    assert [s.text for s in answer.sentences] == [ANSWER_SENTENCE, "The oil"]
    assert chat.active == 0


def test_cancel_before_the_start_still_finishes() -> None:
    cancel = CancelToken()
    cancel.cancel()
    (event,) = session(FakeChat()).ask(QUESTION, cancel)
    assert isinstance(event, Finished)
    assert event.answer.cancelled


def test_a_consumer_that_leaves_stops_the_model() -> None:
    chat = FakeChat(["word "] * 50)
    events = session(chat).ask(QUESTION)
    while not isinstance(next(events), Generated):
        pass
    events.close()  # type: ignore[attr-defined]
    assert chat.active == 0


def test_a_cancel_from_another_thread_ends_a_slow_model() -> None:
    cancel = CancelToken()
    timer = threading.Timer(0.1, cancel.cancel)
    timer.start()
    answer = finish(list(session(FakeChat(["a "] * 100, delay=5.0)).ask(QUESTION, cancel)))
    timer.join()
    assert answer.cancelled
    assert answer.timings.total_ms < 4_000


def test_a_loop_is_stopped_and_cut() -> None:
    chat = FakeChat(["The oil is changed by the nurse. "] * 60)
    answer = finish(list(session(chat).ask(QUESTION)))
    assert [s.text for s in answer.sentences[1:]] == ["The oil is changed by the nurse."]
    assert answer.truncated


def test_a_failing_model_raises_its_error_after_the_extract() -> None:
    chat = FakeChat(["one ", "two "], fail_with=EngineError("decode failed"), fail_at=1)
    seen = []
    with pytest.raises(EngineError, match="decode failed"):
        seen.extend(session(chat).ask(QUESTION))
    events = session(chat).ask(QUESTION)
    assert isinstance(next(events), Retrieved)
    assert isinstance(next(events), Extracted)


def test_a_question_over_the_context_is_refused() -> None:
    with pytest.raises(ContextOverflowError):
        list(session(FakeChat(context_length=200)).ask(QUESTION + " oil pump" * 200))


def test_an_empty_question_is_refused() -> None:
    with pytest.raises(UsageError):
        list(session(FakeChat()).ask(" ?! "))


def test_the_prompt_holds_the_best_passage_first_and_few_of_them() -> None:
    chat = FakeChat()
    list(session(chat, prompt_passages=2).ask(QUESTION))
    messages = chat.messages[-1]
    assert ANSWER_SENTENCE in messages[-1].content.split("[2]")[0]
    assert "[3]" not in messages[-1].content
