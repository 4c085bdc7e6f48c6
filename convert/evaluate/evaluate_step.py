"""The step `evaluate`: ask every system the same questions, apply the gate, write the record."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.config import Settings
from assistant.engine.engine_loader import load_embedder
from assistant.engine.thread_count import threads_for
from assistant.prompts import PROMPT_VERSION
from assistant.types import CancelToken, ModelProfile
from convert.atomic_output import Job, Progress, disk_errors, quiet
from convert.base_model import read_json
from convert.evaluate.ask_engine import open_system
from convert.evaluate.canaries import leak_threshold, read_registry
from convert.evaluate.evaluation_items import items_sha256
from convert.evaluate.gguf_fidelity import compare
from convert.evaluate.question_sets import QuestionSet, build_sets
from convert.evaluate.release_gate import check_gate
from convert.evaluate.settings import EvaluateSettings
from convert.evaluate.systems import (
    BASE,
    EvaluationPlan,
    SystemFiles,
    SystemRun,
    list_systems,
    run_system,
    system_entry,
)
from convert.step_record import is_done, package_versions, write_record

STEP = "evaluate"
REPORT_FILE = "evaluation.json"
ANSWERS_FOLDER = "answers"
FORMAT = 1
_COMPARED_ITEMS = 40


def run_evaluate(
    settings: EvaluateSettings,
    files: SystemFiles,
    out: Path,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """Evaluate, write `evaluation.json` and `step.json` into `out`, return the report.

    Answers are kept in `out/answers` as they come: a run that was stopped goes on. A run
    that is done already is not repeated. Raises `UsageError` for nothing to ask or nobody
    to ask, `ModelError` and `EngineError` for a model that can't be loaded or computes
    what is not finite. A gate that is not passed is no error here: see the report's `gate`.
    """
    started = time.monotonic()
    inputs = files.named() | _files(settings)
    outputs = {REPORT_FILE: out / REPORT_FILE}
    task: dict[str, Any] = {"inputs": inputs, "settings": asdict(settings), "outputs": outputs}
    if is_done(out, STEP, **task):
        report: dict[str, Any] = read_json(outputs[REPORT_FILE])
        return report
    report = _evaluated(settings, files, out, Job.of(progress, cancel))
    seconds = time.monotonic() - started
    _write(out, report)
    write_record(out, STEP, **task, figures=_headlines(report), seconds=seconds)
    return report


def _files(settings: EvaluateSettings) -> dict[str, Path]:
    named = [*settings.squad, settings.cuad, settings.pubmedqa]
    return {f"questions {number}": Path(name) for number, name in enumerate(named) if name}


def _evaluated(
    settings: EvaluateSettings, files: SystemFiles, out: Path, job: Job
) -> dict[str, Any]:
    served_as = Settings(data_dir=out).for_model(ModelProfile())
    asked_as = served_as.with_changes(
        context_length=settings.context_length, threads=settings.threads
    )
    systems = list_systems(settings, files)
    canaries = read_registry(files.canaries) if files.canaries else []
    if canaries and settings.canary_candidates:
        leak_threshold(len(canaries), settings.canary_candidates, settings.canary_false_alarm)
    laptop = served_as.with_changes(threads=settings.threads)
    with closing(open_system(systems[0], laptop)) as chat:
        embedder = load_embedder(served_as)
        sets = build_sets(settings, served_as, files.dataset, embedder, chat, job)
    fidelity = _fidelity(settings, files, sets, job)
    answers = out / ANSWERS_FOLDER
    plan = EvaluationPlan(sets, canaries, settings, asked_as, answers, job)
    runs = [run_system(system, plan) for system in systems]
    base = next((run for run in runs if run.system.name == BASE), None)
    f16 = next((r for r in runs if r.system.tuned and r.system.model == files.f16), None)
    report = {
        "format": FORMAT,
        "prompt_version": PROMPT_VERSION,
        "sets": [_described(question_set) for question_set in sets],
        "contenders": [
            system_entry(run, settings, base, f16 if run.system.tuned else None) for run in runs
        ],
        "fidelity": fidelity,
        "settings": asdict(settings),
        "versions": package_versions(),
    }
    _judge(report, runs, settings)
    return report


def _fidelity(
    settings: EvaluateSettings,
    files: SystemFiles,
    sets: Sequence[QuestionSet],
    job: Job,
) -> dict[str, Any] | None:
    if files.merged is None or files.f16 is None:
        return None
    items = [item for question_set in sets for item in question_set.items[:_COMPARED_ITEMS]]
    found = compare(
        files.f16,
        files.merged,
        items,
        tokens=settings.agreement_tokens,
        threads=threads_for(settings.threads),
        job=job,
    )
    return asdict(found) | {"perplexity_gap": found.perplexity_gap, "file": files.f16.name}


def _judge(report: dict[str, Any], runs: Sequence[SystemRun], settings: EvaluateSettings) -> None:
    """Put the gate's verdicts into the report: one for each tuned system, and all."""
    entries = report["contenders"]
    base = next((entry for entry in entries if entry["name"] == BASE), None)
    verdicts = []
    if base is not None:
        for run, entry in zip(runs, entries, strict=True):
            if run.system.tuned:
                canaries = entry.get("canaries")
                result = check_gate(
                    entry, base, settings, fidelity=report["fidelity"], canaries=canaries
                )
                entry["gate"] = result.as_table()
                verdicts.append(result.passed)
    report["gate"] = {"checked": len(verdicts), "passed": bool(verdicts) and all(verdicts)}


def _described(question_set: QuestionSet) -> dict[str, Any]:
    answerable = sum(item.answerable for item in question_set.items)
    return {
        "name": question_set.name,
        "answerable": answerable,
        "unanswerable": len(question_set.items) - answerable,
        "sha256": items_sha256(question_set.items),
    }


def _headlines(report: dict[str, Any]) -> dict[str, Any]:
    """Return the means of every system and set: what a record should say at a glance."""
    return {
        entry["name"]: {
            name: {key: round(figure["value"], 4) for key, figure in results["figures"].items()}
            for name, results in entry["results"].items()
        }
        for entry in report["contenders"]
    } | {"gate passed": report["gate"]["passed"]}


def _write(out: Path, report: dict[str, Any]) -> None:
    """Write `evaluation.json` whole or not at all."""
    target = out / REPORT_FILE
    with disk_errors(target):
        out.mkdir(parents=True, exist_ok=True)
        temporary = out / f".{REPORT_FILE}.{os.getpid()}"
        temporary.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n", "utf-8")
        temporary.replace(target)
