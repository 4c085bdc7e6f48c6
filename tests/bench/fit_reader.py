"""Fits the confidence of a reader: when is its answer right, and when not to answer?

    python -m tests.bench.fit_reader READER [--count N] [--others N] [--minutes N] [--json OUT]
        [--write]

READER is a folder that `assistant-convert reader export` made. It answers questions of articles
that it was not trained on (`confidence_data.py`; never A2) from an open library, through
`AnswerSession`. The features of `assistant.answering.reader_confidence`, and whether the answer
was right, are kept in `.build/bench/reader`, so that a run that was stopped goes on. A logistic
regression is fitted; its figures are of folds that saw no question of the same article. The
threshold is the one with the best sum of F1 and refused questions, with at most
`FALSE_REFUSALS` of the answerable ones refused. With `--write` it is kept in READER's
`reader.json`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
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
from tests.bench.confidence_data import Query, material
from tests.bench.fit_confidence import RIDGE, Row, holds, outcome, read_rows, shares
from tests.bench.libraries import library_of, remembering
from tests.bench.logistic import Array, auc, brier, calibration_error, fit, out_of_fold
from tests.bench.qa_data import require
from tests.bench.report import ROOT, Figure, add_json_option, models_folder, publish

OUT = ROOT / ".build" / "bench" / "reader"
FALSE_REFUSALS = 0.12
VERSION = 2
"""Changes with what a row holds or how it is come by."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("reader", type=Path)
    parser.add_argument("--count", type=int, default=1500, help="questions of new articles")
    parser.add_argument("--others", type=int, default=4000, help="paragraphs added to search in")
    parser.add_argument("--write", action="store_true", help="keep it in READER's reader.json")
    parser.add_argument("--minutes", type=float, default=30.0, help="stop asking after so long")
    options = parser.parse_args()
    rows = asked(options.reader, options.count, options.others, options.minutes)
    calibration, figures = fitted(rows)
    details = {"weights": dict(calibration.weights), "threshold": calibration.threshold}
    print(json.dumps(details))
    if options.write:
        path = options.reader / CONFIG_FILE
        described = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**described, "calibration": details}, indent=2) + "\n")
        print(f"written: {path}")
    publish("fit_reader", figures, {**details, "questions": len(rows)}, options.json)
    return 0


def asked(folder: Path, count: int, others: int, minutes: float) -> list[Row]:
    """Ask all questions that were not asked before, in random order, until `minutes` are over."""
    found = require(lambda: material(count, others))
    settings = Settings(data_dir=models_folder().parent)
    reader = OnnxReader(reader_info(folder), threads_for(settings.threads))
    model = (folder / "model.onnx").read_bytes()
    key = hashlib.sha256(hashlib.sha256(model).digest() + f"{VERSION} {others}".encode())
    journal = OUT / f"{key.hexdigest()[:16]}.jsonl"
    known = {row.id: row for row in read_rows(journal)}
    left = [query for query in found.queries if query.id not in known]
    random.Random(1).shuffle(left)
    ends = time.monotonic() + 60.0 * minutes
    if left:
        OUT.mkdir(parents=True, exist_ok=True)
        embedder = remembering(load_embedder(settings))
        with library_of(found.texts, embedder) as store, journal.open("a") as file:
            embedder.save()
            retriever = Retriever(store, embedder)
            for number, query in enumerate(left, start=1):
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
    spans = read_hits(query.text, result.hits, reader)
    if not spans:
        return Row(query.id, query.kind, query.article, None, right=False, f1=0.0)
    match = f1(spans[0].text, query.answers) if query.answers else 0.0
    right = match >= 0.5 or holds(query.answers, [spans[0].text])
    found = dict(features(query.text, result, spans))
    return Row(
        query.id, query.kind, query.article, found, right=right, f1=match, margin=spans[0].margin
    )


def fitted(rows: Sequence[Row]) -> tuple[ReaderCalibration, list[Figure]]:
    """Return the calibration, and the figures of unseen articles."""
    given = [row for row in rows if row.found is not None]
    names = sorted(given[0].found or {})
    table = np.array([[(row.found or {})[name] for name in names] for row in given])
    labels = np.array([float(row.right) for row in given])
    unseen = out_of_fold(table, labels, [row.article for row in given], ridge=RIDGE)
    model = fit(table, labels, RIDGE)
    threshold = best_threshold(rows, given, unseen)
    weights = {n: round(w, 4) for n, w in zip(names, model.weights, strict=True)}
    weights[INTERCEPT] = round(model.intercept, 4)
    margin = np.array([row.margin for row in given])
    figures = [
        Figure("right or not: AUC of the confidence", auc(unseen, labels), note="unseen articles"),
        Figure("the same, AUC of the margin alone", auc(margin, labels)),
        Figure("Brier score", brier(unseen, labels)),
        Figure("expected calibration error", calibration_error(unseen, labels)),
        Figure("right, of all questions with a span", float(labels.mean())),
        Figure("threshold", threshold),
        *outcome("everything answered", rows, given, unseen >= 0.0),
        *outcome("confidence", rows, given, unseen >= threshold),
    ]
    return ReaderCalibration(weights, round(threshold, 4)), figures


def best_threshold(rows: Sequence[Row], given: Sequence[Row], scores: Array) -> float:
    def gain(threshold: float) -> tuple[bool, float]:
        score, refused, false = shares(rows, given, scores >= threshold)
        return false <= FALSE_REFUSALS, score + refused

    return max((float(t) for t in np.unique(np.round(scores, 3))), key=gain)


if __name__ == "__main__":
    sys.exit(main())
