"""The probability that a quote is right, and the decision not to give it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from assistant.answering.best_sentence import ScoredSentence
from assistant.answering.confidence import (
    INTERCEPT,
    QuoteEvidence,
    confidence_of,
    decide_answer,
    features,
)
from assistant.types import Calibration, Quoted, SearchResult
from tests.fakes.engine import places_of
from tests.fakes.passages import make_hits

QUESTION = "How long is the warranty on the pumps?"
HITS = make_hits(
    "Prices are fixed. The warranty on the pumps is 24 months.", "The gate opens at seven."
)
SCORED = (
    ScoredSentence(0, 0, 17, 0.2),
    ScoredSentence(0, 18, 57, 1.4),
    ScoredSentence(1, 0, 24, 0.1),
)
RESULT = SearchResult(QUESTION, HITS, relevance=0.9, relevant=True)
QUOTED = Quoted("24 months", margin=-2.0, log_probability=-1.0, tokens=4)


def evidence(words: str = "24 months", **changes: object) -> QuoteEvidence:
    """What is known of a quote that stands in the hits."""
    (place,) = places_of(words, [hit.passage.text for hit in HITS])
    shown = HITS[place.passage].passage.text
    return replace(QuoteEvidence(QUESTION, RESULT, SCORED, QUOTED, place, shown), **changes)  # type: ignore[arg-type]


def test_features_say_what_was_found() -> None:
    found = features(evidence())
    assert found["margin"] == -2.0
    assert found["token"] == -0.25
    assert found["extract"] == found["sentence"] == 1.4
    assert (found["best"], found["rank"], found["lacking"]) == (1.0, 0.0, 0.0)
    assert found["relevance"] == pytest.approx(math.log(9.0))
    other = features(evidence("opens at seven"))
    assert (other["best"], other["rank"], other["sentence"]) == (0.0, 1.0, 0.1)
    assert other["lacking"] == 1.0
    assert 0.0 < found["gap"] < 1.0


def test_features_are_finite_whatever_comes() -> None:
    empty = SearchResult(QUESTION, (), relevance=0.0, relevant=False)
    odd = Quoted("24 months", margin=float("inf"), log_probability=-1e9, tokens=0)
    found = features(evidence(result=empty, scored=(), shown="", quoted=odd))
    assert all(map(math.isfinite, found.values()))
    assert found.keys() == features(evidence()).keys()


def test_weights_decide_where_there_are_some() -> None:
    weights = Calibration(answer_threshold=0.5, confidence={INTERCEPT: 0.0, "margin": -1.0})
    sure = decide_answer(evidence(), weights)
    assert not sure.refused
    assert sure.confidence == pytest.approx(1 / (1 + math.exp(-2.0)))
    unsure = decide_answer(evidence(quoted=replace(QUOTED, margin=2.0)), weights)
    assert unsure.refused
    assert unsure.confidence == pytest.approx(1 / (1 + math.exp(2.0)))
    assert decide_answer(evidence(), replace(weights, answer_threshold=0.95)).refused


def test_without_weights_the_doubt_decides_as_before() -> None:
    for threshold, refused in ((-2.0, True), (-1.0, False)):
        calibration = Calibration(doubt_weight=0.5, refusal_threshold=threshold)
        judged = decide_answer(evidence(), calibration)
        assert (judged.refused, judged.confidence) == (refused, None)
    assert confidence_of({"margin": 1.0}, {}) is None
