"""Train a reader: one loop, with checkpoints from which it goes on.

The learning rate follows the share of the work that is done. With a time limit that is the
share of the time, so that a run on a busy machine ends in time with the rate at 0 all the
same (and two such runs do not give the same weights).
"""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from assistant.errors import EngineError, ModelError
from convert.atomic_output import Job
from convert.reader.settings import ReaderSettings
from convert.reader.span_model import reading_loss
from convert.reader.training_batches import Example, batches, padded

STATE_FILE = "state.json"
WEIGHTS_FILE = "training.pt"
_LOG_EVERY = 50
_CLIP = 1.0
Clock = Callable[[], float]


@dataclass(slots=True)
class TrainingState:
    """What a run has done: `seconds` of training, `log` a row for each 50 steps."""

    step: int = 0
    samples: int = 0
    seconds: float = 0.0
    log: list[dict[str, float]] = field(default_factory=list)


def share_done(settings: ReaderSettings, state: TrainingState, total: int) -> float:
    """Return the share of the training that is done, 1 or more at its end."""
    by_samples = state.samples / max(1, total)
    by_time = state.seconds / (60 * settings.minutes) if settings.minutes else 0.0
    return max(by_samples, by_time)


def rate_at(settings: ReaderSettings, share: float) -> float:
    """Return the learning rate: up in the warm-up, then down to 0, linearly."""
    if share < settings.warmup:
        return settings.learning_rate * (share + 1e-3) / (settings.warmup + 1e-3)
    return settings.learning_rate * max(0.0, 1.0 - share) / (1.0 - settings.warmup)


def train_reader(
    model: Any,
    examples: Sequence[Example],
    settings: ReaderSettings,
    folder: Path,
    job: Job,
    clock: Clock = time.monotonic,
) -> TrainingState:
    """Train to the end; checkpoints stand in `folder`, and the newest is gone on from.

    Raises `Cancelled` (a checkpoint is left), `EngineError` out of memory, `ModelError` if the
    loss is no number any more.
    """
    run = _Run(model, examples, settings, folder, job, clock)
    try:
        return run.to_the_end()
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or "allocate" in str(error):
            raise EngineError(
                "There is not enough memory for this training.",
                hint="Choose a smaller batch or a smaller max_tokens.",
            ) from error
        raise ModelError(f"The training failed: {str(error)[:500]}.") from error


class _Run:
    def __init__(
        self,
        model: Any,
        examples: Sequence[Example],
        settings: ReaderSettings,
        folder: Path,
        job: Job,
        clock: Clock,
    ) -> None:
        import torch

        self._model, self._examples, self._settings = model, examples, settings
        self._folder, self._job, self._clock = folder, job, clock
        self._total = math.ceil(settings.epochs * len(examples))
        frozen = model.bert.embeddings.word_embeddings.weight
        frozen.requires_grad_(settings.train_embeddings)
        learned = [p for p in model.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in learned if p.ndim > 1], "weight_decay": settings.weight_decay},
            {"params": [p for p in learned if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self._learned = learned
        self._optimizer = torch.optim.AdamW(groups, lr=settings.learning_rate, foreach=True)
        self._losses: list[float] = []

    def to_the_end(self) -> TrainingState:
        state = self._resumed()
        self._model.train()
        saved = began = self._clock()
        before = state.seconds
        while (share := share_done(self._settings, state, self._total)) < 1.0:
            for batch in self._rest_of_epoch(state):
                self._learn(batch, rate_at(self._settings, share), state)
                state.seconds = before + self._clock() - began
                self._job.progress(*self._progress(state))
                due = self._clock() - saved >= 60 * self._settings.checkpoint_minutes
                if due or self._job.cancel.is_cancelled:
                    self._save(state)
                    saved = self._clock()
                self._job.cancel.raise_if_cancelled()
                share = share_done(self._settings, state, self._total)
                if share >= 1.0:
                    break
        self._save(state)
        return state

    def _progress(self, state: TrainingState) -> tuple[str, int, int]:
        """Return what is done and how long it still takes, samples done, samples expected."""
        share = share_done(self._settings, state, self._total)
        expected = max(state.samples, min(self._total, round(state.samples / share)))
        minutes = math.ceil(state.seconds * (1 / share - 1) / 60) if share < 1 else 0
        return f"training the reader, {minutes} min left", state.samples, expected

    def _rest_of_epoch(self, state: TrainingState) -> Any:
        """Yield the batches of the epoch that the run stands in, after those that were seen."""
        size, count = self._settings.batch, len(self._examples)
        epoch, seen = divmod(state.samples, count)
        for batch in batches(self._examples, size, self._settings.seed, epoch):
            if seen >= len(batch):
                seen -= len(batch)
                continue
            seen = 0
            yield batch

    def _learn(self, batch: Sequence[Example], rate: float, state: TrainingState) -> None:
        import torch

        tensors = {name: torch.from_numpy(array) for name, array in padded(batch).items()}
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16, enabled=self._settings.precision == "bf16"):
            loss = reading_loss(self._model, tensors, self._settings.relevance_weight)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._learned, _CLIP, foreach=True)
        self._optimizer.step()
        self._optimizer.zero_grad()
        state.step += 1
        state.samples += len(batch)
        self._log(loss.item(), rate, state)

    def _log(self, loss: float, rate: float, state: TrainingState) -> None:
        if not math.isfinite(loss):
            raise ModelError(
                f"The loss is no number any more at step {state.step}.",
                hint="Choose a smaller learning_rate, or precision float32.",
                title="The training failed",
            )
        self._losses.append(loss)
        if len(self._losses) == _LOG_EVERY:
            mean = sum(self._losses) / _LOG_EVERY
            row = {"step": state.step, "samples": state.samples, "loss": round(mean, 4),
                   "rate": rate, "seconds": round(state.seconds, 1)}  # fmt: skip
            state.log.append(row)
            self._losses.clear()

    def _save(self, state: TrainingState) -> None:
        """Write a checkpoint; its state comes last, so that one without is not whole."""
        import torch

        target = self._folder / f"checkpoint-{state.step}"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        parts = {"model": self._model.state_dict(), "optimizer": self._optimizer.state_dict()}
        torch.save(parts, target / WEIGHTS_FILE)
        temporary = target / f".{STATE_FILE}"
        temporary.write_text(json.dumps(asdict(state)), encoding="utf-8")
        temporary.replace(target / STATE_FILE)
        for old in checkpoints(self._folder)[: -self._settings.keep_checkpoints]:
            shutil.rmtree(old, ignore_errors=True)

    def _resumed(self) -> TrainingState:
        import torch

        for path in reversed(checkpoints(self._folder)):
            parts = torch.load(path / WEIGHTS_FILE, map_location="cpu", weights_only=True)
            self._model.load_state_dict(parts["model"])
            self._optimizer.load_state_dict(parts["optimizer"])
            return read_state(path)
        return TrainingState()


def checkpoints(folder: Path) -> list[Path]:
    """Return the whole checkpoints of a folder, the newest last; others are removed."""
    found = [path for path in folder.glob("checkpoint-*") if path.name[11:].isdigit()]
    for path in found:
        if not (path / STATE_FILE).is_file():
            shutil.rmtree(path, ignore_errors=True)
    whole = [path for path in found if path.is_dir()]
    return sorted(whole, key=lambda path: int(path.name[11:]))


def read_state(checkpoint: Path) -> TrainingState:
    """Return what the run of a checkpoint had done. Raises `ModelError`."""
    try:
        return TrainingState(**json.loads((checkpoint / STATE_FILE).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(f"{checkpoint} can't be read: {error}.") from error
