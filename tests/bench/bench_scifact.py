"""SciFact through the product's own ingest and search: nDCG@10 on the 300 test claims.

Abstracts are documents (the title is the document's title), ranked by their best chunk.
Fusion weights were chosen on the 809 train claims (`--tune` prints the table); the test
claims are only reported.

    python -m tests.bench.bench_scifact --json out.json [--limit N] [--tune]
    python -m tests.bench.bench_scifact --texts FILE          (see embed_f32.py)
    python -m tests.bench.bench_scifact --f32-vectors FILE --json out.json
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.config import load_settings
from assistant.engine.engine_loader import load_embedder
from assistant.retrieval import FusionWeights, Retriever
from assistant.retrieval.rank_fusion import Ranked, fuse
from assistant.types import Embedder, Store
from tests.bench.libraries import RememberingEmbedder, library_of, remembering, text_number
from tests.bench.qa_data import Text, require, scifact_claims, scifact_texts
from tests.bench.report import Figure, add_json_option, at_least, at_most, publish

Claims = Sequence[tuple[str, set[str]]]
Ranking = Callable[[str], list[str]]

DEPTH = 100


class Bench:
    """One library and the ways to rank its abstracts for a claim."""

    def __init__(self, store: Store, embedder: Embedder, texts: Sequence[Text]) -> None:
        self._store = store
        self._embedder = embedder
        self._texts = texts
        self._documents: dict[int, str] = {}
        self.retriever = Retriever(store, embedder)

    def product(self, claim: str) -> list[str]:
        """What `assistant search` finds, as many hits as it takes for ten abstracts."""
        hits = self.retriever.search(claim, limit=40).hits
        return _unique(self._abstract(hit.passage.document) for hit in hits)

    def dense(self, claim: str) -> list[str]:
        return self._abstracts(self.dense_hits(claim))

    def bm25(self, claim: str) -> list[str]:
        return self._abstracts(self.bm25_hits(claim))

    def fused(self, claim: str, weights: FusionWeights) -> list[str]:
        found = fuse(self.dense_hits(claim), self.bm25_hits(claim), weights)
        return self._abstracts([(chunk, scores.fused) for chunk, scores in found])

    def dense_hits(self, claim: str) -> Ranked:
        return self._store.search_dense(self._embedder.embed_query(claim), DEPTH)

    def bm25_hits(self, claim: str) -> Ranked:
        return self._store.search_text(claim, DEPTH)

    def _abstracts(self, ranked: Ranked) -> list[str]:
        new = [chunk for chunk, _ in ranked if chunk not in self._documents]
        for passage in self._store.passages(new):
            self._documents[passage.chunk_id] = self._abstract(passage.document)
        return _unique(self._documents[chunk] for chunk, _ in ranked)

    def _abstract(self, document: str) -> str:
        return self._texts[text_number(document)].name


def _unique(names: object) -> list[str]:
    return list(dict.fromkeys(names))  # type: ignore[call-overload, no-any-return]


def ndcg(ranked: Sequence[str], relevant: set[str], depth: int = 10) -> float:
    """Normalised discounted cumulative gain with binary relevance."""
    gain = sum(1 / math.log2(n + 2) for n, d in enumerate(ranked[:depth]) if d in relevant)
    return gain / sum(1 / math.log2(n + 2) for n in range(min(depth, len(relevant))))


def mean_ndcg(ranking: Ranking, claims: Claims) -> float:
    return sum(ndcg(ranking(claim), relevant) for claim, relevant in claims) / len(claims)


def tune(bench: Bench, claims: Claims) -> list[dict[str, float]]:
    """Try fusion weights on the train claims; best first."""
    sources = [(bench.dense_hits(c), bench.bm25_hits(c), r) for c, r in claims]
    rows = []
    for k in (5, 10, 20, 40, 60):
        for dense in (0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7):
            weights = FusionWeights(k=k, dense=dense, bm25=1.0 - dense)
            total = 0.0
            for dense_hits, bm25_hits, relevant in sources:
                found = fuse(dense_hits, bm25_hits, weights)
                ranked = bench._abstracts([(c, s.fused) for c, s in found])
                total += ndcg(ranked, relevant)
            rows.append({"k": k, "dense": dense, "ndcg10": round(total / len(sources), 4)})
    return sorted(rows, key=lambda row: -row["ndcg10"])


def f32_embedder(product: RememberingEmbedder, file: Path) -> RememberingEmbedder:
    """Vectors made elsewhere in float32, under an identity of their own."""
    identity = replace(product.identity, name="f32", sha256="f32")
    return RememberingEmbedder(file, product, None, identity)


def measure(embedder: RememberingEmbedder, options: argparse.Namespace) -> dict[str, Any]:
    """Ingest, search, and return all figures of one embedder."""
    texts = require(scifact_texts)
    test = scifact_claims("test")[: options.limit]
    train = scifact_claims("train")[: options.limit]
    if options.abstracts is not None:
        wanted = set[str]().union(*(relevant for _, relevant in (*test, *train)))
        others = [text for text in texts if text.name not in wanted]
        texts = [text for text in texts if text.name in wanted] + others[: options.abstracts]
    began = time.perf_counter()
    with library_of(texts, embedder) as store:
        found: dict[str, Any] = {"ingest_s": round(time.perf_counter() - began, 1)}
        bench = Bench(store, embedder, texts)
        began = time.perf_counter()
        found["product"] = mean_ndcg(bench.product, test)
        found["search_ms"] = 1000 * (time.perf_counter() - began) / len(test)
        found["dense"] = mean_ndcg(bench.dense, test)
        found["bm25"] = mean_ndcg(bench.bm25, test)
        found["train"] = mean_ndcg(bench.product, train)
        found["chunks"] = store.term_frequencies("x")[0]
        if options.tune:
            found["tuning_on_train"] = tune(bench, train)
    embedder.save()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--limit", type=int, help="claims of each split to use")
    parser.add_argument("--abstracts", type=int, help="search only so many beside the right ones")
    parser.add_argument("--tune", action="store_true", help="try fusion weights on train")
    parser.add_argument("--texts", type=Path, help="write all texts to embed to this file")
    parser.add_argument("--f32-vectors", type=Path, help="what embed_f32.py made of them")
    options = parser.parse_args()
    embedder = remembering(load_embedder(load_settings()))
    found = measure(embedder, options)
    note = f"{found['chunks']} chunks, {found['search_ms']:.0f} ms a search"
    figures = [
        at_least("SciFact nDCG@10, product's search", found["product"], 0.71, note=note),
        Figure("SciFact nDCG@10, dense alone", found["dense"]),
        Figure("SciFact nDCG@10, BM25 alone", found["bm25"]),
        Figure("SciFact nDCG@10, product's search, train claims", found["train"]),
    ]
    details = {"int8": found}
    if options.texts:
        options.texts.write_text(json.dumps(list(embedder.seen.items())), encoding="utf-8")
    if options.f32_vectors:
        exact = measure(f32_embedder(embedder, options.f32_vectors), options)
        details["f32"] = exact
        for name in ("product", "dense"):
            lost = exact[name] - found[name]
            figures.append(at_most(f"SciFact nDCG@10, f32 less int8, {name}", lost, 0.005))
    publish("SciFact through the product's search", figures, details, options.json)


if __name__ == "__main__":
    main()
