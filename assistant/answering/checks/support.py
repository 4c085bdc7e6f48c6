"""Estimate whether a passage supports a sentence, from similarity and shared words.

The cosine of the sentence and the sentences that it quotes, and the share of its words that
stand there, go into a logistic function that `tests/bench/fit_support.py` fits on one half of
WiCE's development set (Kamoi et al. 2023: claims of Wikipedia with evidence, supported or
not) and checks on the other half.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.answering.checks.support_weights import (
    COSINE,
    COVERAGE,
    INTERCEPT,
    PROVENANCE,
    THRESHOLD,
)
from assistant.text.words import content_stems
from assistant.types import CancelToken, Embedder

Similarity = Callable[[Sequence[tuple[str, str]]], list[float]]
"""Gives the cosine of each pair of texts (nan if one of them is too long)."""


@dataclass(frozen=True, slots=True)
class SupportLine:
    """Coefficients of the logistic function, and the support from which a claim may stand."""

    intercept: float
    cosine: float
    coverage: float
    threshold: float
    provenance: str

    def support(self, cosine: float, coverage: float) -> float:
        """Return how well a claim is supported, 0..1."""
        score = self.intercept + self.cosine * cosine + self.coverage * coverage
        return 1.0 / (1.0 + math.exp(-max(min(score, 60.0), -60.0)))


FITTED = SupportLine(INTERCEPT, COSINE, COVERAGE, THRESHOLD, PROVENANCE)


def unlike(pairs: Sequence[tuple[str, str]], similarity: Similarity) -> list[bool]:
    """Tell of each (claim, source) whether the source is too unlike to support the claim."""
    cosines = similarity(pairs) if pairs else []
    found = []
    for (claim, source), cosine in zip(pairs, cosines, strict=True):
        value = coverage_of(claim, source)
        known = not math.isnan(cosine)
        support = FITTED.support(cosine if known else value, value)
        found.append(support < FITTED.threshold)
    return found


def coverage_of(claim: str, source: str) -> float:
    """Return the share (0..1) of a claim's words (stems, no stop words) that the source has."""
    stems = content_stems(claim)
    return len(stems & content_stems(source)) / len(stems) if stems else 1.0


def embedder_similarity(embedder: Embedder, cancel: CancelToken | None = None) -> Similarity:
    """Return a `Similarity` by an embedder. It raises what the embedder raises."""

    def similarity(pairs: Sequence[tuple[str, str]]) -> list[float]:
        texts = list(dict.fromkeys(text for pair in pairs for text in pair))
        counts = embedder.count_tokens(texts)
        fitting = [t for t, n in zip(texts, counts, strict=True) if n <= embedder.text_token_limit]
        if not fitting:
            return [math.nan] * len(pairs)
        vectors = dict(zip(fitting, embedder.embed_documents(fitting, cancel), strict=True))
        return [
            float(np.dot(vectors[one], vectors[other]))
            if one in vectors and other in vectors
            else math.nan
            for one, other in pairs
        ]

    return similarity
