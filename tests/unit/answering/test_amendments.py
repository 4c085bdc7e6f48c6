"""An amended wording comes first, and is no contradiction; what is not amended stays one."""

from __future__ import annotations

import pytest

from assistant.answering.amendments import replaced_words, replaces
from assistant.answering.answer_spans import fitting_spans
from assistant.answering.best_sentence import ScoredSentence, sentence_spans
from assistant.answering.contradictions import find_disagreements
from assistant.answering.reader_answer import read_answer
from assistant.types import Hit, Reading, ReadSpan, SearchResult
from tests.fakes.passages import make_hits
from tests.fakes.reader import FakeReader
from tests.unit.answering.test_reader_answer import hit

QUESTION = "Within how many days must an invoice be paid?"
OLD = "6.2 The Buyer shall pay each invoice within 30 days of receiving it."


def sentences(*texts: str) -> tuple[list[Hit], list[ScoredSentence]]:
    hits = make_hits(*texts)
    return hits, [
        ScoredSentence(n, start, end, 1.0)
        for n, text in enumerate(texts)
        for start, end in sentence_spans(text)
    ]


@pytest.mark.parametrize(
    "text",
    [
        'As amended, clause 6.2 reads: "The Buyer shall pay each invoice within 45 days."',
        "Clause 4 is hereby deleted in its entirety and replaced as follows.",
        "Section 3 shall now read: the fee is 20 euros.",
        "Section 5 of the lease now reads thus: the rent is 900 euros.",
        "The notice period is replaced by one of six months.",
        "This dose supersedes the previous one: 250 mg twice a day.",
        "Article 9 is amended to read as follows: the cap is 2 million.",
    ],
)
def test_a_sentence_says_that_it_replaces_another(text: str) -> None:
    hits, (first, *_) = sentences(text)
    assert replaces(hits, first)


@pytest.mark.parametrize(
    "text",
    [
        OLD,
        "The law as amended from time to time applies.",
        "The Act of 1998, as amended, governs this agreement.",
        "This agreement may be amended in writing only.",
        "A worn seal is to be exchanged.",
        "He now reads the meter every week himself.",
    ],
)
def test_other_sentences_replace_nothing(text: str) -> None:
    hits, (first, *_) = sentences(text)
    assert not replaces(hits, first)


def test_the_new_wording_may_follow_as_a_sentence_of_its_own() -> None:
    text = "Clause 6.2 is amended to read as follows:\n\u201cThe Buyer pays within 45 days.\u201d"
    hits, said = sentences(text)
    assert replaces(hits, said[-1])


def read(*texts: str, margins: dict[str, float]) -> tuple[str, str]:
    reader = FakeReader({QUESTION: margins})
    result = SearchResult(QUESTION, tuple(hit(text) for text in texts), 0.9, relevant=True)
    found = read_answer(QUESTION, result, reader)
    assert found.short is not None
    return found.short.text, found.sentences[0].text


@pytest.mark.parametrize(
    "margins",
    [{"30 days": 5.0, "45 days": 3.0}, {"30 days": 5.0}, {"30 days": 2.0, "45 days": 5.0}],
)
def test_what_was_amended_is_answered_with_the_new_wording(margins: dict[str, float]) -> None:
    new = 'As amended, clause 6.2 reads: "The Buyer shall pay each invoice within 45 days."'
    for texts in ((OLD, new), (new, OLD)):
        short, sentence = read(*texts, margins=margins)
        assert short == "45 days"
        assert "As amended" in sentence


def test_two_plain_wordings_stay_a_disagreement() -> None:
    other = "7.1 The Buyer shall pay each invoice within 45 days of receiving it."
    assert read(OLD, other, margins={"30 days": 5.0, "45 days": 3.0})[0] == "30 days"
    (found,) = find_disagreements(QUESTION, *sentences(OLD, other))
    assert not found.amended
    assert found.heading == "The documents disagree:"


def test_an_amendment_is_told_from_a_disagreement() -> None:
    new = 'As amended, clause 6.2 reads: "The Buyer shall pay each invoice within 45 days."'
    (found,) = find_disagreements(QUESTION, *sentences(OLD, new))
    assert found.amended
    assert "As amended" in found.first.text
    assert found.values == ("45 days", "30 days")
    assert found.heading == "The first wording replaces the second:"


def test_words_that_are_replaced_are_no_answer() -> None:
    text = 'In clause 6.2 the words "within 30 days" are replaced by "within 45 days".'
    (old,) = replaced_words(text)
    assert text[slice(*old)] == "within 30 days"
    spans = tuple(
        ReadSpan(text.index(words), text.index(words) + 7, score)
        for words, score in (("30 days", 5.0), ("45 days", 4.0))
    )
    kept = fitting_spans(QUESTION, hit(text), Reading(spans, 0.0)).spans
    assert [text[s.start : s.end] for s in kept] == ["45 days"]
