"""Estimate whether the library covers the question at all (calibrated).

A logistic function of what one search brings up: the cosine of the nearest chunk, and the
share of the question's words, weighted by their rarity in the library, that the best
passage holds. The coefficients belong to one embedder, because cosines of different
models do not compare; `tests/bench/bench_relevance.py` fits and checks them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_NAMED = 0.5
"""The cosine that stands for "about this very thing": with half of the words it is enough."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The features of a search: best cosine (-1..1), best coverage (0..1), words asked for.

    `named`: the question names codes, and one of the best passages holds all of them.
    """

    cosine: float
    coverage: float
    terms: int
    named: bool = False


@dataclass(frozen=True, slots=True)
class Calibration:
    """Coefficients of the logistic function and the relevance from which to answer.

    `reading` is the lower one from which a model is asked that can refuse by itself: the search
    then keeps away what has nothing to do with the library, and the model decides the rest.
    `multilingual`: the embedder knows languages other than English.
    """

    intercept: float
    cosine: float
    coverage: float
    threshold: float
    reading: float
    provenance: str
    multilingual: bool = False

    def relevance(self, evidence: Evidence) -> float:
        """Return the estimate, 0..1. Without words to cover, only the cosine speaks.

        Of codes an embedder knows nothing: a library that holds the very code does speak of it.
        """
        coverage = evidence.coverage if evidence.terms else evidence.cosine
        cosine = max(evidence.cosine, _NAMED) if evidence.named else evidence.cosine
        score = self.intercept + self.cosine * cosine + self.coverage * coverage
        return 1.0 / (1.0 + math.exp(-max(min(score, 60.0), -60.0)))


_MEASURED = {
    "all-minilm-l6-v2-int8": Calibration(
        intercept=-12.43,
        cosine=21.42,
        coverage=6.16,
        threshold=0.312,
        # 41 % of the lawyers' questions that a contract of CUAD answers lie below 0.312, 7 %
        # below 0.02; of small talk and questions about other things 2 % lie above it.
        reading=0.02,
        provenance="tests/bench/bench_relevance.py, draw 7; 1.5 % of the fitting libraries' "
        "own questions lie below the threshold",
    ),
    "multilingual-e5-small-int8": Calibration(
        intercept=-5.33,
        cosine=17.89,
        coverage=1.89,
        threshold=0.2,
        reading=0.1,
        provenance="210 questions in five languages of tests/bench/bench_languages.py, against 40 "
        "about other things",
        multilingual=True,
    ),
}
_FALLBACK = Calibration(
    intercept=-5.1,
    cosine=0.0,
    coverage=10.42,
    threshold=0.12,
    reading=0.12,
    provenance="the same, fitted on words only: for embedders that were not measured",
)


def calibration_for(embedder: str) -> Calibration:
    """Return the calibration measured for the embedder of that name, else the fallback."""
    return _MEASURED.get(embedder, _FALLBACK)
