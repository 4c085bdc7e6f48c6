"""Reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009) of two ranked lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.types import Scores

Ranked = Sequence[tuple[int, float]]
"""(chunk id, score) pairs, best first."""


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """`k` damps the lead of the first ranks; the weights say whom to believe more.

    The defaults are the best of 35 tried on SciFact's train claims (bench_scifact.py
    `--tune`): nDCG@10 0.737 there; the customary k = 60 gives 0.728.
    """

    k: float = 10.0
    dense: float = 0.5
    bm25: float = 0.5


def fuse(dense: Ranked, bm25: Ranked, weights: FusionWeights) -> list[tuple[int, Scores]]:
    """Join both lists into one, best first; each id once, with all its scores and ranks.

    The fused score is the sum of weight / (k + rank) over the lists that hold the id.
    Ties go to the better single rank, then to the lower id, so that the order is fixed.
    """
    in_dense, in_bm25 = _first_ranks(dense), _first_ranks(bm25)
    fused: list[tuple[int, Scores]] = []
    for chunk_id in in_dense.keys() | in_bm25.keys():
        dense_rank, cosine = in_dense.get(chunk_id, (None, None))
        bm25_rank, score = in_bm25.get(chunk_id, (None, None))
        pairs = ((weights.dense, dense_rank), (weights.bm25, bm25_rank))
        total = sum(weight / (weights.k + rank) for weight, rank in pairs if rank is not None)
        fused.append((chunk_id, Scores(total, cosine, dense_rank, score, bm25_rank)))
    return sorted(fused, key=_order)


def _first_ranks(ranked: Ranked) -> dict[int, tuple[int, float]]:
    return {id_: (rank, score) for rank, (id_, score) in reversed([*enumerate(ranked, start=1)])}


def _order(entry: tuple[int, Scores]) -> tuple[float, int, int]:
    chunk_id, scores = entry
    ranks = [rank for rank in (scores.dense_rank, scores.bm25_rank) if rank is not None]
    return -scores.fused, min(ranks), chunk_id
