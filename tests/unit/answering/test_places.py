"""A quote that the engine made is a place: cited there, whatever its words look like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from assistant.types import (
    MAP_REDUCE,
    TOGETHER,
    Calibration,
    Quoted,
    Sentence,
)
from tests.fakes.engine import FakeChat, places_of
from tests.unit.answering.strategies.sessions import Quoter, finish, session

QUESTION = "What does the effective date of the pump contract mean?"
STRATEGIES = (TOGETHER, MAP_REDUCE)


def quoting(text: str, **calibration: Any) -> FakeChat:
    """A tuned model that quotes these very words, in whatever way it is asked."""

    def said(passages: Sequence[str]) -> Quoted:
        return Quoted(text if places_of(text, passages) else "", -2.0, -0.5, 3)

    chat = Quoter(said)
    chat.calibration = replace(chat.calibration, **calibration)
    return chat


def only_sentence(chat: FakeChat, passages: Sequence[str], question: str, how: str) -> Sentence:
    answer, _ = finish(session(chat, passages).ask(question, strategy=how))
    (sentence,) = (s for s in answer.sentences if s.origin == "model")
    return sentence


@pytest.mark.parametrize("how", STRATEGIES)
@pytest.mark.parametrize(
    "text",
    [
        '"Effective Date" of the pump contract means 1 May 2024',
        'the pump contract means 1 May 2024 ("Effective Date")',
        'The pump contract has "Effective Date" and "Term" as words',
        'a pump contract with a diameter of 3" and a length of 20 m',
        "the pump contract's date, 'Effective Date', means today",
        "the pump contract of \u201cHale\u201d and \u201eK\u00e4ltetechnik\u201c means this date",
        "\u00abEffective Date\u00bb of the pump contract means 1 May",
        "the \u2018Effective Date\u2019 of the pump contract",
        '"',
        'the pump contract means [2] the date "so (page 3) of other.pdf"',
        "the pump contract ... means the date",
        '3" pump contract',
        'Effective Date". The pump contract means "Term',
        "the pump contract means this. The date is effective",
    ],
)
def test_marks_inside_a_quote_are_words_of_it(text: str, how: str) -> None:
    passage = f"A sentence before. {text}; so much for the effective date of the pump contract."
    sentence = only_sentence(quoting(text), [passage], QUESTION, how)
    assert sentence.text == f'"{text}"'
    assert "".join(quote.text for quote in sentence.quotes) == text
    assert sentence.supported is any(map(str.isalnum, text))


WITHIN = "within 30 days"
TWICE = (
    "A defect of the pumps is reported within 30 days of delivery, or the claim is lost. "
    "The invoice for the pumps is paid within 30 days of its date by the buyer."
)
PAID = "By when is the invoice for the pumps paid by the buyer?"
REPORTED = "By when is a defect of the pumps reported, or the claim lost?"


@pytest.mark.parametrize("how", STRATEGIES)
@pytest.mark.parametrize(("question", "nth"), [(REPORTED, 0), (PAID, 1)])
def test_words_that_stand_twice_are_cited_where_the_sentence_answers(
    question: str, nth: int, how: str
) -> None:
    sentence = only_sentence(quoting(WITHIN), [TWICE], question, how)
    (cited,) = sentence.quotes
    assert (cited.start, cited.end) == (places_of(WITHIN, [TWICE])[nth].start, cited.start + 14)


@pytest.mark.parametrize(("question", "nth"), [(REPORTED, 0), (PAID, 1)])
def test_so_they_are_if_they_stand_in_two_passages(question: str, nth: int) -> None:
    texts = [f"{part.strip()}." for part in TWICE.split(".") if part.strip()]
    sentence = only_sentence(quoting(WITHIN), texts, question, TOGETHER)
    assert sentence.quotes[0].document == f"contract{nth}.txt"


def test_the_confidence_looks_at_the_sentence_that_is_cited() -> None:
    """One that weighs the quote's sentence alone is surer of the place that answers."""
    chat = quoting(WITHIN, confidence={"intercept": 0.0, "best": 1.0}, answer_threshold=0.0)
    answer, _ = finish(session(chat, [TWICE]).ask(PAID, strategy=TOGETHER))
    assert answer.confidence == pytest.approx(0.731, abs=0.001)  # of the best sentence


