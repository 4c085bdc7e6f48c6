"""Recall, nDCG and reciprocal rank of a search against the gold spans.

A place counts as found by the first passage that holds it, so that overlapping passages
are not rewarded twice. Recall@k is the share of the places among the first k passages; the
reciprocal rank is that of the first place found; nDCG@10 (Järvelin and Kekäläinen 2002)
sums 1 / log2(1 + rank) over the places, against finding them at ranks 1, 2, ...
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from assistant.evaluation.gold_spans import GoldSpan
from assistant.types import Hit

DEPTH = 10
"""Passages that are looked at."""


def ranks_of(gold_spans: Sequence[GoldSpan], hits: Sequence[Hit]) -> tuple[int, ...]:
    """Return for each place the rank (from 1) of the first passage that holds it; 0 if none."""
    cited = [hit.passage.cite(0, len(hit.passage.text)) for hit in hits[:DEPTH]]
    return tuple(
        next(
            (n for n, pieces in enumerate(cited, 1) if any(span.holds(p) for p in pieces)),
            0,
        )
        for span in gold_spans
    )


def recall(ranks: Sequence[int], k: int) -> float:
    """Return the share (0..1) of the places that the first k passages hold."""
    return sum(0 < rank <= k for rank in ranks) / len(ranks)


def reciprocal_rank(ranks: Sequence[int]) -> float:
    """Return 1 / the rank of the first place found; 0 if none was."""
    return max((1 / rank for rank in ranks if rank), default=0.0)


def ndcg(ranks: Sequence[int]) -> float:
    """Return nDCG@10 (0..1)."""
    gained = sum(1 / math.log2(1 + rank) for rank in ranks if rank)
    ideal = sum(1 / math.log2(1 + n) for n in range(1, min(len(ranks), DEPTH) + 1))
    # Two places in one passage are found at one rank: that is no more than perfect.
    return min(1.0, gained / ideal)
