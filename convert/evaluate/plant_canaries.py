"""Canaries planted into a copy of a dataset."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from assistant.errors import UsageError
from convert.atomic_output import staged_folder
from convert.evaluate.canaries import (
    REGISTRY_FILE,
    Canary,
    new_canaries,
    plant,
    write_registry,
)
from convert.step_record import STEP_FILE, write_record
from convert.training_samples import (
    MANIFEST_FILE,
    TRAIN_FILE,
    VALIDATION_FILE,
    read_samples,
    write_samples,
)

STEP = "canaries"


def plant_dataset(
    dataset: Path, out: Path, *, count: int, times: int, seed: int = 0
) -> list[Canary]:
    """Write a copy of a dataset in which `count` secrets are planted `times` each.

    Validation stays as it is. What was planted stands in `canaries.json` of the copy.
    Raises `UsageError` for a folder that is no dataset, or that has canaries already.
    """
    if (dataset / REGISTRY_FILE).exists():
        raise UsageError(f"{dataset} has canaries already.", hint="Plant into the original.")
    samples = list(read_samples(dataset / TRAIN_FILE))
    canaries = new_canaries(count, times, seed)
    with staged_folder(out, STEP) as stage:
        for path in sorted(dataset.iterdir()):
            if path.is_file() and path.name not in (TRAIN_FILE, STEP_FILE):
                shutil.copyfile(path, stage / path.name)
        write_samples(stage / TRAIN_FILE, plant(samples, canaries, seed))
        write_registry(stage / REGISTRY_FILE, canaries)
        _note(stage / MANIFEST_FILE, count * times)
        write_record(
            stage,
            STEP,
            inputs={"dataset": dataset},
            settings={"count": count, "times": times, "seed": seed},
            outputs={n: stage / n for n in (TRAIN_FILE, VALIDATION_FILE, REGISTRY_FILE)
                     if (stage / n).exists()},
        )  # fmt: skip
    return canaries


def _note(manifest: Path, samples: int) -> None:
    """Say in the dataset's manifest that made-up samples were added."""
    if not manifest.is_file():
        return
    try:
        table = json.loads(manifest.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{manifest} can't be read: {error}.") from error
    if isinstance(table, dict):
        table["canary_samples"] = samples
        manifest.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
