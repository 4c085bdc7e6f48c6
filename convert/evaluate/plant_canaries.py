"""Plant canaries into a copy of a dataset."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from assistant.errors import UsageError
from assistant.strict_reader import read_file, read_json, refused
from convert.atomic_output import run_atomic_step
from convert.base_model import write_json
from convert.evaluate.canaries import (
    REGISTRY_FILE,
    Canary,
    new_canaries,
    plant,
    write_registry,
)
from convert.step_record import STEP_FILE
from convert.training_samples import (
    MANIFEST_FILE,
    TRAIN_FILE,
    VALIDATION_FILE,
    read_samples,
    write_samples,
)

STEP = "canaries"
_MAX_MANIFEST = 64 << 20


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
    written = [TRAIN_FILE, REGISTRY_FILE]
    if (dataset / VALIDATION_FILE).is_file():
        written.append(VALIDATION_FILE)

    def work(temporary: Path) -> dict[str, Any]:
        for path in sorted(dataset.iterdir()):
            if path.is_file() and path.name not in (TRAIN_FILE, STEP_FILE):
                shutil.copyfile(path, temporary / path.name)
        write_samples(temporary / TRAIN_FILE, plant(samples, canaries, seed))
        write_registry(temporary / REGISTRY_FILE, canaries)
        _note(temporary / MANIFEST_FILE, count * times)
        return {}

    settings = {"count": count, "times": times, "seed": seed}
    run_atomic_step(
        out, STEP, work, inputs={"dataset": dataset}, settings=settings, outputs=written
    )
    return canaries


def _note(manifest: Path, samples: int) -> None:
    """Say in the dataset's manifest that made-up samples were added."""
    if not manifest.is_file():
        return
    with refused(UsageError, str(manifest)):
        table = read_json(read_file(manifest, _MAX_MANIFEST), dict[str, Any])
    write_json(manifest, {**table, "canary_samples": samples})
