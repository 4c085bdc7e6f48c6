"""Tables over CUAD's held-out contracts: each contract read whole for each category.

    python -m tests.bench.bench_tables [--contracts N] [--categories N] [--minutes N]
        [--reader-alone] [--json FILE]

**Questions.** Those of the template `commercial-contract`, in the order of CUAD's categories;
the contracts are CUAD dev's, which no model was trained on, as the text files have them.

**Area under precision and recall, precision at 80 % recall** as CUAD's paper measures them
(Hendrycks et al. 2021, arXiv 2103.06268): a quote is right if it shares half or more of its words
with a labelled part (Jaccard, without case and punctuation); a labelled part is found if some
quote is right about it. Quotes are the cell's own sentences with the probability of their span;
beside them the sentences of the same contract ranked by BM25 for the same question.

**Lists.** Categories of which a contract has two parts or more: the share of the parts that a
quote of the cell overlaps, and the share of quotes that overlap a part.

**Designs.** As the template has it, the words of the clauses choose the sentences and the reader
the words in them (`tabular/clause_words.py`); with `--reader-alone` it reads every passage.

**Time.** By the clock and by the processor, for each cell, and how long 45 x 41 cells would take.

What was read is kept in `.build/bench/tables`: a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant.answering.best_sentence import sentence_spans, sentences_around
from assistant.config import load_settings
from assistant.engine.engine_loader import load_embedder, load_reader
from assistant.tabular import clause_words
from assistant.tabular.question_file import read_questions
from assistant.tabular.read_cell import cell_of, spans_of
from assistant.text.words import content_stems, words
from assistant.types import Passage, Reader
from assistant.types.tabular import Column
from tests.bench.libraries import library_of, remembering
from tests.bench.precision_recall import Case, Quote, area, curve, lists, precision_at
from tests.bench.qa_data import Text, require
from tests.bench.reading_sets import Span, separate_spans
from tests.bench.report import ROOT, Figure, add_json_option, models_folder, publish, shared_data

FOLDER = ROOT / ".build" / "bench" / "tables"
ALL_CONTRACTS, ALL_CATEGORIES = 45, 41


@dataclass(frozen=True)
class Contract:
    text: Text
    labelled: Sequence[Sequence[Span]]
    """For each category the labelled parts."""


def contracts(count: int) -> list[Contract]:
    """Return contracts spread evenly over the lengths of all. Raises `FileNotFoundError`."""
    folder = shared_data() / "cuad" / "dev"
    entries = json.loads((folder / "qa.json").read_text(encoding="utf-8"))["data"]
    found = []
    for entry in entries:
        path = folder / "txt" / Path(entry["txt_file"]).name
        text = path.read_text(encoding="utf-8", errors="replace")
        labelled = [separate_spans(qa["answers"]) for qa in entry["qas"]]
        found.append(Contract(Text(path.name, "", text), labelled))
    found.sort(key=lambda contract: len(contract.text.text))
    step = len(found) / min(count, len(found))
    return [found[int((n + 0.5) * step)] for n in range(min(count, len(found)))]


def read(
    columns: Sequence[Column], made: Sequence[Contract], reader: Reader, until: float
) -> tuple[dict[str, Any], list[tuple[int, float, float]]]:
    """Return what was found by cell, and of each cell read now (passages, clock, processor)."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{reader.name}-{reader.info.model_sha256[:12]}-{_version()}.json"  # type: ignore[attr-defined]
    known: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
    times: list[tuple[int, float, float]] = []
    settings = load_settings(models_folder().parent)
    embedder = remembering(load_embedder(settings))
    for contract in made:
        wanted = [c for c in columns if _key(contract, c) not in known]
        if not wanted or time.monotonic() > until:
            continue
        with library_of([contract.text], embedder) as store:
            passages = store.document_passages(store.documents()[0].id)  # type: ignore[attr-defined]
        for column in wanted:
            if time.monotonic() > until:
                break
            began, used = time.perf_counter(), time.process_time()
            spans = spans_of(column, passages, reader)
            listed = cell_of(replace(column, type="list"), spans, reader)
            clock, processor = time.perf_counter() - began, time.process_time() - used
            times.append((len(passages), clock, processor))
            kept = [
                (item.confidence, *_place(item.places[0].text, contract)) for item in listed.items
            ]
            quotes = _quotes(column, spans[:40])
            known[_key(contract, column)] = {"quotes": quotes, "listed": kept}
        file.write_text(json.dumps(known))
        print(f"{contract.text.name[:40]}: {len(passages)} passages", flush=True)
    embedder.save()
    return known, times


def _version() -> str:
    return hashlib.sha256(clause_words.words_file().read_bytes()).hexdigest()[:12]


def _key(contract: Contract, column: Column) -> str:
    return f"{contract.text.name}|{column.question}|{column.clause}"


def _place(quote: str, contract: Contract) -> Span:
    at = contract.text.text.find(quote)
    return (at, at + len(quote)) if at >= 0 else (0, 0)


