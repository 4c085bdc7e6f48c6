"""Ranking metrics: nDCG@10, recall@10, MRR@10, and the share of right first hits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from assistant.evaluation.ranking_metrics import DEPTH, ndcg, recall, reciprocal_rank


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
    means = [value / max(count, 1) for value in sums]
    return RetrievalFigures(means[0], means[1], means[2], means[3], count)


def _one(ranked: list[int], relevant: set[int]) -> tuple[float, float, float, float]:
    if not relevant:
        return 0.0, 0.0, 0.0, 0.0
    ranks = [ranked.index(number) + 1 if number in ranked else 0 for number in relevant]
    reciprocal = reciprocal_rank(ranks)
    return ndcg(ranks), recall(ranks, DEPTH), reciprocal, float(reciprocal == 1.0)
