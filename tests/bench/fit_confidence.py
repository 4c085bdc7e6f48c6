"""Fits the confidence of a tuned model: when is its quote right, and when not to answer?

    python -m tests.bench.fit_confidence [--adapter FILE] [--count N] [--others N]
        [--minutes N] [--json OUT] [--write]

The adapter (by default the one in models/) answers questions of articles that it was not
tuned on (`confidence_data.py`; never A2) from an open library, through `AnswerSession`. What
`assistant.answering.confidence.features` found and whether the answer was right are kept in
`.build/bench/confidence`, so that a run that was stopped goes on, and a second one is done at
once. A logistic regression is fitted; its figures are of folds that saw no question of the
same article. The threshold is the one with the best sum of F1 and refused questions, with at
most `FALSE_REFUSALS` of the answerable ones refused. With `--write` the calibration of the
adapter in models/catalogue.toml is made new (and `models setup` must be run again).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from assistant.answering import AnswerSession
from assistant.answering.confidence import INTERCEPT, features
from assistant.answering.request import StrategyResult
from assistant.config import Settings
from assistant.engine.chat_model import LlamaChat
from assistant.engine.engine_loader import load_embedder
from assistant.engine.thread_count import threads_for
from assistant.evaluation.answer_scores import f1, normalise
from assistant.models.catalogue import CATALOGUE_FILE, bundled_models_dir, load_catalogue
from assistant.retrieval import Retriever
from assistant.types import TOGETHER, Answer, Calibration, Sentence
from tests.bench.bench_adapter import shipped_adapter
from tests.bench.confidence_data import Query, material
from tests.bench.libraries import library_of, remembering
from tests.bench.logistic import Array, Mask, auc, brier, calibration_error, fit, out_of_fold
from tests.bench.qa_data import require
from tests.bench.report import EXIT_SKIPPED, ROOT, Figure, add_json_option, models_folder, publish

OUT = ROOT / ".build" / "bench" / "confidence"
FALSE_REFUSALS = 0.2
RIDGE = 2.0
VERSION = 1
"""Changes with what a `Row` holds or how it is come by."""


@dataclass(frozen=True)
class Row:
    """What came of one question; `found` are the features (None: nothing was quoted).

    `margin` and `log_probability` are the quote's, for the decision without weights.
    """

    id: str
    kind: str
    article: str
    found: dict[str, float] | None
    right: bool
    f1: float
    margin: float = 0.0
    log_probability: float = 0.0

    @property
    def answerable(self) -> bool:
        return self.kind == "known"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--adapter", type=Path, help="LoRA GGUF [default: the one in models/]")
    parser.add_argument("--count", type=int, default=600, help="questions of new articles")
    parser.add_argument("--others", type=int, default=4000, help="paragraphs added to search in")
    parser.add_argument("--write", action="store_true", help="write models/catalogue.toml")
    parser.add_argument("--decide", action="store_true", help="let the confidence decide what is"
                        " refused; docs/refusing.md says why it does not")  # fmt: skip
    parser.add_argument("--minutes", type=float, default=60.0, help="stop asking after so long")
    options = parser.parse_args()
    adapter = options.adapter or shipped_adapter()
    base = models_folder() / load_catalogue().default_chat.name / "model.gguf"
    if adapter is None or not adapter.is_file() or not base.is_file():
        print("skipped: the adapter or its base is missing")
        return EXIT_SKIPPED
    rows = asked(base, adapter, options.count, options.others, options.minutes)
    old = calibration_of(adapter)
    fit_to, figures = fitted(rows, old)
    made = (fit_to if options.decide else replace(fit_to, answer_threshold=None)).stored()
    line = f"calibration = {{ {', '.join(f'{k} = {v}' for k, v in sorted(made.items()))} }}"
    print(line)
    if options.write:
        written = write(adapter, line)
        print(f"written: {written}" if written else "this adapter is not in the catalogue")
    publish("fit_confidence", figures, {"calibration": made, "questions": len(rows)}, options.json)
    return 0


class Watched(AnswerSession):
    """Keeps how each answer came about."""

    read = StrategyResult("")
    extract: Sentence | None = None

    def _finished(self, stages: Any) -> Answer:
        self.read = stages.read
        self.extract = stages.searched.extract if stages.searched else None
        return super()._finished(stages)


def asked(base: Path, adapter: Path, count: int, others: int, minutes: float) -> list[Row]:
    """Ask all questions that were not asked before; the rest is read from the journal.

    They are asked in random order, so that what there is after `minutes` is a fair sample.
    """
    found = require(lambda: material(count, others))
    key = hashlib.sha256(
        b"".join(hashlib.sha256(p.read_bytes()).digest() for p in (base, adapter))
        + f"{VERSION} {others}".encode()
    ).hexdigest()[:16]
    journal = OUT / f"{key}.jsonl"
    known = {row.id: row for row in read_rows(journal)}
    left = [query for query in found.queries if query.id not in known]
    random.Random(1).shuffle(left)
    ends = time.monotonic() + 60.0 * minutes
    if left:
        OUT.mkdir(parents=True, exist_ok=True)
        settings = Settings(data_dir=models_folder().parent)
        embedder = remembering(load_embedder(settings))
        chat = LlamaChat(
            base,
            name="tuned",
            context_length=settings.context_length,
            threads=threads_for(settings.threads),
            adapter=adapter,
            calibration=Calibration(quotes_only=True),
        )
        with library_of(found.texts, embedder) as store, journal.open("a") as file:
            embedder.save()
            session = Watched(Retriever(store, embedder), chat, embedder, settings)
            for number, query in enumerate(left, start=1):
                row = ask(session, query)
                known[row.id] = row
                file.write(json.dumps(asdict(row)) + "\n")
                file.flush()
                late = time.monotonic() > ends
                if number % 50 == 0 or number == len(left) or late:
                    print(f"asked {number}/{len(left)}", flush=True)
                if late:
                    break
    return [known[query.id] for query in found.queries if query.id in known]


def read_rows(journal: Path) -> list[Row]:
    """Read a journal; a last line that was cut off is left out."""
    rows = []
    text = journal.read_text(encoding="utf-8") if journal.is_file() else ""
    for line in text.splitlines():
        try:
            rows.append(Row(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return rows


def ask(session: Watched, query: Query) -> Row:
    for _ in session.ask(query.text, strategy=TOGETHER):
        pass
    evidence = session.read.evidence
    if evidence is None:
        return Row(query.id, query.kind, query.article, None, right=False, f1=0.0)
    quoted = evidence.quoted
    match = f1(quoted.text, query.answers) if query.answers else 0.0
    shown = [quoted.text, session.extract.text if session.extract else ""]
    return Row(
        query.id,
        query.kind,
        query.article,
        features(evidence),
        right=match >= 0.5 or holds(query.answers, shown),
        f1=match,
        margin=quoted.margin,
        log_probability=quoted.log_probability,
    )


def holds(answers: Sequence[str], shown: Sequence[str]) -> bool:
    texts = [f" {normalise(text)} " for text in shown]
    return any(
        normalise(answer) and f" {normalise(answer)} " in text
        for answer in answers
        for text in texts
    )


def fitted(rows: Sequence[Row], old: Calibration) -> tuple[Calibration, list[Figure]]:
    """Return the calibration with what was fitted, and the figures of unseen articles."""
    given = [row for row in rows if row.found is not None]
    names = sorted(given[0].found or {})
    table = np.array([[(row.found or {})[name] for name in names] for row in given])
    labels = np.array([float(row.right) for row in given])
    unseen = out_of_fold(table, labels, [row.article for row in given], ridge=RIDGE)
    model = fit(table, labels, RIDGE)
    threshold = best_threshold(rows, given, unseen)
    weights = {n: round(w, 4) for n, w in zip(names, model.weights, strict=True)}
    weights[INTERCEPT] = round(model.intercept, 4)
    doubt = np.array([row.margin - old.doubt_weight * row.log_probability for row in given])
    figures = [
        Figure("right or not: AUC of the confidence", auc(unseen, labels), note="unseen articles"),
        Figure("the same, AUC of the doubt alone", auc(-doubt, labels)),
        Figure("Brier score", brier(unseen, labels)),
        Figure("expected calibration error", calibration_error(unseen, labels)),
        Figure("right, of all that was quoted", float(labels.mean())),
        Figure("threshold", threshold),
        *outcome("confidence", rows, given, unseen >= threshold),
        *outcome("as before", rows, given, doubt <= old.refusal_threshold),
    ]
    return replace(old, confidence=weights, answer_threshold=round(threshold, 4)), figures


def best_threshold(rows: Sequence[Row], given: Sequence[Row], scores: Array) -> float:
    def gain(threshold: float) -> tuple[bool, float]:
        score, refused, false = shares(rows, given, scores >= threshold)
        return false <= FALSE_REFUSALS, score + refused

    return max((float(t) for t in np.unique(np.round(scores, 3))), key=gain)


def shares(rows: Sequence[Row], given: Sequence[Row], kept: Mask) -> tuple[float, float, float]:
    """Return F1 of the answerable, share of unanswerable refused, share of false refusals."""
    answered = {row.id for row, keep in zip(given, kept, strict=True) if keep}
    known = [row for row in rows if row.answerable]
    others = [row for row in rows if not row.answerable]
    score = sum(row.f1 for row in known if row.id in answered) / max(1, len(known))
    refused = sum(row.id not in answered for row in others) / max(1, len(others))
    false = sum(row.id not in answered for row in known) / max(1, len(known))
    return score, refused, false


def outcome(name: str, rows: Sequence[Row], given: Sequence[Row], kept: Mask) -> list[Figure]:
    score, refused, false = shares(rows, given, kept)
    found = [
        Figure(f"{name}: F1 of the answerable", score),
        Figure(f"{name}: unanswerable refused", refused),
        Figure(f"{name}: false refusals", false),
    ]
    for kind in ("written", "left out", "clause", "page"):
        own = [row for row in rows if row.kind == kind]
        ids = {row.id for row in own}
        pairs = [(row, keep) for row, keep in zip(given, kept, strict=True) if row.id in ids]
        if own:
            share = 1.0 - sum(bool(keep) for _, keep in pairs) / len(own)
            found.append(Figure(f"{name}: refused, {kind}", share, note=f"{len(own)} questions"))
    return found


def calibration_of(adapter: Path) -> Calibration:
    """Return what the catalogue says of the adapter with these bytes, or of the default."""
    digest = hashlib.sha256(adapter.read_bytes()).hexdigest()
    catalogue = load_catalogue()
    entry = next((e for e in catalogue.adapters if e.sha256 == digest), catalogue.default_adapter)
    if entry is None:
        return Calibration(quotes_only=True)
    return Calibration.read(entry.calibration)


def write(adapter: Path, line: str, folder: Path | None = None) -> str:
    """Put the line into the entry with the adapter's hash; return its name ("" if none).

    `folder`: where the catalogue lies, unless it is the one that comes with the program.
    """
    path = (folder or bundled_models_dir()) / CATALOGUE_FILE
    text = path.read_text(encoding="utf-8")
    digest = hashlib.sha256(adapter.read_bytes()).hexdigest()
    entry = re.search(rf'\[\[adapter\]\]\nname = "([^"]+)"(?:\n(?!\[).*)*?{digest}', text)
    if entry is None:
        return ""
    changed = re.compile(r"^calibration = \{.*\}$", re.MULTILINE).sub(
        line, text[entry.start() :], count=1
    )
    path.write_text(text[: entry.start()] + changed, encoding="utf-8")
    return entry[1]


if __name__ == "__main__":
    sys.exit(main())
