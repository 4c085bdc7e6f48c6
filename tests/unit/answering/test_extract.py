"""The best supporting sentence: verbatim, whole, and about the question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.best_sentence import best_extract, score_sentences, sentence_spans
from assistant.errors import Cancelled
from assistant.types import CancelToken, Sentence
from tests.fakes.embedder import FakeEmbedder, make_query
from tests.fakes.passages import make_hits


def extract(question: str, *texts: str, limit: int = 254) -> Sentence:
    hits = make_hits(*texts)
    weights = dict.fromkeys(question.lower().split(), 1.0)
    found = best_extract(
        hits, score_sentences(make_query(question, weights), hits, FakeEmbedder(token_limit=limit))
    )
    assert found is not None
    return found


def test_the_sentence_about_the_question_is_taken_word_for_word() -> None:
    text = "Oil is changed yearly. The filter is\ncleaned every month. Call us."
    found = extract("filter cleaned", "The store opens at nine every day.", text)
    assert found.text == "The filter is cleaned every month."
    assert found.quotes[0].text == "The filter is\ncleaned every month."
    assert (found.origin, found.supported) == ("extract", True)


def test_a_heading_does_not_win_over_a_sentence() -> None:
    found = extract("filter cleaning", "FILTER CLEANING\n\nThe filter cleaning is done monthly.")
    assert found.text == "The filter cleaning is done monthly."


def test_a_sentence_that_points_back_brings_the_one_before() -> None:
    found = extract(
        "checked weekly nurse", "The pump has an alarm. It is checked weekly by a nurse."
    )
    assert found.text == "The pump has an alarm. It is checked weekly by a nurse."


def test_a_lead_in_brings_its_list() -> None:
    found = extract("warranty covers", "The warranty covers:\n- the pumps\n- the valves")
    assert "the valves" in found.text


def test_sentences_over_the_embedders_limit_are_left_to_word_overlap() -> None:
    found = extract("filter", "filter " * 30 + ".", "Nothing at all is said here.", limit=10)
    assert "filter" in found.text


def test_no_passages_no_extract() -> None:
    assert best_extract((), score_sentences(make_query("x", {}), (), FakeEmbedder())) is None


def test_cancel_is_heeded() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        score_sentences(make_query("pump", {}), make_hits("The pump runs."), FakeEmbedder(), token)


def test_very_many_sentences_do_not_all_reach_the_embedder() -> None:
    embedder = FakeEmbedder()
    texts = ["The pump runs well today. " * 40] * 5
    scored = score_sentences(make_query("pump", {"pump": 1.0}), make_hits(*texts), embedder)
    assert len(scored) == 200
    assert sum(map(len, embedder.calls)) <= 40


@given(st.text(st.sampled_from("Ab1 .;:\n"), max_size=600))
def test_spans_are_in_order_inside_and_not_empty(text: str) -> None:
    at = 0
    for start, end in sentence_spans(text):
        assert at <= start < end <= len(text)
        at = end


def test_a_question_for_a_number_prefers_a_sentence_with_one() -> None:
    text = "The term of the lease is short. The term of the lease is 24 months."
    assert extract("How long is the term of the lease?", text).text.endswith("24 months.")
    assert extract("What is the term of the lease?", text).text.endswith("is short.")
