"""Contradictions among the hits of a question, and how an answer says them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.answering.answer_text import answer_text
from assistant.answering.best_sentence import ScoredSentence, best_extract, score_sentences
from assistant.answering.contradictions import (
    MOST,
    disagreement,
    find_disagreements,
    statements,
)
from assistant.types import Contradiction, Hit, Scores
from tests.fakes.embedder import FakeEmbedder, make_query
from tests.fakes.passages import make_hits, make_passage

QUESTION = "How long is the warranty on the pumps?"
FIRST = "The parties agree on prices. The warranty on the pumps is 24 months from delivery."
SECOND = "The warranty on the pumps is 36 months from delivery. Seals are not covered."
WEIGHTS = {"warranti": 2.0, "pump": 2.0}


def compared(
    question: str,
    hits: Sequence[Hit],
    scored: Sequence[ScoredSentence],
) -> tuple[Contradiction, ...]:
    return find_disagreements(question, hits, statements(hits, scored))


def test_both_sides_are_given_with_their_places() -> None:
    hits = make_hits(FIRST, SECOND)
    scored = score_sentences(make_query(QUESTION, WEIGHTS), hits, FakeEmbedder())
    (found,) = compared(QUESTION, hits, scored)
    assert (found.kind, set(found.values)) == ("number", {"24 months", "36 months"})
    assert {s.quotes[0].document for s in (found.first, found.second)} == {"doc1.txt", "doc2.txt"}
    for sentence in (found.first, found.second):
        assert sentence.supported
        assert sentence.quotes[0].text == sentence.text
    best = best_extract(hits, scored)
    assert best is not None
    text = answer_text([best], [], refused=False, relevant=True, contradictions=[found])
    assert "The documents disagree:" in text
    assert "24 months from delivery.\u201d (doc1.txt, page 1)" in text
    assert "36 months from delivery.\u201d (doc2.txt, page 1)" in text


def test_agreeing_passages_and_one_passage_seen_twice_are_no_contradiction() -> None:
    for other in ("The warranty on the pumps is two years from delivery.", "Prices are fixed."):
        hits = make_hits(FIRST, other)
        scored = score_sentences(make_query(QUESTION, WEIGHTS), hits, FakeEmbedder())
        assert compared(QUESTION, hits, scored) == ()
    twice = (Hit(make_passage(FIRST), Scores(0.1)), Hit(make_passage(FIRST), Scores(0.1)))
    scored = score_sentences(make_query(QUESTION, WEIGHTS), twice, FakeEmbedder())
    assert compared(QUESTION, twice, scored) == ()
    assert compared(QUESTION, (), []) == ()


def test_headings_and_clause_numbers_are_no_values() -> None:
    question = "How much is the reminder fee?"
    hits = make_hits(
        "2.1 If an invoice is late, Hale pays a reminder fee of 40 crowns.\n\n3 Delivery times",
        "2 Reminder fee\n\nThe parties agree on the following change of the contract.",
    )
    scored = score_sentences(
        make_query(question, {"remind": 1.0, "fee": 1.0}), hits, FakeEmbedder()
    )
    assert compared(question, hits, scored) == ()


def test_at_most_a_few_are_shown() -> None:
    texts = [f"The warranty on the pumps is {n} months from delivery." for n in range(12, 18)]
    hits = make_hits(*texts)
    scored = score_sentences(make_query(QUESTION, WEIGHTS), hits, FakeEmbedder())
    assert len(compared(QUESTION, hits, scored)) == MOST


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (
            "How much does the tenant pay for the boiler?",
            "The tenant pays 60 euros a month for the boiler.",
            "The landlord pays 40 euros a month for the boiler.",
        ),
        (
            "When is the last instalment of the rent due?",
            "The last instalment of the rent is due on 1 November.",
            "The first instalment of the rent is due on 1 March.",
        ),
        (
            "What is the maximum speed of the pump?",
            "The maximum speed of the pump is 1450 rpm.",
            "The minimum speed of the pump is 900 rpm.",
        ),
        (
            "How long may the buyer inspect the goods?",
            "The buyer may inspect the goods for 10 days.",
            "The seller may inspect the goods for 20 days.",
        ),
        (
            "When does the winter term begin?",
            "The winter term begins on 1 October.",
            "The summer term begins on 1 April.",
        ),
    ],
)
def test_what_is_said_of_the_opposite_is_no_contradiction(
    question: str, one: str, other: str
) -> None:
    assert disagreement(question, one, other) is None
    assert disagreement(question, other, one) is None


def test_whether_something_is_so_is_contradicted_by_its_opposite() -> None:
    found = disagreement(
        "Are the seals of the pump included?",
        "The seals of the pump are included.",
        "The seals of the pump are excluded.",
    )
    assert found is not None
    assert found.kind == "negation"
