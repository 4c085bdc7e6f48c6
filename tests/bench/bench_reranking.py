"""What the reader as reranker adds to the search: recall of the answer's passage.

    python -m tests.bench.bench_reranking [--count N] [--sets squad cuad] [--json FILE]

**SQuAD.** Questions of SQuAD 2's A2 that have an answer, over their paragraphs among the 18,896 of
SQuAD's training part. **CUAD.** Categories of the development contracts (as PDF) that have an
answer, each searched in its own contract.

A passage holds the answer if it is of the answer's document and has the beginning of its words
(80 letters and digits). `fused` is the search alone (dense and BM25), `reranked` its first 20
in the reader's order (`assistant.answering.answer_spans.passage_weights`).
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import defaultdict
from collections.abc import Collection, Sequence

from assistant.answering.answer_spans import PASSAGES, read_hits
from assistant.config import Settings
from assistant.engine.engine_loader import load_embedder, load_reader
from assistant.evaluation.gold_spans import GoldSpan
from assistant.retrieval import Retriever
from assistant.types import Embedder, Hit, Reader
from tests.bench.arm_sets import SETS
from tests.bench.report import (
    EXIT_SKIPPED,
    Figure,
    add_json_option,
    at_least,
    models_folder,
    publish,
)

COUNT = 250
_DEPTHS = (1, 5)
_GOALS = {"squad": 0.92}
_GAIN = 0.08
"""What CUAD's recall among the first five has to gain."""

_LONGEST = 80
Ranks = dict[str, list[int | None]]


def letters(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def rank_of(hits: Sequence[Hit], gold: Sequence[GoldSpan], answers: Collection[str]) -> int | None:
    """Return the place (from 0) of the first hit that holds an answer."""
    documents = {place.document_id for place in gold}
    wanted = [w for w in (letters(answer)[:_LONGEST] for answer in answers) if w]
    for number, hit in enumerate(hits):
        text = letters(hit.passage.text)
        if hit.passage.document_id in documents and any(w in text for w in wanted):
            return number
    return None


def ranks(name: str, count: int, embedder: Embedder, reader: Reader) -> Ranks:
    found: Ranks = defaultdict(list)
    kind = next(one.kind for one in SETS if one.name == name)
    for part in kind(embedder, count).parts():
        retriever = Retriever(part.store, embedder)
        for item in part.items:
            if not item.answerable:
                continue
            hits = retriever.search(item.question, PASSAGES).hits
            gold = part.places[item.id]
            found["fused"].append(rank_of(hits, gold, item.answers))
            better, _ = read_hits(item.question, hits, reader)
            found["reranked"].append(rank_of(better, gold, item.answers))
    return found


def recall(found: Sequence[int | None], depth: int) -> float:
    return sum(rank is not None and rank < depth for rank in found) / len(found)


def figures_of(name: str, found: Ranks) -> list[Figure]:
    asked = len(found["fused"])
    figures = []
    for depth in _DEPTHS:
        fused, better = (recall(found[how], depth) for how in ("fused", "reranked"))
        title = f"{name}, recall@{depth}"
        figures.append(Figure(f"{title}, fused ({asked} questions)", fused))
        goal = _GOALS.get(name, fused + _GAIN)
        reranked = f"{title}, reranked"
        figures.append(
            at_least(reranked, better, goal) if depth == _DEPTHS[-1] else Figure(reranked, better)
        )
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=COUNT, help="questions of each set")
    parser.add_argument("--sets", nargs="+", choices=("squad", "cuad"), default=("squad", "cuad"))
    add_json_option(parser)
    options = parser.parse_args()
    settings = Settings(data_dir=models_folder().parent)
    reader = load_reader(settings)
    if reader is None:
        print("The reader is missing.")
        return EXIT_SKIPPED
    embedder = load_embedder(settings)
    figures = []
    for name in options.sets:
        figures += figures_of(name, ranks(name, options.count, embedder, reader))
    publish("The reader as reranker", figures, {}, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
