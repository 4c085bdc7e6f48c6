"""The training loop: forward, backward, step; evaluate, save, stop early."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import NoReturn

import torch

from assistant.errors import Cancelled
from assistant.types import CancelToken
from convert.train.checkpoints import Checkpoints, Snapshot, restore, take_moments
from convert.train.distributed import ProcessGroup, whole
from convert.train.learning_rate import OptimizerStep, StepPlan, learning_rate, step_seed
from convert.train.lora import LoraModel, gather
from convert.train.loss_history import History, TrainingStepRecord, best, overfitting, should_stop
from convert.train.settings import TrainSettings
from convert.train.training_errors import memory_errors, require_finite
from convert.train.training_events import (
    Evaluated,
    EvaluationProgress,
    Notice,
    Saved,
    StepTotals,
    Watch,
)
from convert.train.validation import HeldOut, evaluate


@dataclass
class TrainingLoop:
    """One run. `run` trains from where `resume` left it to the end, or raises."""

    tuned: LoraModel
    plan: StepPlan
    held_out: HeldOut
    team: ProcessGroup
    checkpoints: Checkpoints
    settings: TrainSettings
    watch: Watch
    cancel: CancelToken
    history: History = field(default_factory=History)
    _saved: int = 0
    _best_step: int | None = None
    _ended_early: bool = False
    _pace: StepTotals = field(default_factory=StepTotals)

    def __post_init__(self) -> None:
        self._trained = self.tuned.trained
        self._weights = list(self._trained.values())
        self._optimizer = torch.optim.AdamW(
            self._weights,
            lr=self.settings.learning_rate,
            betas=(0.9, self.settings.beta2),
            weight_decay=self.settings.weight_decay,
            fused=self.team.device.type == "cuda",
        )

    def resume(self, snapshot: Snapshot) -> None:
        """Go on from a checkpoint, of which every process has the same."""
        restore(snapshot, self._trained, self._optimizer)
        self.history = snapshot.history
        self._saved = snapshot.step
        self._judge()

    def run(self) -> bool:
        """Train to the end; return whether it was stopped early.

        Raises `Cancelled` (after a checkpoint was written), `EngineError` (diverged, out of
        memory), `ModelError` (no room for a checkpoint).
        """
        self._clock = self._saved_at = time.monotonic()
        with memory_errors(self.settings):
            if not self.history.evaluations:
                self._evaluate(0)
            while self.history.last_step < self.plan.total:
                if self._ended_early:
                    return True
                step = self.plan.step(self.history.last_step + 1)
                record = self._step(step)
                if record is None:
                    self._stop()
                self._after(step, record)
            return False

    def _step(self, step: OptimizerStep) -> TrainingStepRecord | None:
        """Do one step; return None if the person cancelled in the middle of it."""
        started = time.perf_counter()
        # Dropout must fall alike in a resumed run, and differently in each process.
        torch.manual_seed(step_seed(self.settings.seed, step.number, self.team.rank))
        loss = self._backward(step)
        if loss is None:
            return None
        self.team.add_up_gradients(self._weights)
        loss, gradient = self.team.sum([loss])[0], self._clip()
        require_finite(step, self.plan.total, loss, gradient, self._saved)
        rate = learning_rate(step.number, self.plan.total, self.settings)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        return TrainingStepRecord(
            step=step.number,
            epoch=step.epoch,
            loss=loss,
            rate=rate,
            gradient=gradient,
            samples=step.samples,
            tokens=step.tokens,
            labels=step.labels,
            seconds=time.perf_counter() - started,
        )

    def _backward(self, step: OptimizerStep) -> float | None:
        """Add up the gradients of this process's rows; return their part of the mean loss."""
        mine = self.team.share(step.rows)
        part = torch.zeros((), dtype=torch.float64, device=self.team.device)
        for number in range(self.team.rounds(step.rows)):
            if self.team.size == 1 and self.cancel.is_cancelled:
                self._optimizer.zero_grad(set_to_none=True)
                return None
            if number >= len(mine) and not self.team.sharded:
                break
            row, weight = (mine[number], 1.0) if number < len(mine) else (step.rows[0], 0.0)
            loss = self.tuned(row=row) * (weight / step.labels)
            (loss * self.team.loss_scale).backward()
            part += loss.detach().double()
        return float(part)

    def _clip(self) -> float:
        """Scale the gradient down to `clip_norm`; return its 2-norm before."""
        gradients = [p.grad for p in self._weights if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        if self.settings.clip_norm:
            torch.nn.utils.clip_grads_with_norm_(self._weights, self.settings.clip_norm, norm)
        return float(whole(norm))

    def _after(self, step: OptimizerStep, record: TrainingStepRecord) -> None:
        self.history.steps.append(record)
        self._pace.add(record)
        self.watch(self._pace.event(record, self.plan.total))
        if self.plan.evaluated(step.number):
            self._evaluate(step.number)
            return
        minutes = (time.monotonic() - self._saved_at) / 60
        cancelled, due = self.team.any(
            self.cancel.is_cancelled, minutes >= self.settings.checkpoint_minutes
        )
        if cancelled:
            self._stop()
        if due:
            self._save()

    def _evaluate(self, step: int) -> None:
        result = evaluate(
            self.tuned,
            self.held_out,
            self.team,
            step,
            lambda a, b: self.watch(EvaluationProgress(a, b)),
        )
        self.history.evaluations.append(result)
        self._judge()
        self.watch(Evaluated(result, self._best_step == step))
        warning = overfitting(self.history)
        if warning:
            self.history.warnings.append(warning)
            self.watch(Notice(warning))
        self._save()
        if self.team.any(self.cancel.is_cancelled)[0]:
            self._stop()

    def _save(self) -> None:
        """Write a checkpoint of the last step, if there is none yet."""
        now = time.monotonic()
        self.history.seconds += now - self._clock
        self._clock = self._saved_at = now
        step = self.history.last_step
        weights, moments = gather(self.tuned), take_moments(self._optimizer, self._trained)
        if self.team.leads:
            self.checkpoints.save(Snapshot(step, weights, moments, self.history), self._best_step)
            self.watch(Saved(step))
        self._saved = step
        self.team.wait()

    def _stop(self) -> NoReturn:
        if self._saved < self.history.last_step:
            self._save()
        raise Cancelled(
            f"Stopped after step {self.history.last_step} of {self.plan.total}.",
            hint="Give the same command to go on from there.",
        )

    def _judge(self) -> None:
        """Note which evaluation is the best, and whether too many followed it in vain.

        Only an evaluation can change either, so no step looks at the history.
        """
        s = self.settings
        chosen = best(self.history.evaluations, s.select_by, s.min_improvement)
        self._best_step = chosen.step if chosen else None
        self._ended_early = should_stop(self.history.evaluations, chosen, s.patience)
