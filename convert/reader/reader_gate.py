"""The release gate of a reader: it is asked what the reader that it replaces is asked.

A reader fails when its answers are worse than the other's beyond noise, when it tells questions
without answer less well, and when too few questions were asked to say so. The report is in the
shape of a chat model's (`convert.evaluate`), so that `bundle pack --evaluation` takes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant.engine.reader import OnnxReader
from assistant.evaluation.answer_scores import f1
from assistant.models.embedder_folder import MODEL_FILE
from assistant.types import CancelToken
from convert.atomic_output import Job, Progress, quiet, run_atomic_step
from convert.base_model import write_json
from convert.evaluate.bootstrap import RESAMPLES, bootstrap
from convert.evaluate.release_gate import Finding, GateResult
from convert.reader.evaluate_reader import ReaderEvaluation, Sets, load_reader, read_items, sets_of
from convert.reader.reading_figures import ReadAnswer, auc, reading_figures
from convert.reader.reading_items import ReadItem
from convert.reader.settings import ReaderData
from convert.step_record import file_sha256

STEP = "reader evaluate"
REPORT_FILE = "evaluation.json"
LEAST_QUESTIONS = 100
"""Answerable questions over all sets, below which there is no verdict."""

Answers = Mapping[str, Sequence[ReadAnswer]]


def run_reader_gate(
    settings: ReaderEvaluation,
    folder: Path,
    base: Path,
    out: Path,
    held_out: ReaderData | None = None,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """Ask the reader in `folder` and the one in `base` the same; write the report to `out`.

    Returns the report. Raises as `run_evaluate_reader`.
    """
    job = Job.of(progress, cancel)
    sets = sets_of(settings, held_out)

    def work(temporary: Path) -> dict[str, Any]:
        answers = {
            name: _asked(load_reader(path, settings), sets, job)
            for name, path in (("reader", folder), ("base", base))
        }
        findings = GateResult(
            tuple(gate_findings(sets, answers["reader"], answers["base"], settings))
        )
        report = {
            "settings": settings.as_table(),
            "sets": [{"name": name, "questions": len(items)} for name, items in sets.items()],
            "contenders": [
                {
                    "name": name,
                    "sha256": {"model": file_sha256(path / MODEL_FILE), "adapter": ""},
                    "results": _results(sets, answers[name], settings),
                    "gate": findings.as_table() if name == "reader" else {},
                }
                for name, path in (("reader", folder), ("base", base))
            ],
        }
        write_json(temporary / REPORT_FILE, report)
        return report

    inputs = {"reader": folder / MODEL_FILE, "base": base / MODEL_FILE}
    return run_atomic_step(
        out, STEP, work, inputs=inputs, settings=settings.as_table(), outputs=[REPORT_FILE]
    )


def _asked(reader: OnnxReader, sets: Sets, job: Job) -> Answers:
    return {name: read_items(reader, items, name, job) for name, items in sets.items()}


def _results(sets: Sets, answers: Answers, settings: ReaderEvaluation) -> dict[str, Any]:
    """Return the figures with an interval, in the shape of a report."""
    found = {}
    for name, items in sets.items():
        figures = reading_figures(items, answers[name], settings.weight)
        found[name] = {"figures": {k: v for k, v in figures.items() if isinstance(v, dict)}}
    return found


def gate_findings(
    sets: Sets, answers: Answers, before: Answers, settings: ReaderEvaluation
) -> Iterator[Finding]:
    asked = sum(bool(item.answers) for items in sets.values() for item in items)
    yield Finding("enough questions for a verdict", asked >= LEAST_QUESTIONS,
                  f"{asked} answerable ones asked, at least {LEAST_QUESTIONS}")  # fmt: skip
    for name, items in sets.items():
        yield from _better(name, items, answers[name], before[name])
        yield from _told_apart(name, items, answers[name], before[name], settings.weight)


def _better(
    name: str,
    items: Sequence[ReadItem],
    answers: Sequence[ReadAnswer],
    before: Sequence[ReadAnswer],
) -> Iterator[Finding]:
    """Compare F1, question by question."""
    pairs = [
        (f1(one.text, item.answers), f1(other.text, item.answers))
        for item, one, other in zip(items, answers, before, strict=True)
        if item.answers
    ]
    change = bootstrap([one - other for one, other in pairs])
    if change is not None:
        one, other = (float(np.mean(column)) for column in zip(*pairs, strict=True))
        said = f"{other:.3f} -> {one:.3f}, change {change.low:+.3f} to {change.high:+.3f}"
        yield Finding(f"{name}: F1 not below the other's", change.high >= 0.0, said)


def _told_apart(
    name: str,
    items: Sequence[ReadItem],
    answers: Sequence[ReadAnswer],
    before: Sequence[ReadAnswer],
    weight: float,
) -> Iterator[Finding]:
    """Compare how well answerable questions are told from others; questions are resampled."""
    right = np.array([bool(item.answers) for item in items])
    if right.all() or not right.any():
        return
    sure = np.array([[a.sureness(weight) for a in some] for some in (answers, before)])
    yes, no = sure[:, right], sure[:, ~right]
    rng = np.random.default_rng(0)
    changes = []
    for _ in range(RESAMPLES):
        some, others = (rng.integers(0, part.shape[1], part.shape[1]) for part in (yes, no))
        one, other = (auc(y[some], n[others]) for y, n in zip(yes, no, strict=True))
        changes.append(one - other)
    low, high = np.quantile(changes, [0.025, 0.975])
    one, other = (auc(y, n) for y, n in zip(yes, no, strict=True))
    yield Finding(
        f"{name}: unanswerable questions told as well as by the other",
        bool(high >= 0.0),
        f"area {other:.3f} -> {one:.3f}, change {low:+.3f} to {high:+.3f}",
    )
