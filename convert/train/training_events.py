"""Events that a run reports to its display."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from convert.train.loss_history import Evaluation, History, TrainingStepRecord


@dataclass(frozen=True, slots=True)
class PreparationProgress:
    """Something before the first step is done; `total` is 0 if it is not known."""

    what: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Started:
    """The run begins, or goes on, after step `done`. `samples` and `tokens` are those of
    the training data, `parameters` those that are trained, `device` where.
    """

    done: int
    total: int
    samples: int
    tokens: int
    alone: int
    parameters: int
    device: str
    processes: int
    history: History


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step was done. `left` is the estimated time to the end in seconds."""

    record: TrainingStepRecord
    total: int
    left: float
    samples_per_second: float
    tokens_per_second: float


@dataclass(slots=True)
class StepTotals:
    """Totals of the steps that were done since the run began, or went on."""

    steps: int = 0
    samples: int = 0
    tokens: int = 0
    seconds: float = 1e-9

    def add(self, record: TrainingStepRecord) -> None:
        self.steps += 1
        self.samples += record.samples
        self.tokens += record.tokens
        self.seconds += record.seconds

    def event(self, record: TrainingStepRecord, total: int) -> StepDone:
        """Return what is told of the last step of a run of `total` steps."""
        left = (total - record.step) * self.seconds / self.steps
        return StepDone(
            record, total, left, self.samples / self.seconds, self.tokens / self.seconds
        )


@dataclass(frozen=True, slots=True)
class EvaluationProgress:
    """An evaluation is at part `done` of `total`."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An evaluation ended; `best` tells whether it is the best so far."""

    evaluation: Evaluation
    best: bool


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint was written."""

    step: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person should know: a warning, or why the run stopped early."""

    text: str


Event = PreparationProgress | Started | StepDone | EvaluationProgress | Evaluated | Saved | Notice
Watch = Callable[[Event], None]


def unwatched(event: Event) -> None:
    """A `Watch` that shows nothing."""
