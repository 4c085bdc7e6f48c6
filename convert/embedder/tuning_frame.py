"""What every tuning for the search needs around its training: resume, record, clean up."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from convert.atomic_output import finished, run_atomic_step
from convert.base_model import write_json
from convert.embedder.settings import TuneSettings
from convert.embedder.trainer import clear_of_others, quiet_libraries

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
    table = asdict(settings)
    there = {MODEL_FOLDER: out / MODEL_FOLDER}
    if record := finished(out, step, inputs=inputs, settings=table, outputs=there):
        return dict(record.figures)
    work = out.parent / f".{out.name}.checkpoints"

    def fill(temporary: Path) -> dict[str, Any]:
        clear_of_others(work, inputs, table)
        quiet_libraries(settings)
        return make(temporary, work)

    figures = run_atomic_step(
        out, step, fill, inputs=inputs, settings=table, outputs=[MODEL_FOLDER]
    )
    shutil.rmtree(work, ignore_errors=True)
    return figures


def named_inputs(base: Path, data: Sequence[Path]) -> dict[str, Path]:
    """Return the inputs of a tuning under the names they have in its record."""
    return {"base": base, **{f"data {n} ({p.name})": p for n, p in enumerate(data, start=1)}}


def write_figures(folder: Path, figures: Mapping[str, Any]) -> None:
    """Write what is known of a tuned model beside it."""
    write_json(folder / TUNING_FILE, {"format": 1, **figures})
