"""How long chunks should be: retrieval quality against the target of `chunk_document`.

    python -m tests.bench.tune_chunks [--targets 100 130 160 190 220] [--abstracts 1500]

Two tasks, with the product's parser, chunker and embedder; words by FTS5 (porter), both
rankings fused by reciprocal rank (k = 60):

- CUAD dev, within one contract: the question asks for a kind of clause ("Details: ...").
  A hit is a question for which the best passages that fit the prompt's budget (420 tokens,
  3 passages) hold the whole of one labelled span. The fair measure between short and long
  chunks, since both cost tokens.
- SciFact, the abstracts that a test claim needs and as many others as asked for: nDCG@10
  over abstracts, each ranked by its best chunk.

This is no `bench_*`: it decides a default (`chunk.DEFAULT_TARGET`) and is run by hand.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import random
import re
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import apsw
import numpy as np

from assistant.config import Settings
from assistant.documents.chunker import chunk_document, embedding_text
from assistant.documents.sandboxed_parser import ChildParser
from assistant.engine.engine_loader import load_embedder
from assistant.types import Chunk, Embedder, ParsedDocument
from tests.bench.report import EXIT_SKIPPED, shared_data

BUDGET, PASSAGES, POOL, RRF = 420, 3, 50, 60
SEED = 7


class Index:
    """Chunks of several documents, searched by vector and by words."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.owners: list[int] = []
        self.spans: list[Chunk] = []
        self.texts: list[str] = []
        self._rows: list[np.ndarray] = []
        self._words = apsw.Connection(":memory:")
        self._words.execute("CREATE VIRTUAL TABLE w USING fts5(t, tokenize='porter unicode61')")

    def add(self, owner: int, document: ParsedDocument, chunks: Sequence[Chunk]) -> None:
        texts = [embedding_text(c.heading, document.text[c.start : c.end]) for c in chunks]
        self._rows.append(self._embedder.embed_documents(texts))
        for chunk, text in zip(chunks, texts, strict=True):
            self._words.execute("INSERT INTO w(rowid, t) VALUES (?, ?)", (len(self.texts), text))
            self.owners.append(owner)
            self.spans.append(chunk)
            self.texts.append(text)

    def finish(self) -> None:
        self._matrix = np.concatenate(self._rows)
        self.owner_of = np.array(self.owners)

    def ranked(self, query: str, owner: int | None = None) -> list[int]:
        scores = self._matrix @ self._embedder.embed_query(query)
        if owner is not None:
            scores = np.where(self.owner_of == owner, scores, -2.0)
        dense = [int(i) for i in np.argsort(-scores)[:POOL] if scores[i] > -2.0]
        words = " OR ".join(
            f'"{word}"' for word in dict.fromkeys(re.findall(r"\w+", query.lower()))
        )
        found = self._words.execute("SELECT rowid FROM w WHERE w MATCH ? ORDER BY rank", (words,))
        sparse = [i for (i,) in found if owner is None or self.owners[i] == owner][:POOL]
        fused: dict[int, float] = defaultdict(float)
        for ranking in (dense, sparse):
            for rank, chunk in enumerate(ranking, 1):
                fused[chunk] += 1.0 / (RRF + rank)
        return sorted(fused, key=lambda i: -fused[i])


def cuad(embedder: Embedder, targets: Sequence[int]) -> dict[int, str]:
    folder = shared_data() / "cuad" / "dev"
    entries = json.loads((folder / "qa.json").read_text(encoding="utf-8"))["data"]
    with ChildParser(Settings(data_dir=folder)) as parser:
        documents = [parser.parse(folder / "pdf" / e["pdf_file"]).document for e in entries]
    return {target: _cuad(embedder, target, entries, documents) for target in targets}


def _cuad(
    embedder: Embedder, target: int, entries: list[dict], documents: list[ParsedDocument]
) -> str:
    index = Index(embedder)
    for number, document in enumerate(documents):
        limit = embedder.text_token_limit
        index.add(number, document, chunk_document(document, embedder.count_tokens, limit, target))
    index.finish()
    tokens = embedder.count_tokens(index.texts)
    hits = asked = 0
    for number, entry in enumerate(entries):
        for qa in entry["qas"]:
            if qa["is_impossible"]:
                continue
            asked += 1
            left, held = BUDGET, []
            for chunk in index.ranked(qa["question"].split("Details:")[-1], number):
                if tokens[chunk] <= left and len(held) < PASSAGES:
                    left -= tokens[chunk]
                    held.append(_letters(index.texts[chunk]))
            hits += any(_letters(a["text"]) in text for a in qa["answers"] for text in held)
    return f"CUAD {hits}/{asked} = {hits / asked:.3f}, {len(index.texts)} chunks"


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def scifact(embedder: Embedder, targets: Sequence[int], others: int) -> dict[int, str]:
    folder = shared_data() / "scifact"
    with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        corpus = {row["_id"]: row for row in map(json.loads, lines)}
    qrels: dict[str, set[str]] = defaultdict(set)
    for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, score = line.split("\t")
        if int(score) > 0:
            qrels[query].add(document)
    with (folder / "queries.jsonl").open(encoding="utf-8") as lines:
        queries = {row["_id"]: row["text"] for row in map(json.loads, lines)}
    needed = {document for relevant in qrels.values() for document in relevant}
    rest = sorted(set(corpus) - needed)
    chosen = sorted(needed | set(random.Random(SEED).sample(rest, min(others, len(rest)))))
    results = {}
    for target in targets:
        index = Index(embedder)
        for number, key in enumerate(chosen):
            title, text = corpus[key]["title"], corpus[key]["text"]
            document = ParsedDocument(text, (0,), "text/plain", title)
            limit = embedder.text_token_limit
            chunks = chunk_document(document, embedder.count_tokens, limit, target)
            if chunks:
                index.add(number, document, chunks)
        index.finish()
        total = 0.0
        for query, relevant in qrels.items():
            owners = (index.owners[i] for i in index.ranked(queries[query]))
            best = [chosen[o] for o in dict.fromkeys(owners)][:10]
            gain = sum(1 / math.log2(r + 2) for r, key in enumerate(best) if key in relevant)
            total += gain / sum(1 / math.log2(r + 2) for r in range(min(10, len(relevant))))
        results[target] = f"SciFact nDCG@10 {total / len(qrels):.4f}, {len(index.texts)} chunks"
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--targets", type=int, nargs="+", default=[100, 130, 160, 190, 220])
    parser.add_argument("--abstracts", type=int, default=1500)
    options = parser.parse_args()
    if not shared_data().is_dir():
        print(f"skipped: no data at {shared_data()}")
        return EXIT_SKIPPED
    embedder = load_embedder(Settings(data_dir=Path()))
    for task in (
        lambda target: cuad(embedder, [target]),
        lambda target: scifact(embedder, [target], options.abstracts),
    ):
        for target in options.targets:
            begun = time.perf_counter()
            line = task(target)[target]
            print(f"target {target}: {line}, {time.perf_counter() - begun:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