def _quotes(column: Column, spans: Sequence[Any]) -> list[Quote]:
    """Widen spans to their sentences, each once, with the best of its probabilities.

    Of names and dates (`clause_words.WORDS`) the words themselves are the quote.
    """
    best: dict[Span, float] = {}
    for one in spans:
        passage: Passage = one.passage
        sentences = sentence_spans(passage.text)
        start, end = one.span.start, one.span.end
        if column.clause not in clause_words.WORDS:
            start, end = sentences_around(sentences, start, end)
        place = passage.start + start, passage.start + end
        best[place] = max(best.get(place, 0.0), 1.0 / (1.0 + math.exp(-one.log_odds)))
    return [(sure, *place) for place, sure in best.items()]


def lexical(question: str, text: str) -> list[Quote]:
    """Rank the sentences of a contract by BM25 (k1 1.2, b 0.75) for a question."""
    places = sentence_spans(text)
    bags = [Counter(words(text[a:b])) for a, b in places]
    mean = sum(bag.total() for bag in bags) / max(len(bags), 1)
    stems = [Counter[str]() for _ in bags]
    for bag, found in zip(bags, stems, strict=True):
        for word, count in bag.items():
            for stem in content_stems(word):
                found[stem] += count
    scores = [0.0] * len(places)
    for stem in content_stems(question):
        holding = sum(stem in found for found in stems)
        idf = math.log(1 + (len(places) - holding + 0.5) / (holding + 0.5))
        for n, found in enumerate(stems):
            if stem in found:
                length = 1.2 * (0.25 + 0.75 * bags[n].total() / mean)
                scores[n] += idf * found[stem] * 2.2 / (found[stem] + length)
    ranked = sorted(zip(scores, places, strict=True), reverse=True)
    return [(score, *place) for score, place in ranked[:40] if score > 0]


def cases_of(
    columns: Sequence[Column], made: Sequence[Contract], known: dict[str, Any]
) -> Iterator[Case]:
    for contract in made:
        for number, column in enumerate(columns):
            entry = known.get(_key(contract, column))
            if entry is not None:
                quotes = [tuple(quote) for quote in entry["quotes"]]
                listed = [tuple(quote) for quote in entry["listed"]]
                ranked = lexical(column.question, contract.text.text)
                text = contract.text.text
                yield Case(number, text, contract.labelled[number], quotes, listed, ranked)


def figures_of(cases: Sequence[Case], times: Sequence[tuple[int, float, float]]) -> list[Figure]:
    ours, theirs = curve(cases, "quotes"), curve(cases, "lexical")
    note = f"{len(cases)} cells, {sum(len(case.labelled) for case in cases)} labelled parts"
    found, right, count = lists(cases, "listed")
    their_found, their_right, _ = lists(cases, "lexical")
    figures = [
        Figure("area under precision and recall", area(ours), note=note),
        Figure("the same, BM25 sentences", area(theirs)),
        Figure("precision at 80 % recall", precision_at(ours, 0.8)),
        Figure("the same, BM25 sentences", precision_at(theirs, 0.8)),
        Figure("most recall", max((r for r, _ in ours), default=0.0)),
        Figure(
            "lists: parts found", found, goal=">= 0.60", met=found >= 0.6, note=f"{count} lists"
        ),
        Figure("lists: quotes right", right, goal=">= 0.50", met=right >= 0.5),
        Figure("lists: parts found, as many BM25 sentences", their_found),
        Figure("lists: quotes right, BM25 sentences", their_right),
    ]
    if times:
        passages, clock, used = (sum(column) for column in zip(*times, strict=True))
        figures += [
            Figure("clock for a passage", 1000 * clock / passages, "ms"),
            Figure("processor for a passage", 1000 * used / passages, "ms"),
        ]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--contracts", type=int, default=5)
    parser.add_argument("--categories", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=600)
    parser.add_argument("--reader-alone", action="store_true", help="without the clauses' words")
    options = parser.parse_args()
    columns = read_questions("commercial-contract")
    if options.reader_alone:
        columns = tuple(replace(column, clause="") for column in columns)
    step = len(columns) / options.categories
    chosen = {int(n * step) for n in range(options.categories)}
    made = require(lambda: contracts(options.contracts))
    reader = load_reader(load_settings(models_folder().parent))
    assert reader is not None
    asked = [column for number, column in enumerate(columns) if number in chosen]
    known, times = read(asked, made, reader, time.monotonic() + 60 * options.minutes)
    labelled = [c if n in chosen else None for n, c in enumerate(columns)]
    cases = [case for case in cases_of(columns, made, known) if labelled[case.category]]
    by_category = {
        column.name: {
            "cells": len(own),
            "parts": sum(len(case.labelled) for case in own),
            "area": round(area(curve(own, "quotes")), 3),
            "area, BM25": round(area(curve(own, "lexical")), 3),
            "precision at 80 % recall": round(precision_at(curve(own, "quotes"), 0.8), 3),
        }
        for number, column in enumerate(columns)
        if (own := [case for case in cases if case.category == number])
    }
    publish(
        "tables over CUAD dev", figures_of(cases, times), {"categories": by_category}, options.json
    )


if __name__ == "__main__":
    main()
