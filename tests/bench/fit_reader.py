"""Fits the confidence of a reader: when is its answer right, and when not to answer?

    python -m tests.bench.fit_reader READER [--count N] [--others N] [--minutes N] [--json OUT]
        [--write]

READER is a folder that `assistant-convert reader export` made. It answers questions that it was
not trained on, each set from a library of its own: of articles (`confidence_data.py`; never A2),
of contracts and about diseases (`confidence_domains.py`). The features of
`assistant.answering.reader_confidence`, and whether the answer was right, are kept in
`.build/bench/reader`, so that a run that was stopped goes on. A logistic regression is fitted, each
set counting the same; its figures are of folds that saw no question of the same article, contract
or disease. The threshold is the one with the best sum of F1 and refused questions, with at most
`FALSE_REFUSALS` of the answerable ones refused, means of the sets. With `--write` it is kept in
READER's `reader.json`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from assistant.answering.answer_spans import PASSAGES, read_hits
from assistant.answering.confidence import INTERCEPT
from assistant.answering.reader_confidence import features
from assistant.config import Settings
from assistant.engine.engine_loader import load_embedder
from assistant.engine.reader import OnnxReader
from assistant.engine.thread_count import threads_for
from assistant.evaluation.answer_scores import f1
from assistant.models.installed_readers import CONFIG_FILE, reader_info
from assistant.retrieval import Retriever
from assistant.types import Reader, ReaderCalibration
from tests.bench.confidence_data import Material, Query, material
from tests.bench.confidence_domains import domains
from tests.bench.fit_confidence import RIDGE, Row, holds, outcome, read_rows, shares
from tests.bench.libraries import library_of, remembering, text_number
from tests.bench.logistic import Array, auc, brier, calibration_error, fit, out_of_fold
from tests.bench.qa_data import require
from tests.bench.report import ROOT, Figure, add_json_option, models_folder, publish

OUT = ROOT / ".build" / "bench" / "reader"
FALSE_REFUSALS = 0.15
VERSION = 3
"""Changes with what a row holds or how it is come by."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("reader", type=Path)
    parser.add_argument("--count", type=int, default=1500, help="questions of new articles")
    parser.add_argument("--others", type=int, default=4000, help="paragraphs added to search in")
    parser.add_argument("--domain", type=int, default=500, help="questions of each other domain")
    parser.add_argument("--write", action="store_true", help="keep it in READER's reader.json")
    parser.add_argument("--minutes", type=float, default=30.0, help="stop asking after so long")
    options = parser.parse_args()
    sets = {"articles": require(lambda: material(options.count, options.others))}
    sets |= require(lambda: dict(domains(options.domain)))
    ends = time.monotonic() + 60.0 * options.minutes
    rows = {name: asked(options.reader, found, ends) for name, found in sets.items()}
    calibration, figures = fitted(rows)
    details = {"weights": dict(calibration.weights), "threshold": calibration.threshold}
    print(json.dumps(details))
    if options.write:
        path = options.reader / CONFIG_FILE
        described = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**described, "calibration": details}, indent=2) + "\n")
        print(f"written: {path}")
    questions = {name: len(own) for name, own in rows.items()}
    publish("fit_reader", figures, {**details, "questions": questions}, options.json)
    return 0


def asked(folder: Path, found: Material, ends: float) -> list[Row]:
    """Ask all questions that were not asked before, in random order, until `ends` (monotonic)."""
    settings = Settings(data_dir=models_folder().parent)
    reader = OnnxReader(reader_info(folder), threads_for(settings.threads))
    model = (folder / "model.onnx").read_bytes()
    texts = hashlib.sha256("".join(text.text for text in found.texts).encode())
    key = hashlib.sha256(hashlib.sha256(model).digest() + texts.digest() + bytes([VERSION]))
    journal = OUT / f"{key.hexdigest()[:16]}.jsonl"
    known = {row.id: row for row in read_rows(journal)}
    left = [query for query in found.queries if query.id not in known]
    random.Random(1).shuffle(left)
    if left:
        OUT.mkdir(parents=True, exist_ok=True)
        embedder = remembering(load_embedder(settings))
        with library_of(found.texts, embedder) as store, journal.open("a") as file:
            embedder.save()
            numbers = {text_number(d.name): d.id for d in store.documents()}
            for number, query in enumerate(left, start=1):
                within = None if query.within is None else [numbers[query.within]]
                retriever = Retriever(store, embedder, documents=within)
                row = known[query.id] = ask(retriever, reader, query)
                file.write(json.dumps(asdict(row)) + "\n")
                late = time.monotonic() > ends
                if number % 100 == 0 or number == len(left) or late:
                    file.flush()
                    print(f"asked {number}/{len(left)}", flush=True)
                if late:
                    break
    return [known[query.id] for query in found.queries if query.id in known]


