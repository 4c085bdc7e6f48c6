"""Run all steps of a recipe, skipping those that are done already.

Each step writes a folder of its own below `out`, with a record of what went in. A step
whose inputs, settings and versions are those of its record is skipped, so that a run which
was stopped goes on where it was, and a changed setting repeats only what depends on it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.types import CancelToken
from convert.atomic_output import Progress, quiet
from convert.base_model import WEIGHTS_FILE, unpack_gguf
from convert.evaluate.canaries import REGISTRY_FILE
from convert.export.converter_source import Source
from convert.recipe.recipe_file import Recipe
from convert.step_record import is_done
from convert.train.training_events import Event, PreparationProgress, StepDone

STEPS = ("base", "dataset", "train", "merge", "export", "adapter", "evaluate", "bundle")
_GGUF_MAGIC = b"GGUF"


@dataclass(slots=True)
class Outcome:
    """What a run made: folders of the steps by name, the report of the evaluation, the bundle."""

    out: Path
    folders: dict[str, Path] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)
    bundle: Path | None = None


def run_recipe(
    recipe: Recipe,
    out: Path,
    *,
    fetch: bool = False,
    until: str = STEPS[-1],
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> Outcome:
    """Run a recipe's steps up to and including `until`; `fetch` lets pip bring the converter.

    Raises what the steps raise; `GateError` if the tuned model is worse than its base or
    gives planted secrets away, before anything is packed.
    """
    run = _Run(recipe, out, progress, cancel or CancelToken(), fetch)
    out.mkdir(parents=True, exist_ok=True)
    for name in STEPS[: STEPS.index(until) + 1]:
        run.cancel.raise_if_cancelled()
        progress(f"Step {name}", STEPS.index(name) + 1, len(STEPS))
        step: Callable[[], None] = getattr(run, name)
        step()
    return run.outcome


class _Run:
    """One run; each method is a step, and leaves its folder in `outcome.folders`."""

    def __init__(
        self, recipe: Recipe, out: Path, progress: Progress, cancel: CancelToken, fetch: bool
    ) -> None:
        self.recipe = recipe
        self.cancel = cancel
        self.outcome = Outcome(out)
        self._progress = progress
        self._watched: dict[str, Any] = {"progress": progress, "cancel": cancel}
        source = Source(recipe.base.converter_sdist, fetch=fetch)
        self._converter: dict[str, Any] = {"source": source}

    def base(self) -> None:
        source = self.recipe.base.source
        if not _is_gguf(source):
            self.outcome.folders["base"] = source
            return
        target = self._folder("base")
        outputs = {"weights": target / WEIGHTS_FILE}
        if is_done(target, "base", inputs={"gguf": source}, settings={}, outputs=outputs):
            self.outcome.skipped.append("base")
            return
        shutil.rmtree(target, ignore_errors=True)
        unpack_gguf(source, target)

    def dataset(self) -> None:
        from convert.dataset.dataset_step import run_dataset

        target = self._folder("dataset")
        run_dataset(self.recipe.dataset, target, **self._watched)
        canaries = self.recipe.canaries
        if not canaries.count:
            return
        from convert.evaluate.plant_canaries import plant_dataset

        planted = self._folder("dataset", "dataset-with-canaries")
        settings = {"count": canaries.count, "times": canaries.times, "seed": canaries.seed}
        outputs = {p.name: p for p in planted.glob("*.json*") if p.name not in _NOT_PLANTED}
        done = bool(outputs) and is_done(
            planted, "canaries", inputs={"dataset": target}, settings=settings, outputs=outputs
        )
        if not done:
            plant_dataset(target, planted, **settings)

    def train(self) -> None:
        from convert.train.train_step import run_train

        folders = self.outcome.folders
        result = run_train(
            folders["base"],
            folders["dataset"],
            self._folder("train"),
            self.recipe.train,
            progress=self._watch,
            cancel=self.cancel,
            resume=True,
        )
        self._skip("train", result)

    def merge(self) -> None:
        from convert.merge import run_merge

        base, adapter = self.outcome.folders["base"], self._adapter()
        target = self._folder("merge")
        result = run_merge(base, adapter, target, self.recipe.merge, resume=True, **self._watched)
        self._skip("merge", result)

    def export(self) -> None:
        from convert.export import run_export

        settings, folders = self.recipe.export, self.outcome.folders
        result = run_export(
            folders["merge"],
            self._folder("export"),
            settings,
            calibration=folders["dataset"] if settings.imatrix_tokens else None,
            resume=True,
            **self._converter,
            **self._watched,
        )
        self._skip("export", result)

    def adapter(self) -> None:
        from convert.export import run_adapter

        result = run_adapter(
            self.outcome.folders["base"],
            self._adapter(),
            self._folder("adapter"),
            self.recipe.adapter,
            base_gguf=self._laptop(),
            resume=True,
            **self._converter,
            **self._watched,
        )
        self._skip("adapter", result)

    def evaluate(self) -> None:
        from convert.evaluate.evaluate_step import run_evaluate
        from convert.evaluate.release_gate import refuse_failed
        from convert.evaluate.systems import SystemFiles

        files, folders = self._exported(), self.outcome.folders
        registry = folders["dataset"] / REGISTRY_FILE
        systems = SystemFiles(
            base=self._laptop(),
            tuned=tuple(files.values()),
            adapters=(self._adapter_gguf(),),
            dataset=folders["dataset"],
            merged=folders["merge"],
            f16=files.get("F16"),
            canaries=registry if registry.exists() else None,
        )
        report = run_evaluate(
            self.recipe.evaluate, systems, self._folder("evaluate"), **self._watched
        )
        self.outcome.report = report
        if not self.recipe.bundle.key:  # else packing looks at the verdict on what is packed
            refuse_failed(report)

    def bundle(self) -> None:
        settings = self.recipe.bundle
        if not settings.key:
            self.outcome.skipped.append("bundle")
            return
        from convert.bundle.pack import run_bundle
        from convert.bundle.request_check import Contents

        as_adapter = settings.payload == "adapter"
        folders = self.outcome.folders
        data = dict.fromkeys((self.outcome.out / "dataset", folders["dataset"]))
        names = ("train", "adapter") if as_adapter else ("train", "merge", "export")
        contents = Contents(
            kind="adapter" if as_adapter else "model",
            payload=self._adapter_gguf() if as_adapter else self._exported()[settings.payload],
            base=self._laptop() if as_adapter else None,
            steps=(*data, *(folders[name] for name in names)),
            evaluation=folders["evaluate"],
            recipe=self.recipe.path,
        )
        self.outcome.bundle = run_bundle(
            settings, contents, self._folder("bundle"), **self._watched
        )

    def _folder(self, step: str, name: str = "") -> Path:
        folder = self.outcome.out / (name or step)
        self.outcome.folders[step] = folder
        return folder

    def _skip(self, step: str, result: Any) -> None:
        if result.skipped:
            self.outcome.skipped.append(step)

    def _adapter(self) -> Path:
        return self.outcome.folders["train"] / "adapter"

    def _laptop(self) -> Path:
        """Return the GGUF that the laptop has: named, the source itself, or one made of it."""
        base = self.recipe.base
        if base.laptop is not None:
            return base.laptop
        return base.source if _is_gguf(base.source) else self._base_gguf()

    def _base_gguf(self) -> Path:
        from convert.export import ExportSettings, run_export

        out = self.outcome.out / "base-gguf"
        settings = ExportSettings(quantizations=("Q8_0",), name="base")
        result = run_export(
            self.recipe.base.source, out, settings, resume=True, **self._converter, **self._watched
        )
        return result.files["Q8_0"]

    def _exported(self) -> dict[str, Path]:
        settings, folder = self.recipe.export, self.outcome.folders["export"]
        return {q: folder / f"{settings.name}-{q}.gguf" for q in settings.quantizations}

    def _adapter_gguf(self) -> Path:
        settings = self.recipe.adapter
        return self.outcome.folders["adapter"] / f"{settings.name}-{settings.outtype}.gguf"

    def _watch(self, event: Event) -> None:
        """Show training's events on the same line as the other steps' progress."""
        if isinstance(event, StepDone):
            record = event.record
            self._progress(f"Training, loss {record.loss:.3f}", record.step, event.total)
        elif isinstance(event, PreparationProgress):
            self._progress(f"Training: {event.what}", event.done, event.total)


_NOT_PLANTED = ("dataset.json", "step.json")


def _is_gguf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == _GGUF_MAGIC
    except OSError:
        return False
