"""Evaluate a reranker on the laptop's first hits of held-out questions, before and after.

The weight with which its ranking counts is chosen on one half of the questions, and the
figures are those of the other half.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.retrieval.rank_fusion import FusionWeights
from assistant.retrieval.rerank import RERANKED, reading_text, rerank
from assistant.types import CancelToken, Hit
from convert.atomic_output import Job
from convert.embedder.passage_library import PassageLibrary
from convert.embedder.question_pairs import Asked
from convert.embedder.ranking_metrics import RetrievalFigures, measure

WEIGHTS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Weights that are tried; each source of the search has 0.5. Of equals, that nearest to 1."""

Score = Callable[[str, Sequence[str]], list[float]]
"""Scores texts for a question, higher is better."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """A held-out question and what the laptop's search brings up: (passage number, hit)."""

    asked: Asked
    hits: tuple[tuple[int, Hit], ...]

    @property
    def texts(self) -> list[str]:
        return [reading_text(hit) for _, hit in self.hits]


@dataclass(frozen=True, slots=True)
class MixedRanking:
    """The weight that was best on the choosing half, its figures there and on the other."""

    weight: float
    chosen_on: RetrievalFigures
    reported: RetrievalFigures


def search_held_out(library: PassageLibrary, asked: Sequence[Asked], job: Job) -> list[Candidates]:
    """Search every held-out question once. Raises `Cancelled`."""
    found = []
    for done, one in enumerate(asked, start=1):
        job.cancel.raise_if_cancelled()
        found.append(Candidates(one, tuple(library.hits(one.question, RERANKED))))
        job.progress("searching held-out questions", done, len(asked))
    return found


def without_reranker(candidates: Sequence[Candidates]) -> MixedRanking:
    """Return the figures of the search alone."""
    chosen, reported = (
        measure(([n for n, _ in one.hits], one.asked.relevant) for one in half)
        for half in _halves(candidates)
    )
    return MixedRanking(0.0, chosen, reported)


def evaluate_ranking(candidates: Sequence[Candidates], score: Score) -> MixedRanking:
    """Score every candidate once, choose the weight, and measure."""
    scored = [(one, score(one.asked.question, one.texts)) for one in candidates]
    first, second = scored[::2], scored[1::2] or scored
    weight = max(WEIGHTS, key=lambda w: (_measured(first, w).ndcg10, -abs(math.log(w))))
    return MixedRanking(weight, _measured(first, weight), _measured(second, weight))


def _halves(candidates: Sequence[Candidates]) -> tuple[Sequence[Candidates], Sequence[Candidates]]:
    return candidates[::2], candidates[1::2] or candidates


def _measured(scored: Sequence[tuple[Candidates, list[float]]], weight: float) -> RetrievalFigures:
    return measure((_order(one, scores, weight), one.asked.relevant) for one, scores in scored)


def _order(one: Candidates, scores: list[float], weight: float) -> list[int]:
    numbers = {hit.passage.chunk_id: number for number, hit in one.hits}
    hits = [hit for _, hit in one.hits]
    ranked = rerank(one.asked.question, hits, _Known(weight, scores), FusionWeights())
    return [numbers[hit.passage.chunk_id] for hit in ranked]


@dataclass(frozen=True, slots=True)
class _Known:
    """A `Reranker` whose scores are known already."""

    weight: float
    scores: list[float]

    def score(
        self, question: str, texts: Sequence[str], cancel: CancelToken | None = None
    ) -> list[float]:
        del question, cancel
        return self.scores[: len(texts)]