def ask(retriever: Retriever, reader: Reader, query: Query) -> Row:
    result = retriever.search(query.text, PASSAGES)
    hits, spans = read_hits(query.text, result.hits, reader)
    result = replace(result, hits=hits)
    if not spans:
        return Row(query.id, query.kind, query.article, None, right=False, f1=0.0)
    best = spans[0]
    match = f1(best.text, query.answers) if query.answers else 0.0
    right = match >= 0.5 or holds(query.answers, [best.text])
    if query.page is not None:
        right = text_number(result.hits[best.place.passage].passage.document) == query.page
    elif query.within is not None:
        right = right or holds([best.text], query.answers)
    found = dict(features(query.text, result, spans))
    return Row(
        query.id, query.kind, query.article, found, right=right, f1=match, margin=best.margin
    )


def fitted(sets: Mapping[str, Sequence[Row]]) -> tuple[ReaderCalibration, list[Figure]]:
    """Return the calibration, and the figures of unseen articles, contracts and diseases."""
    given = [row for rows in sets.values() for row in rows if row.found is not None]
    origin = np.array([n for n, rows in sets.items() for row in rows if row.found is not None])
    names = sorted(given[0].found or {})
    table = np.array([[(row.found or {})[name] for name in names] for row in given])
    labels = np.array([float(row.right) for row in given])
    counts = {name: max(1, int((origin == name).sum())) for name in sets}
    even = np.array([len(given) / len(sets) / counts[name] for name in origin])
    unseen = out_of_fold(table, labels, [row.article for row in given], ridge=RIDGE, weights=even)
    model = fit(table, labels, RIDGE, even)
    groups = [
        (rows, [r for r, n in zip(given, origin, strict=True) if n == name], unseen[origin == name])
        for name, rows in sets.items()
    ]
    threshold = best_threshold(groups)
    weights = {n: round(w, 4) for n, w in zip(names, model.weights, strict=True)}
    weights[INTERCEPT] = round(model.intercept, 4)
    margin = np.array([row.margin for row in given])
    figures = [Figure("threshold", threshold)]
    for name, rows in sets.items():
        mine = origin == name
        told = [row for row, here in zip(given, mine, strict=True) if here]
        scores, right = unseen[mine], labels[mine]
        figures += [
            Figure(f"{name}: AUC of the confidence", auc(scores, right), note="unseen"),
            Figure(f"{name}: AUC of the margin alone", auc(margin[mine], right)),
            Figure(f"{name}: Brier score", brier(scores, right)),
            Figure(f"{name}: expected calibration error", calibration_error(scores, right)),
            Figure(f"{name}: right, of all questions with a span", float(right.mean())),
            *outcome(f"{name}, everything answered", rows, told, scores >= 0.0),
            *outcome(f"{name}, by confidence", rows, told, scores >= threshold),
        ]
    return ReaderCalibration(weights, round(threshold, 4)), figures


def best_threshold(groups: Sequence[tuple[Sequence[Row], Sequence[Row], Array]]) -> float:
    """Return the best threshold over sets (all rows, those with a span, their scores).

    Each set counts the same: fitted on articles alone, it refused a quarter of what contracts
    do answer.
    """

    def gain(threshold: float) -> tuple[bool, float]:
        found = [shares(rows, given, scores >= threshold) for rows, given, scores in groups]
        score, refused, false = (float(np.mean(column)) for column in zip(*found, strict=True))
        return false <= FALSE_REFUSALS, score + refused

    every = np.concatenate([scores for _, _, scores in groups])
    return max((float(t) for t in np.unique(np.round(every, 3))), key=gain)


if __name__ == "__main__":
    sys.exit(main())
