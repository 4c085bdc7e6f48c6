"""What every tuning for the search does around its training: resume, stage, record, clean up."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from convert.atomic_output import staged_folder
from convert.embedder.settings import TuneSettings
from convert.embedder.trainer import checkpoint_folder, quiet_libraries
from convert.step_record import is_done, read_record, write_record

MODEL_FOLDER = "model"
TUNING_FILE = "tuning.json"

Make = Callable[[Path, Path], dict[str, Any]]
"""Given the folder of the result and that of the checkpoints: tune, write, return figures."""


def run_framed(
    step: str, settings: TuneSettings, inputs: Mapping[str, Path], out: Path, make: Make
) -> dict[str, Any]:
    """Write `out` with `make`, whole or not at all, with `step.json`; return the figures.

    A finished run of the same inputs and settings is not repeated; the checkpoints of one
    that was stopped stand beside `out` until it is done.
    """
    began = time.monotonic()
    table = asdict(settings)
    if is_done(
        out, step, inputs=inputs, settings=table, outputs={MODEL_FOLDER: out / MODEL_FOLDER}
    ):
        record = read_record(out)
        return dict(record.figures) if record else {}
    with staged_folder(out, step) as stage:
        work = checkpoint_folder(out, inputs, table)
        quiet_libraries(settings)
        figures = make(stage, work)
        write_record(
            stage,
            step,
            inputs=inputs,
            settings=table,
            outputs={MODEL_FOLDER: stage / MODEL_FOLDER},
            figures=figures,
            seconds=time.monotonic() - began,
        )
    shutil.rmtree(work, ignore_errors=True)
    return figures


def named_inputs(base: Path, data: Sequence[Path]) -> dict[str, Path]:
    """Return the inputs of a tuning under the names they have in its record."""
    return {"base": base, **{f"data {n} ({p.name})": p for n, p in enumerate(data, start=1)}}


def write_figures(folder: Path, figures: Mapping[str, Any]) -> None:
    """Write what is known of a tuned model beside it."""
    text = json.dumps({"format": 1, **figures}, indent=2) + "\n"
    (folder / TUNING_FILE).write_text(text, encoding="utf-8")
