"""Answers that an extractive reader finds: which span wins, when it is refused, what is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from assistant.answering import AnswerSession
from assistant.answering.answer_text import CLOSEST, NOT_FOUND
from assistant.answering.ask_again import ask_again
from assistant.answering.reader_answer import read_answer
from assistant.config import Settings
from assistant.retrieval import Retriever
from assistant.types import (
    READER,
    TOGETHER,
    Answer,
    Calibration,
    CancelToken,
    Extracted,
    Finished,
    Generated,
    Hit,
    ReaderCalibration,
    Reading,
    Retrieved,
    SearchResult,
    Sentence,
)
from tests.fakes.engine import FakeChat
from tests.fakes.passages import make_hits
from tests.fakes.reader import FakeReader
from tests.unit.answering.test_answer import MANUAL, QUESTION, WORDS_ONLY, library


def ask(
    reader: FakeReader,
    question: str = QUESTION,
    texts: Sequence[str] = MANUAL,
    chat: FakeChat | None = None,
    strategy: str = "",
) -> tuple[Answer, list[type]]:
    store, embedder = library(texts)
    retriever = Retriever(store, embedder, calibration=WORDS_ONLY)
    settings = Settings(data_dir=Path("unused"))
    session = AnswerSession(retriever, chat, embedder, settings, reader=reader)
    events = list(session.ask(question, strategy=strategy))
    assert isinstance(events[-1], Finished)
    return events[-1].answer, [type(event) for event in events]


def knows(answers: Mapping[str, float], question: str = QUESTION) -> FakeReader:
    return FakeReader({question: answers})


def test_the_span_its_sentence_and_its_page_are_shown() -> None:
    answer, events = ask(knows({"every six months": 4.0}))
    assert events == [Retrieved, Extracted, Finished]
    assert answer.strategy == READER
    assert answer.text == "The oil of the pump is changed every six months."
    assert answer.short is not None
    assert (answer.short.text, answer.short.document) == ("every six months", "manual0.txt")
    assert answer.confidence == pytest.approx(0.982, abs=0.001)
    assert not answer.abstained


def test_what_the_reader_does_not_find_is_refused_and_the_nearest_is_named() -> None:
    answer, events = ask(knows({"every six months": -3.0}))
    assert events == [Retrieved, Finished]
    assert answer.abstained
    assert answer.short is None
    assert answer.text.startswith(f"{NOT_FOUND} {CLOSEST}")
    assert answer.confidence is not None
    assert answer.confidence < 0.1


def test_a_statement_far_down_the_search_is_compared_however_many_spans_come_before_it() -> None:
    """Twelve spans of one sentence are as many as are listed; a sentence behind them counts."""
    words = ("oil", "the", "of", "is", "pump", "every", "months", "six", "changed")
    pairs = ("every six", "six months", "is changed", "changed every", "The oil")
    answers = {text: 9.0 - number / 10 for number, text in enumerate((*words, *pairs))}
    texts = [MANUAL[0], *(f"The oil of pump {n} is dark and changed." for n in range(12))]
    far = "Of a valve nobody knows more than that it lasts nine years."
    answer, _ = ask(knows({**answers, "nine years": 1.0}), texts=[*texts, far])
    assert answer.passages[-1].passage.text == far
    assert not answer.abstained


def test_the_question_may_be_answered_far_down_the_search() -> None:
    texts = [*(f"The oil of pump {n} is dark and changed." for n in range(12)), *MANUAL[:1]]
    answer, _ = ask(knows({"every six months": 4.0}), texts=texts)
    assert answer.short is not None
    assert answer.short.text == "every six months"
    [quote] = answer.sentences[0].quotes
    assert quote.document in {h.passage.document for h in answer.passages}


def test_several_things_are_listed_document_by_document() -> None:
    texts = (
        "The seals are covered by the warranty. Nothing else is.",
        "Hoses are excluded. Filters are excluded too.",
        "The gate opens at seven.",
    )
    question = "Which parts are excluded from the warranty?"
    reader = knows({"Hoses": 3.0, "Filters": 2.5, "The gate": -4.0}, question)
    answer, _ = ask(reader, question, texts)
    assert answer.text.splitlines() == ["Hoses are excluded.", "Filters are excluded too."]


def test_what_else_was_considered_is_told_with_its_place_and_probability() -> None:
    texts = ("The warranty lasts 24 months.", "The warranty lasts 36 months by the amendment.")
    question = "How long does the warranty last?"
    answer, _ = ask(knows({"24 months": 3.0, "36 months": 2.0}, question), question, texts)
    assert [c.text for c in answer.candidates] == ["24 months", "36 months"]
    first, second = (c.probability for c in answer.candidates)
    assert 1.0 > first > second > 0.0
    assert first + second <= 1.0
    for candidate in answer.candidates:
        (cited,) = candidate.quotes
        assert cited.text == candidate.text
        assert cited.document_id == answer.passages[candidate.place.passage].passage.document_id


def test_a_model_that_writes_goes_on_from_the_reader() -> None:
    chat = FakeChat(['It is changed "every six months" [1].'])
    answer, events = ask(knows({"every six months": 4.0}), chat=chat)
    assert events == [Retrieved, Extracted, Generated, Finished]
    assert answer.strategy == TOGETHER
    assert [s.origin for s in answer.sentences] == ["extract", "model"]
    assert all(s.supported for s in answer.sentences)


def test_a_model_that_only_quotes_is_not_needed() -> None:
    chat = FakeChat(["unused"], calibration=Calibration(quotes_only=True))
    answer, _ = ask(knows({"every six months": 4.0}), chat=chat)
    assert answer.strategy == READER
    assert chat.prompts == []


def test_a_cancel_while_it_reads_gives_what_there_was() -> None:
    token = CancelToken()

    class Cancels(FakeReader):
        def read(
            self, question: str, passages: Sequence[str], cancel: CancelToken | None = None
        ) -> list[Reading]:
            token.cancel()
            return super().read(question, passages, cancel)

    store, embedder = library()
    session = AnswerSession(
        Retriever(store, embedder, calibration=WORDS_ONLY),
        None,
        embedder,
        Settings(data_dir=Path("unused")),
        reader=Cancels({}),
    )
    *_, last = session.ask(QUESTION, token)
    assert isinstance(last, Finished)
    assert last.answer.cancelled


def hit(text: str) -> Hit:
    return make_hits(text)[0]


# -- a quote's own sentence is asked again ---------------------------------------------------


@pytest.mark.parametrize(
    ("text", "quoted", "supported"),
    [
        ("Children are given 250 mg. It is never dosed at 5 mg.", "250 mg", True),
        ("Children are given 250 mg. It is never dosed at 5 mg.", "5 mg", False),
        ("Children are given 250 mg. It is dosed at -7: 100 mg.", "100 mg", False),
        ("Nothing is given to children but -7: 100 mg.", "100 mg", True),  # its passage's best
        ("Nothing is given to children but -11: 10 mg.", "10 mg", False),
    ],
)
def test_a_quote_is_supported_if_its_own_sentence_answers(
    text: str, quoted: str, supported: bool
) -> None:
    question = "At what dose is it given?"
    reader = knows({"250 mg": 3.0, "-7: 100 mg": -7.0, "-11: 10 mg": -11.0}, question)
    source = hit(text)
    at = text.rindex(quoted)
    quotes = source.passage.cite(at, at + len(quoted))
    said = Sentence(f'"{quoted}"', supported=True, quotes=quotes, origin="model")
    [checked] = ask_again(question, [said], [source], reader)
    assert checked.supported is supported
    assert [flaw.code for flaw in checked.flaws] == ([] if supported else ["unanswering"])


def test_what_code_copied_is_not_asked_again() -> None:
    source = hit("Never 5 mg.")
    said = Sentence("Never 5 mg.", True, source.passage.cite(0, 11), "extract")
    reader = knows({})
    assert ask_again("At what dose?", [said], [source], reader) == [said]
    assert reader.asked == []


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("Where is IT?", "IT"),
        ("What about AX-9/C?", "AX-9/C"),
        ("What does section 7(2) say?", "Section 7(2)"),
    ],
)
def test_a_code_is_enough_to_read_what_holds_it(question: str, code: str) -> None:
    text = f"{code} is kept in room 4."
    answer, _ = ask(knows({"room 4": 4.0}, question), question, (text, *MANUAL))
    assert answer.text == text


def test_of_a_very_long_question_it_is_said_that_its_beginning_is_read() -> None:
    question = QUESTION + " Tell me." * 400
    answer, _ = ask(knows({"every six months": 4.0}, question), question)
    assert answer.route is not None
    assert "only its beginning" in answer.route.reason


def test_a_date_that_can_be_read_in_two_ways_is_said() -> None:
    question = "When is the oil of the pump changed?"
    texts = ("The oil of the pump is changed on 03/04/2024.", *MANUAL[1:])
    answer, _ = ask(knows({"03/04/2024": 4.0}, question), question, texts)
    assert answer.route is not None
    assert "03/04/2024 may be 3 April 2024 or 4 March 2024." in answer.route.reason


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("Who is the arboriculturist?", "It is burned by the arboriculturist."),
        ("What is canker?", ""),  # a heading names it, no sentence does
        ("Who is the gardener?", ""),
        ("How old is the arboriculturist?", ""),
    ],
)
def test_who_or_what_nobody_explains_is_shown_where_it_is_named(question: str, shown: str) -> None:
    hits = make_hits("On canker\n\nIt is burned by the arboriculturist.", "Nothing else is known.")
    reader = FakeReader({}, ReaderCalibration({"intercept": -3.0}, 0.2))
    found = read_answer(question, SearchResult(question, hits, 0.9, relevant=True), reader)
    assert found.refused == (not shown)
    assert found.short is None or found.refused
    if shown:
        assert [sentence.text for sentence in found.sentences] == [shown]
