"""The `train` step: dataset + base -> a folder with adapter, curves and record.

While it runs, everything stands in `<out>.unfinished` (checkpoints, and a report that grows
with each evaluation). `<out>` appears when it is done.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.errors import EngineError, UsageError
from assistant.types import CancelToken
from convert.atomic_output import atomic_folder, disk_errors, finished, require_replaceable
from convert.step_record import StepRecord, package_versions, read_record, write_record
from convert.train.checkpoints import Checkpoints, Snapshot
from convert.train.distributed import ProcessGroup, make_team
from convert.train.html_report import report_html
from convert.train.learning_rate import StepPlan
from convert.train.lora import LoraModel, build, save_adapter
from convert.train.loss_curves import curves_svg
from convert.train.loss_history import History, best
from convert.train.settings import TrainSettings
from convert.train.training_data import Prepared, prepare
from convert.train.training_errors import memory_errors
from convert.train.training_events import (
    Evaluated,
    Event,
    Notice,
    PreparationProgress,
    Started,
    Watch,
    unwatched,
)
from convert.train.training_loop import TrainingLoop
from convert.train.validation import hold_out

STEP = "train"
ADAPTER = "adapter"
TRAINING_FILE = "training.json"
HABITS_FILE = "assistant.json"
CURVES_FILE = "curves.svg"
REPORT_FILE = "report.html"
CHECKPOINTS = "checkpoints"
FORMAT = 1
_COPIED = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


@dataclass(frozen=True, slots=True)
class TrainResult:
    """Where the adapter is, and what the run saw; `skipped`: it was there already.

    `leads` is True in that process of a team which speaks for it.
    """

    folder: Path
    record: StepRecord
    skipped: bool = False
    leads: bool = True

    @property
    def adapter(self) -> Path:
        return self.folder / ADAPTER


def unfinished(out: Path) -> Path:
    """Return the folder in which a run works until it is done."""
    return out.with_name(f"{out.name}.unfinished")


def run_train(
    base: Path,
    dataset: Path,
    out: Path,
    settings: TrainSettings | None = None,
    *,
    progress: Watch = unwatched,
    cancel: CancelToken | None = None,
    resume: bool = False,
    fresh: bool = False,
) -> TrainResult:
    """Tune `base` on `dataset`, and write the folder `out`, whole or not at all.

    A run that was stopped is continued; `fresh` discards it. With `resume`, a finished run
    of the same inputs is left as it is. In a team of processes all call it, and all get
    the result. Raises `UsageError`, `ModelError`, `EngineError` (diverged, out of memory),
    `Cancelled` (a checkpoint was written).
    """
    settings = settings or TrainSettings()
    start = {"start": Path(settings.start)} if settings.start else {}
    inputs = {"base": base, "dataset": dataset, **start}
    task: dict[str, Any] = {"inputs": inputs, "settings": settings.as_table()}
    if resume and (done := finished(out, STEP, **task, outputs=_outputs(out))):
        return TrainResult(out, done, skipped=True)
    require_replaceable(out, STEP)
    team = make_team(settings)
    watch = progress if team.leads else unwatched
    prepared = prepare(base, dataset, settings, watch)
    run = _Run(prepared, settings, team, out, watch)
    loop = run.start(cancel or CancelToken(), fresh=fresh)
    early = loop.run()
    if team.leads:
        with atomic_folder(out, STEP) as temporary:
            figures = run.write(temporary, loop.tuned, stopped_early=early)
            seconds = loop.history.seconds
            write_record(
                temporary,
                STEP,
                **task,
                outputs=_outputs(temporary),
                figures=figures,
                seconds=seconds,
            )
        shutil.rmtree(run.work, ignore_errors=True)
    team.wait()
    return TrainResult(out, _record(out), leads=team.leads)


class _Run:
    """One run's files."""

    def __init__(
        self,
        prepared: Prepared,
        settings: TrainSettings,
        team: ProcessGroup,
        out: Path,
        watch: Watch,
    ) -> None:
        self.prepared = prepared
        self.settings = settings
        self.team = team
        self.out = out
        self.work = unfinished(out)
        self.checkpoints = Checkpoints(
            self.work / CHECKPOINTS, prepared.identity(settings), settings.keep_checkpoints
        )
        self._watch = watch
        self._history = History()

    def start(self, cancel: CancelToken, *, fresh: bool) -> TrainingLoop:
        """Load the base and the newest checkpoint, if there is one."""
        if fresh and self.team.leads:
            shutil.rmtree(self.work, ignore_errors=True)
        self.team.wait()
        snapshot, damaged = self.checkpoints.newest()
        for text in damaged:
            self._watch(Notice(text))
        self._watch(PreparationProgress("packing"))
        plan = StepPlan(self.prepared.train, self.settings)
        held_out = hold_out(self.prepared.validation, self.prepared.tokenizer, self.settings)
        self._watch(PreparationProgress("loading the base"))
        with memory_errors(self.settings):
            tuned = build(self.prepared.base.folder, self.settings, self.team)
        loop = TrainingLoop(
            tuned=tuned,
            plan=plan,
            held_out=held_out,
            team=self.team,
            checkpoints=self.checkpoints,
            settings=self.settings,
            watch=self._watched,
            cancel=cancel,
        )
        if snapshot is not None:
            loop.resume(snapshot)
        self._history = loop.history
        self._watch(self._started(loop))
        return loop

    def write(self, temporary: Path, tuned: LoraModel, *, stopped_early: bool) -> dict[str, Any]:
        """Write the results into a folder; return the step's figures."""
        chosen = best(
            self._history.evaluations, self.settings.select_by, self.settings.min_improvement
        )
        if chosen is None:
            raise EngineError("The run ended without an evaluation.")
        snapshot: Snapshot = self.checkpoints.load(chosen.step)
        adapter = temporary / ADAPTER
        save_adapter(adapter, tuned, snapshot.weights, self.prepared.base.folder)
        for name in _COPIED:
            if (self.prepared.base.folder / name).is_file():
                shutil.copyfile(self.prepared.base.folder / name, adapter / name)
        figures = {
            "best": asdict(chosen),
            "base": asdict(self._history.evaluations[0]),
            "steps": self._history.last_step,
            "stopped_early": stopped_early,
            "warnings": list(self._history.warnings),
        }
        lineage = {
            "format": FORMAT,
            "base": {
                "name": self.prepared.base.folder.name,
                "architecture": self.prepared.base.architecture,
                "sha256": self.prepared.base.sha256,
            },
            "data": dict(self.prepared.hashes),
            "prompt": self.prepared.prompt(),
            "hyperparameters": self.settings.as_table(),
            "versions": package_versions(),
            "processes": self.team.size,
            "device": self.team.device.type,
        }
        _write_json(adapter / HABITS_FILE, {**lineage, "best": asdict(chosen)})
        _write_json(
            temporary / TRAINING_FILE, {**lineage, **figures, "history": asdict(self._history)}
        )
        self._write_curves(temporary)
        return figures

    def _write_curves(self, folder: Path) -> None:
        (folder / CURVES_FILE).write_text(curves_svg(self._history), encoding="utf-8")
        title = f"{self.out.name}: tuning {self.prepared.base.folder.name}"
        page = report_html(title, self._history, self.settings)
        (folder / REPORT_FILE).write_text(page, encoding="utf-8")

    def _watched(self, event: Event) -> None:
        if isinstance(event, Evaluated) and self.team.leads:
            with disk_errors(self.work):
                self.work.mkdir(parents=True, exist_ok=True)
                self._write_curves(self.work)
        self._watch(event)

    def _started(self, loop: TrainingLoop) -> Started:
        train = self.prepared.train
        return Started(
            done=loop.history.last_step,
            total=loop.plan.total,
            samples=len(train),
            tokens=loop.plan.tokens,
            alone=sum(len(t) for t in train),
            parameters=sum(p.numel() for p in loop.tuned.trained.values()),
            device=str(self.team.device),
            processes=self.team.size,
            history=loop.history,
        )


def _outputs(folder: Path) -> dict[str, Path]:
    return {"adapter": folder / ADAPTER, "training": folder / TRAINING_FILE}


def _record(out: Path) -> StepRecord:
    record = read_record(out)
    if record is None:
        raise UsageError(f"{out} holds no record of a training.")
    return record


def _write_json(path: Path, table: dict[str, Any]) -> None:
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
