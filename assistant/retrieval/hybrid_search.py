"""Search: nearest vectors and BM25 side by side, fused, with the relevance of the best."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.errors import UsageError
from assistant.retrieval.rank_fusion import FusionWeights, fuse
from assistant.retrieval.relevance import Calibration, Evidence, calibration_for
from assistant.retrieval.rerank import RERANKED, Reranker, rerank
from assistant.text.words import content_stems, coverage, idf_weights, topic_words
from assistant.types import Embedder, Hit, SearchResult, Store

_COVERAGE_HITS = 5


class Retriever:
    """Searches one store with the embedder that filled it.

    `depth` is how many chunks each source contributes. `calibration` turns the evidence
    of a search into its relevance; by default the one measured for this embedder.
    With a `reranker` the first hits are read again together with the question. Whether the
    library speaks about the question at all is judged by the search alone, with or without.
    """

    def __init__(
        self,
        store: Store,
        embedder: Embedder,
        *,
        depth: int = 100,
        weights: FusionWeights | None = None,
        calibration: Calibration | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._depth = depth
        self._weights = weights or FusionWeights()
        self._calibration = calibration or calibration_for(embedder.identity.name)
        self._reranker = reranker

    def search(self, query: str, limit: int = 8) -> SearchResult:
        """Return the `limit` best passages for `query`.

        Raises `UsageError` for a query without a letter or digit, and what embedder and
        store raise. A library without documents gives no hits and relevance 0.
        """
        if limit < 1:
            raise UsageError(f"A search can't return {limit} passages.", hint="Ask for 1 or more.")
        reread = RERANKED if self._reranker is not None else 0
        hits, evidence = self._find(query, max(limit, reread))
        if self._reranker is not None:
            hits = rerank(query, hits, self._reranker, self._weights)
        relevance = self._calibration.relevance(evidence) if hits else 0.0
        return SearchResult(
            query=query,
            hits=hits[:limit],
            relevance=relevance,
            relevant=bool(hits) and relevance >= self._calibration.threshold,
            worth_reading=bool(hits) and relevance >= self._calibration.reading,
        )

    def evidence(self, query: str) -> Evidence:
        """Return what the relevance of a search for `query` is judged by."""
        return self._find(query, _COVERAGE_HITS)[1]

    def term_weights(self, query: str) -> dict[str, float]:
        """Return the idf weight of each word that `query` is about, by stem."""
        total, frequencies = self._store.term_frequencies(topic_words(query))
        return idf_weights(total, frequencies)

    def _find(self, query: str, limit: int) -> tuple[tuple[Hit, ...], Evidence]:
        """Search; the evidence does not depend on `limit`."""
        if not any(map(str.isalnum, query)):
            raise UsageError(
                "The question is empty.", hint="Write a question or a few words to look for."
            )
        depth = max(self._depth, limit)
        dense = self._store.search_dense(self._embedder.embed_query(query), depth)
        bm25 = self._store.search_text(query, depth)
        hits = self._load(dense, bm25, max(limit, _COVERAGE_HITS))
        weights = self.term_weights(query)
        covered = [
            coverage(weights, content_stems(f"{hit.passage.heading}\n{hit.passage.text}"))
            for hit in hits[:_COVERAGE_HITS]
        ]
        best = max((score for _, score in dense), default=0.0)
        return hits, Evidence(best, max(covered, default=0.0), len(weights))

    def _load(
        self, dense: Sequence[tuple[int, float]], bm25: Sequence[tuple[int, float]], limit: int
    ) -> tuple[Hit, ...]:
        ranked = fuse(dense, bm25, self._weights)[:limit]
        scores = dict(ranked)
        passages = self._store.passages([chunk_id for chunk_id, _ in ranked])
        return tuple(Hit(passage, scores[passage.chunk_id]) for passage in passages)
