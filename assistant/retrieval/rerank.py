"""Rerank the first hits: fuse a reranker's order with those of the search.

The reranker's ranking of the first hits is fused like a third source (reciprocal rank
fusion, see `fusion`), with the weight that was chosen on held-out questions when it was
tuned. Ranks and not scores, because a cross-encoder's logits have no scale of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from assistant.retrieval.rank_fusion import FusionWeights
from assistant.types import CancelToken, Hit

RERANKED = 20
"""Hits that are looked at again: each costs a run of the model."""


class Reranker(Protocol):
    """Scores texts for a question, reading both together. Safe from any thread."""

    @property
    def weight(self) -> float:
        """How much its ranking counts beside a source of the search, 0 or more."""
        ...

    def score(
        self, question: str, texts: Sequence[str], cancel: CancelToken | None = None
    ) -> list[float]:
        """Return one score for each text, higher is better."""
        ...


def rerank(
    question: str,
    hits: Sequence[Hit],
    reranker: Reranker,
    weights: FusionWeights,
    depth: int = RERANKED,
) -> tuple[Hit, ...]:
    """Return the hits in their new order; those behind the first `depth` follow unchanged.

    A reranked hit's fused score grows by weight / (k + rank), so that scores still fall
    from hit to hit. Raises what the reranker raises.
    """
    first = list(hits[:depth])
    if len(first) < 2 or reranker.weight <= 0.0:
        return tuple(hits)
    scores = reranker.score(question, [reading_text(hit) for hit in first])
    order = sorted(range(len(first)), key=lambda at: (-scores[at], at))
    gains = {at: reranker.weight / (weights.k + rank) for rank, at in enumerate(order, start=1)}
    raised = [
        replace(hit, scores=replace(hit.scores, fused=hit.scores.fused + gains[at]))
        for at, hit in enumerate(first)
    ]
    ranked = sorted(range(len(raised)), key=lambda at: (-raised[at].scores.fused, at))
    return (*(raised[at] for at in ranked), *hits[depth:])


def reading_text(hit: Hit) -> str:
    """Return what a reranker reads of a hit: its heading and text on one line."""
    return " ".join(f"{hit.passage.heading}\n{hit.passage.text}".split())
