"""How well a ranking finds what is relevant: nDCG@10, recall@10, MRR@10, first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

DEPTH = 10


@dataclass(frozen=True, slots=True)
class RetrievalFigures:
    """Means over questions, each 0..1, at a depth of ten passages.

    nDCG with binary relevance (Jarvelin and Kekalainen 2002); recall is the share of the
    relevant passages that stand among the first ten; MRR the mean of 1 / rank of the first
    relevant one (0 below ten), `first` the share of questions whose first passage is relevant.
    """

    ndcg10: float
    recall10: float
    mrr10: float
    first: float
    questions: int

    def table(self) -> dict[str, float]:
        return {name: round(value, 4) for name, value in asdict(self).items()}


def measure(rankings: Iterable[tuple[Sequence[int], Sequence[int]]]) -> RetrievalFigures:
    """Return the figures of (ranked passages, relevant passages) pairs, best first."""
    sums = [0.0, 0.0, 0.0, 0.0]
    count = 0
    for ranked, relevant in rankings:
        count += 1
        for at, value in enumerate(_one(list(dict.fromkeys(ranked))[:DEPTH], set(relevant))):
            sums[at] += value
    ndcg, recall, mrr, first = (value / max(count, 1) for value in sums)
    return RetrievalFigures(ndcg, recall, mrr, first, count)


def _one(ranked: list[int], relevant: set[int]) -> tuple[float, float, float, float]:
    places = [at for at, number in enumerate(ranked) if number in relevant]
    best = sum(1 / math.log2(at + 2) for at in range(min(DEPTH, len(relevant))))
    gain = sum(1 / math.log2(at + 2) for at in places)
    reciprocal = 1 / (places[0] + 1) if places else 0.0
    recall = len(places) / max(len(relevant), 1)
    return gain / best if best else 0.0, recall, reciprocal, float(reciprocal == 1.0)
