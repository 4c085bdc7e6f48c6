"""The dataset step: sources in, `train.jsonl`, `validation.jsonl`, `dataset.json` out."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.errors import UsageError
from assistant.prompts import PROMPT_VERSION
from assistant.types import CancelToken
from convert.atomic_output import Job, Progress, atomic_folder, quiet
from convert.dataset.data_files import require_path
from convert.dataset.dataset_report import Report
from convert.dataset.row_conversion import Loaded
from convert.dataset.sample_checks import Checker
from convert.dataset.settings import DatasetSettings
from convert.dataset.source_readers import load_source
from convert.dataset.split_samples import SPLITS, SplitInput, divide, samples_of
from convert.dataset.squad import read_squad
from convert.step_record import is_done, path_sha256, write_record
from convert.training_samples import (
    MANIFEST_FILE,
    TRAIN_FILE,
    VALIDATION_FILE,
    Sample,
    write_samples,
)

STEP = "dataset"
FORMAT = 1
_FILES = {"train": TRAIN_FILE, "validation": VALIDATION_FILE}


def run_dataset(
    settings: DatasetSettings,
    out: Path,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """Make the dataset in the folder `out`, whole or not at all, and return its manifest.

    Nothing is done if `out` holds the result of these very inputs and settings. Raises
    `UsageError` for unusable data (naming file and line), `Cancelled`, and what the library
    of a RAFT source raises.
    """
    began = time.monotonic()
    outputs = {name: out / file for name, file in (*_FILES.items(), ("manifest", MANIFEST_FILE))}
    inputs, table = inputs_of(settings), settings.as_table()
    if is_done(out, STEP, inputs=inputs, settings=table, outputs=outputs):
        progress("The dataset is there already", 1, 1)
        return read_manifest(out)
    manifest, splits = make_dataset(settings, progress, cancel)
    with atomic_folder(out, STEP) as stage:
        for split, name in _FILES.items():
            write_samples(stage / name, splits[split])
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        (stage / MANIFEST_FILE).write_text(text, "utf-8")
        write_record(
            stage,
            STEP,
            inputs=inputs,
            settings=table,
            outputs={name: stage / path.name for name, path in outputs.items()},
            figures=manifest["counts"],
            seconds=time.monotonic() - began,
        )
    return manifest


def make_dataset(
    settings: DatasetSettings, progress: Progress = quiet, cancel: CancelToken | None = None
) -> tuple[dict[str, Any], dict[str, list[Sample]]]:
    """Do all of the step but writing; return the manifest and the samples by split."""
    if not settings.sources and settings.raft is None:
        raise UsageError(
            "There are no data.", hint="Name a file, or [[dataset.sources]] in the recipe."
        )
    job = Job.of(progress, cancel)
    report = Report()
    loaded = _load(settings, report, job)
    parts = divide(loaded, settings)
    if settings.raft is not None:
        _add_raft(parts, settings, report, job)
    made = {split: samples_of(split, parts[split], settings, job) for split in SPLITS}
    progress("Checking", 0, 0)
    never = [article for path in settings.never for article in read_squad(path)]
    checker = Checker(settings, report, job.cancel)
    train, validation = checker.check(made["train"], made["validation"], never)
    if not train and not validation:
        raise UsageError(
            "No sample is left.",
            hint="; ".join(f"{n} x {what}" for what, n in report.dropped.items())
            or "The sources hold nothing that can be asked.",
        )
    splits = {"train": train, "validation": validation}
    return _manifest(settings, splits, report), splits


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a dataset's manifest. Raises `UsageError` if it is missing or damaged."""
    path = folder / MANIFEST_FILE
    try:
        table = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} can't be read: {error}.") from error
    if not isinstance(table, dict) or table.get("format") != FORMAT:
        raise UsageError(f"{path} is no manifest of a dataset.")
    return table


def inputs_of(settings: DatasetSettings) -> dict[str, Path]:
    """Return the files that go into the dataset, by name. Raises `UsageError` without one."""
    found = {f"source {n}: {s.label}": s.path for n, s in enumerate(settings.sources, 1)}
    found |= {f"never {n}: {path.name}": path for n, path in enumerate(settings.never, 1)}
    if settings.raft is not None:
        from convert.dataset.user_library import store_path

        found |= {"pairs": settings.raft.pairs, "library": store_path(settings.raft)}
    if settings.base is not None:
        found["tokenizer"] = settings.base / "tokenizer.json"
    for path in found.values():
        require_path(path)
    return found


def _load(settings: DatasetSettings, report: Report, job: Job) -> list[Loaded]:
    loaded = []
    for number, source in enumerate(settings.sources):
        job.cancel.raise_if_cancelled()
        job.progress(f"Reading {source.label}", number, len(settings.sources))
        loaded.append(load_source(source, number, report, skip_bad_rows=settings.skip_bad_rows))
    return loaded


def _add_raft(
    parts: dict[str, SplitInput], settings: DatasetSettings, report: Report, job: Job
) -> None:
    from convert.dataset.raft import raft_samples

    for split, sample in raft_samples(settings, report, job):
        parts[split].samples.append(sample)


def _manifest(
    settings: DatasetSettings, splits: dict[str, list[Sample]], report: Report
) -> dict[str, Any]:
    sources = [
        {
            "name": source.label,
            "file": source.path.name,
            "format": source.format,
            "licence": source.licence,
            "sha256": path_sha256(source.path),
        }
        for source in settings.sources
    ]
    if settings.raft is not None:
        pairs = settings.raft.pairs
        sources.append(
            {
                "name": f"library {settings.raft.library or 'library'}",
                "file": pairs.name,
                "format": "raft",
                "licence": settings.raft.licence,
                "sha256": path_sha256(pairs),
            }
        )
    return {
        "format": FORMAT,
        "prompt_version": PROMPT_VERSION,
        "seed": settings.seed,
        "split_seed": settings.split_seed,
        "sources": sources,
        "settings": settings.as_table(),
        "counts": {split: _counts(samples) for split, samples in splits.items()},
        "validation_documents": sorted({s.document for s in splits["validation"]}),
        "lengths_counted": "by the base's tokenizer" if settings.base else "estimated",
        "report": report.json(),
    }


def _counts(samples: Sequence[Sample]) -> dict[str, Any]:
    return {
        "samples": len(samples),
        **Counter(sample.kind for sample in samples),
        "groups": len({sample.group or sample.id for sample in samples}),
        "documents": len({sample.document for sample in samples}),
        "by_source": dict(Counter(str(s.extra.get("source", "rows")) for s in samples)),
        "by_origin": dict(Counter(str(s.extra.get("origin", s.kind)) for s in samples)),
    }
