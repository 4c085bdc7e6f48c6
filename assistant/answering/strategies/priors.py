"""Estimate p(passage | question): how likely each passage is to hold the answer.

A softmax over what the search says of the passages (conditional logit, McFadden 1974): the
cosine, the BM25 score as a share of the best one's, and the fused rank as such a share.
`tests/bench/fit_priors.py` fits the weights, and says what they gain over equal ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.types import Hit

WEIGHTS = (3.0, 5.4, 2.5)
"""Of cosine, BM25's share and fused rank's share. Fitted on questions of SQuAD 2 A1 and SQuAD's
development articles, half of the articles: mean log-probability of the right passage of three
in the other half -0.34, by equal weights -1.10, by a first guess (6, 1, 1) -0.62."""


def features(hits: Sequence[Hit]) -> NDArray[np.float64]:
    """Return what the weights apply to, shape (len(hits), 3); what is not known is 0."""
    bm25 = max((hit.scores.bm25 or 0.0 for hit in hits), default=0.0) or 1.0
    fused = max((hit.scores.fused for hit in hits), default=0.0) or 1.0
    rows = [
        (hit.scores.dense or 0.0, (hit.scores.bm25 or 0.0) / bm25, hit.scores.fused / fused)
        for hit in hits
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def log_priors(hits: Sequence[Hit]) -> list[float]:
    """Return log p(passage | question) of each hit (nats); they add up to p = 1."""
    scores = features(hits) @ np.array(WEIGHTS)
    return [float(score) for score in scores - np.logaddexp.reduce(scores)]
