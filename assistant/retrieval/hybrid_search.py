"""Hybrid search: nearest vectors and BM25, fused by rank, with the relevance of the best."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.errors import UsageError
from assistant.retrieval.question_direction import without_direction
from assistant.retrieval.rank_fusion import FusionWeights, fuse
from assistant.retrieval.relevance import Calibration, Evidence, calibration_for
from assistant.text.canonical import plain_form
from assistant.text.codes import find_codes
from assistant.text.language import ENGLISH, language_of
from assistant.text.words import content_stems, coverage, idf_weights, topic_words
from assistant.types import Embedder, Hit, Passage, SearchResult, Store, Vectors

_COVERAGE_HITS = 5
_OPENED = 8
_OPENING = 2
"""Documents whose openings are added, and passages of each."""
_FOREIGN = FusionWeights(dense=0.9, bm25=0.1)
"""The words of a question say little about texts in another language (docs/languages.md)."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question as it is searched: its vector, shape (dimension,), and its words' rarity.

    `weights` are the idf of each word that it is about, by stem.
    """

    text: str
    vector: Vectors
    weights: Mapping[str, float]


class Retriever:
    """Searches one store with the embedder that filled it.

    `depth` is how many chunks each source contributes. `calibration` turns the evidence
    of a search into its relevance; by default the one measured for this embedder. With
    `documents` only these are searched.
    """

    def __init__(
        self,
        store: Store,
        embedder: Embedder,
        *,
        depth: int = 100,
        weights: FusionWeights | None = None,
        calibration: Calibration | None = None,
        documents: Collection[int] | None = None,
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._depth = depth
        self._weights = weights or FusionWeights()
        self._documents = documents
        self._calibration = calibration or calibration_for(embedder.identity.name)

    @property
    def multilingual(self) -> bool:
        """Whether questions find texts in other languages by their meaning."""
        return self._calibration.multilingual

    def query(self, text: str) -> Query:
        """Look up once what both searching and reading need of a question.

        Raises `UsageError` for a text without a letter or digit, and what embedder and store
        raise.
        """
        if not any(map(str.isalnum, text)):
            raise UsageError(
                "The question is empty.", hint="Write a question or a few words to look for."
            )
        total, frequencies = self._store.term_frequencies(topic_words(text))
        vector = self._embedder.embed_query(plain_form(text))
        if self.multilingual:
            vector = without_direction(vector, text, self._embedder)
        return Query(text, vector, idf_weights(total, frequencies))

    def search(self, query: str | Query, limit: int = 8) -> SearchResult:
        """Return the `limit` best passages for `query`.

        Raises as `query` does. A library without documents gives no hits and relevance 0.
        """
        if limit < 1:
            raise UsageError(f"A search can't return {limit} passages.", hint="Ask for 1 or more.")
        asked = self.query(query) if isinstance(query, str) else query
        hits, evidence = self._find(asked, limit)
        relevance = self._calibration.relevance(evidence) if hits else 0.0
        return SearchResult(
            query=asked.text,
            hits=hits[:limit],
            relevance=relevance,
            relevant=bool(hits) and relevance >= self._calibration.threshold,
            worth_reading=bool(hits) and relevance >= self._calibration.reading,
        )

    def document_passages(self, document_id: int) -> Sequence[Passage]:
        """Return all passages of a document, in order."""
        return self._store.document_passages(document_id)

    def with_openings(self, result: SearchResult, documents: int = _OPENED) -> SearchResult:
        """Add the first passages of the `documents` documents that were found first.

        Who made an agreement, when, and what it is called stands there, often in words that
        no question has. An opening gets the score of its document's best hit.
        """
        best = {h.passage.document_id: h.scores for h in reversed(result.hits)}
        known = {hit.passage.chunk_id for hit in result.hits}
        order = list(dict.fromkeys(hit.passage.document_id for hit in result.hits))[:documents]
        openings = [p for n in order for p in self._store.document_passages(n, _OPENING)]
        added = [Hit(p, best[p.document_id]) for p in openings if p.chunk_id not in known]
        return replace(result, hits=(*added, *result.hits))

    def evidence(self, query: str) -> Evidence:
        """Return what the relevance of a search for `query` is judged by."""
        return self._find(self.query(query), _COVERAGE_HITS)[1]

    def _find(self, query: Query, limit: int) -> tuple[tuple[Hit, ...], Evidence]:
        """Search; the evidence does not depend on `limit`."""
        depth = max(self._depth, limit)
        dense = self._store.search_dense(query.vector, depth, self._documents)
        bm25 = self._store.search_text(query.text, depth, self._documents)
        language = language_of(query.text, least=1) if self.multilingual else ""
        weights = self._weights if language in ("", ENGLISH) else _FOREIGN
        hits = self._load(dense, bm25, weights, max(limit, _COVERAGE_HITS))
        held = [
            content_stems(f"{hit.passage.heading}\n{hit.passage.text}")
            for hit in hits[:_COVERAGE_HITS]
        ]
        covered = max((coverage(query.weights, stems) for stems in held), default=0.0)
        best = max((score for _, score in dense), default=0.0)
        codes = {code.term for code in find_codes(plain_form(query.text))}
        named = bool(codes) and any(codes <= stems for stems in held)
        return hits, Evidence(best, covered, len(query.weights), named)

    def _load(
        self,
        dense: Sequence[tuple[int, float]],
        bm25: Sequence[tuple[int, float]],
        weights: FusionWeights,
        limit: int,
    ) -> tuple[Hit, ...]:
        ranked = fuse(dense, bm25, weights)[:limit]
        scores = dict(ranked)
        passages = self._store.passages([chunk_id for chunk_id, _ in ranked])
        return tuple(Hit(passage, scores[passage.chunk_id]) for passage in passages)