SPACED = "The  contract:\n\n\tthe\u00a0pump  is\r\n  changed\fwithin 30\n days of   1 May.\n"


@pytest.mark.parametrize("how", STRATEGIES)
@pytest.mark.parametrize("words", ["the pump is changed within 30 days of 1 May", "30 days"])
def test_white_space_of_the_passage_is_kept_in_the_citation(words: str, how: str) -> None:
    sentence = only_sentence(quoting(words), [SPACED], "When is the pump changed?", how)
    assert sentence.supported
    cited = SPACED[sentence.quotes[0].start : sentence.quotes[-1].end]
    assert " ".join(cited.split()) == words
    assert cited == cited.strip()


def test_windows_are_mapped_to_their_passages() -> None:
    """A long passage is shown in parts: offsets count from its beginning all the same."""
    long = " ".join(f"The pump number {n} has {n} seals and nothing else." for n in range(25))
    chat = quoting("19 seals")
    question = "How many seals has the pump number 19?"
    answer, _ = finish(session(chat, [long], prompt_passage_tokens=30).ask(question))
    assert len(chat.prompts[-1].split()) < 200
    (cited,) = answer.sentences[-1].quotes
    assert long[cited.start : cited.end] == cited.text == "19 seals"
    sentence = only_sentence(chat, [long], question, MAP_REDUCE)
    assert long[sentence.quotes[0].start :].startswith("19 seals")


@pytest.mark.parametrize(
    ("passage", "text", "flaw"),
    [
        ("The pump takes 1.5 mg of oil a day.", "5 mg of oil", "number"),
        ("The pump takes -5 mg of oil a day.", "5 mg of oil", "number"),
        ("The pump takes >= 5 mg of oil a day.", "5 mg of oil", "number"),
        ("The pump takes oil of 2,000 litres.", "oil of 2", "number"),
        ("A non-compliance of the oiled pump.", "compliance of the oiled pump", "fabricated"),
        ("The pump is not to be oiled daily.", "be oiled daily", "negation"),
        ("The pump isn't oiled on Mondays.", "oiled on Mondays", "negation"),
        ("The pump's oil is \u2014 see below \u2014 new.", "\u2014", "unquoted"),
        ("The pump takes 5 mg of oil a day.", "5 mg of oil", ""),
        ("The pump is oiled daily, not weekly.", "oiled daily", ""),
    ],
)
def test_what_a_quote_leaves_out_before_it_counts(passage: str, text: str, flaw: str) -> None:
    sentence = only_sentence(quoting(text), [passage], "How is the pump oiled?", TOGETHER)
    assert [found.code for found in sentence.flaws] == ([flaw] if flaw else [])
    assert sentence.supported is not bool(flaw)


def test_a_place_that_cuts_a_number_is_passed_over_for_one_that_does_not() -> None:
    passage = "The oil of the pump: 1.5 mg of oil. Others: 5 mg of oil."
    sentence = only_sentence(quoting("5 mg of oil"), [passage], "What oil has the pump?", TOGETHER)
    assert sentence.supported
    assert sentence.quotes[0].start == passage.index("5 mg", 30)


def test_an_engine_that_gives_no_place_gives_no_quote() -> None:
    class Placeless(FakeChat):
        def quote(self, *how: object, **more: object) -> Quoted:  # type: ignore[override]
            return Quoted("the pump", -2.0, -0.5, 2)

    chat = Placeless(calibration=Calibration(quotes_only=True))
    for how in (TOGETHER, MAP_REDUCE):
        answer, _ = finish(session(chat).ask("How long is the warranty?", strategy=how))
        assert answer.abstained
