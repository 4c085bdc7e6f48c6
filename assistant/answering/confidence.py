"""Estimate how likely a quote is right, and decide whether to give it as the answer.

A logistic function of what the search found, how likely the model finds its quote and its
refusal, and whether the quote's sentence speaks about the question. The weights belong to one
model and are kept in its calibration (`Calibration.confidence`); `tests/bench/
fit_confidence.py` fits them on questions of articles that the model was not tuned on. Without
them the doubt of the quote decides, as before (`Quoted.doubt`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.answering.best_sentence import ScoredSentence, sentence_at
from assistant.text.words import content_stems, topic_words
from assistant.types import Calibration, Place, Quoted, SearchResult

INTERCEPT = "intercept"
_CLIP = 25.0


@dataclass(frozen=True, slots=True)
class QuoteEvidence:
    """All that speaks for or against a quote, which stands at `place` of the hits' passages.

    `shown` is the text of the window that the model was shown of that passage.
    """

    question: str
    result: SearchResult
    scored: Sequence[ScoredSentence]
    quoted: Quoted
    place: Place
    shown: str


@dataclass(frozen=True, slots=True)
class AnswerDecision:
    """Whether to refuse, and the probability (0..1) that the quote is right (None: unknown)."""

    refused: bool
    confidence: float | None = None


def decide_answer(evidence: QuoteEvidence, calibration: Calibration) -> AnswerDecision:
    """Decide whether to give a quote as the answer or to refuse."""
    confidence = confidence_of(features(evidence), calibration.confidence)
    threshold = calibration.answer_threshold
    if confidence is not None and threshold is not None:
        return AnswerDecision(confidence < threshold, confidence)
    return AnswerDecision(calibration.refuses(evidence.quoted), confidence)


def confidence_of(found: Mapping[str, float], weights: Mapping[str, float]) -> float | None:
    """Return the probability that features stand for a right answer; None without weights."""
    if INTERCEPT not in weights:
        return None
    score = weights[INTERCEPT] + sum(weights.get(name, 0.0) * x for name, x in found.items())
    return 1.0 / (1.0 + math.exp(-max(min(score, 60.0), -60.0)))


def features(evidence: QuoteEvidence) -> dict[str, float]:
    """Return the figures that the logistic function weighs, by name.

    `relevance` is the log-odds of the search's relevance; `dense` the best cosine, `gap` how
    far the first hit is ahead of the second (0..1); `margin` and `quote` are the model's
    log-likelihoods (nats), `token` the quote's by token, `length` the logarithm of its
    tokens; `extract` the best sentence's score, `sentence` that of the quote's own, `best`
    1 if they are the same one; `rank` the quote's passage (0: first); `lacking` the share of
    the question's words that the quote's window lacks.
    """
    result, quoted = evidence.result, evidence.quoted
    relevance = min(max(result.relevance, 1e-4), 1.0 - 1e-4)
    fused = [hit.scores.fused for hit in result.hits[:2]]
    dense = [hit.scores.dense for hit in result.hits if hit.scores.dense is not None]
    best = max(evidence.scored, key=lambda s: s.score, default=None)
    own = sentence_at(evidence.scored, evidence.place)
    asked = content_stems(topic_words(evidence.question))
    return {
        "relevance": math.log(relevance / (1.0 - relevance)),
        "dense": max(dense, default=0.0),
        "gap": (fused[0] - fused[1]) / fused[0] if len(fused) == 2 and fused[0] > 0 else 1.0,
        "margin": _clipped(quoted.margin),
        "quote": _clipped(quoted.log_probability),
        "token": _clipped(quoted.log_probability / max(quoted.tokens, 1)),
        "length": math.log(max(quoted.tokens, 1)),
        "extract": best.score if best is not None else 0.0,
        "sentence": own.score if own is not None else 0.0,
        "best": float(own is not None and own is best),
        "rank": float(evidence.place.passage),
        "lacking": len(asked - content_stems(evidence.shown)) / len(asked) if asked else 0.0,
    }


def _clipped(nats: float) -> float:
    return max(-_CLIP, min(_CLIP, nats))
