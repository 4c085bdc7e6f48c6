"""Spans of several passages compete; those that can't be the answer are left out."""

from __future__ import annotations

import pytest

from assistant.answering.answer_spans import fitting_spans, passage_weights, ranked, read_hits
from assistant.types import (
    Hit,
    Reading,
    ReadSpan,
)
from tests.fakes.reader import FakeReader
from tests.unit.answering.test_reader_answer import hit


def found(text: str, words: str, score: float, relevance: float = 0.0) -> tuple[Hit, Reading]:
    at = text.index(words)
    return hit(text), Reading((ReadSpan(at, at + len(words), score),), 0.0, relevance)


def best(*pairs: tuple[Hit, Reading]) -> str:
    hits, readings = [h for h, _ in pairs], [r for _, r in pairs]
    spans = ranked(hits, readings, passage_weights(hits, readings))
    assert sum(span.share for span in spans) <= 1.0 + 1e-9
    return spans[0].text


def test_the_same_words_in_several_passages_count_together() -> None:
    pairs = [
        found("It lasts two years.", "two years", 1.0),
        found("For the two years after delivery.", "the two years", 1.0),
        found("It lasts three years.", "three years", 1.5),
    ]
    assert best(*pairs[1:]) == "three years"
    assert best(*pairs) in {"two years", "the two years"}


def test_no_answer_takes_its_share_of_each_passage() -> None:
    sure = found("The dose is 250 mg.", "250 mg", 2.0)
    unsure = found("Never 5 mg.", "5 mg", -3.0)
    assert best(sure, unsure) == "250 mg"
    assert best(unsure, sure) == "250 mg"


def test_a_passage_that_does_not_concern_the_question_counts_less() -> None:
    near = found("The station is inspected in May.", "May", 1.0, relevance=2.0)
    far = found("The warranty ends in June.", "June", 1.5, relevance=-3.0)
    assert best(far, near) == "May"


def test_nothing_comes_of_nothing() -> None:
    assert ranked([], [], []) == ()
    assert ranked([hit("A.")], [Reading((), 0.0)], [1.0]) == ()


def test_the_reader_puts_the_passages_in_its_own_order() -> None:
    texts = ("The warranty ends in June.", "The station is inspected in May.")
    question = "When is the station inspected?"
    reader = FakeReader({question: {"May": 3.0, "June": -4.0}})
    hits, spans = read_hits(question, [hit(text) for text in texts], reader)
    assert [h.passage.text for h in hits] == [texts[1], texts[0]]
    assert (spans[0].text, spans[0].place.passage, spans[0].rank) == ("May", 0, 1)


def fitting(question: str, text: str, *words: str) -> list[str]:
    spans = tuple(
        ReadSpan(text.index(w), text.index(w) + len(w), 5.0 - n) for n, w in enumerate(words)
    )
    kept = fitting_spans(question, hit(text), Reading(spans, 0.0)).spans
    return [text[span.start : span.end] for span in kept]


@pytest.mark.parametrize(
    ("question", "text", "wrong", "right"),
    [
        (
            "To how many Nm is the seal BX-100/A torqued?",
            "The seal BX-100/B is torqued to 31 Nm. The seal BX-100/A is torqued to 12 Nm.",
            "31 Nm",
            "12 Nm",
        ),
        (
            "What does section 4(2) say of the fee?",
            "Under section 4(1) the fee is 50 cents. Under section 4(2) the fee is 60 cents.",
            "50 cents",
            "60 cents",
        ),
        (
            "Where are the 1240 ropes?",
            "In Harl lie 124 ropes. In Benn lie 1,240 ropes.",
            "Harl",
            "Benn",
        ),
    ],
)
def test_what_is_said_of_another_code_or_number_is_no_answer(
    question: str, text: str, wrong: str, right: str
) -> None:
    assert fitting(question, text, wrong, right) == [right]


def test_a_count_is_answered_by_a_number_first() -> None:
    text = "The station has many boats. It has 12 boats in all."
    assert fitting("How many boats are there?", text, "many boats", "12 boats")[0] == "12 boats"
    assert fitting("What boats are there?", text, "many boats", "12 boats")[0] == "many boats"


def test_no_answer_runs_over_the_end_of_a_paragraph() -> None:
    text = "Keys are kept in room 4\n\nLamps are kept in room 5"
    assert fitting("Where are keys?", text, "room 4\n\nLamps") == ["room 4"]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Who are the parties?", "Norling AB"),
        ("Between whom was the lease made?", "Norling AB"),
        ("Who are the contracting parties?", "Norling AB"),
        ("Which country's law is invented?", "Ostravia"),
    ],
)
def test_parties_stand_where_it_says_who_made_the_agreement(question: str, first: str) -> None:
    text = (
        "The parties and the law of Ostravia are invented. "
        "This lease is made on 3 May 2024 between Norling AB (the Landlord) and Sara Lund."
    )
    assert fitting(question, text, "Ostravia", "Norling AB")[0] == first


@pytest.mark.parametrize(
    ("question", "text", "words", "first"),
    [
        (
            "How many places does the bay at Saltmarsh Lane have?",
            "The bay at Orrin Bridge has six places; the bay at Saltmarsh Lane has four.",
            ("six", "four"),
            "four",
        ),
        (
            "What does Norling AB pay?",
            "Castell Ltd pays 40 crowns, and Norling AB pays 60 crowns.",
            ("40 crowns", "60 crowns"),
            "60 crowns",
        ),
        (
            "When did Ms Holt begin?",
            "It is known that Jonas Berg began in May, while Ms Holt began in June.",
            ("in May", "in June"),
            "in June",
        ),
        (  # both halves are of the one who is asked for
            "What does Norling AB pay?",
            "Norling AB pays 40 crowns; the rest is paid by the guests.",
            ("40 crowns", "the rest"),
            "40 crowns",
        ),
        (  # nobody is named in the question
            "What is paid?",
            "Castell Ltd pays 40 crowns, and Norling AB pays 60 crowns.",
            ("40 crowns", "60 crowns"),
            "40 crowns",
        ),
    ],
)
def test_the_half_of_a_sentence_that_names_another_answers_less(
    question: str, text: str, words: tuple[str, ...], first: str
) -> None:
    assert fitting(question, text, *words)[0] == first
