"""Estimate how likely the reader's answer is right, and decide whether to give it.

A logistic function of what the reader and the search found. Its weights belong to one reader
and are kept with it (`ReaderCalibration`); `tests/bench/fit_reader.py` fits them on documents
that the reader was not trained on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from assistant.answering.answer_spans import AnswerSpan
from assistant.answering.confidence import confidence_of
from assistant.text.words import content_stems, topic_words
from assistant.types import ReaderCalibration, SearchResult

_CLIP = 25.0


def answer_confidence(
    question: str,
    result: SearchResult,
    spans: Sequence[AnswerSpan],
    calibration: ReaderCalibration,
) -> float:
    """Return the probability (0..1) that the first of `spans` is the right answer."""
    if not spans:
        return 0.0
    found = confidence_of(features(question, result, spans), calibration.weights)
    return found if found is not None else 1.0 / (1.0 + math.exp(-_clipped(spans[0].margin)))


def features(
    question: str, result: SearchResult, spans: Sequence[AnswerSpan]
) -> Mapping[str, float]:
    """Return what the logistic function weighs, by name.

    `margin` is the best span's log-odds against "no answer" in its passage (nats), `reading`
    the reader's relevance of that passage (a logit), `alone` the margin in its own sentence,
    `most` the best such margin of all;
    `share` the log-odds of its probability over all passages, `ahead` by how much that is more
    than the next answer's (a logarithm);
    `relevance` the search's, as log-odds; `dense` the best cosine; `rank` the passage's place in
    the search; `lacking` the share of the question's words that its passage lacks; `length` the
    logarithm of its characters.
    """
    best = spans[0]
    passage = result.hits[best.place.passage].passage
    other = spans[1].share if len(spans) > 1 else 0.0
    dense = [hit.scores.dense for hit in result.hits if hit.scores.dense is not None]
    asked = content_stems(topic_words(question))
    there = content_stems(f"{passage.heading}\n{passage.text}")
    return {
        "margin": _clipped(best.margin),
        "most": _clipped(max(span.margin for span in spans)),
        "reading": _clipped(best.relevance),
        "alone": _clipped(best.margin if best.alone is None else best.alone),
        "share": _log_odds(best.share),
        "ahead": math.log((best.share + 1e-4) / (other + 1e-4)),
        "relevance": _log_odds(result.relevance),
        "dense": max(dense, default=0.0),
        "rank": math.log(best.rank + 1.0),
        "lacking": len(asked - there) / len(asked) if asked else 0.0,
        "length": math.log(max(len(best.text), 1)),
    }


def _log_odds(probability: float) -> float:
    kept = min(max(probability, 1e-4), 1.0 - 1e-4)
    return math.log(kept / (1.0 - kept))


def _clipped(nats: float) -> float:
    return max(-_CLIP, min(_CLIP, nats))
