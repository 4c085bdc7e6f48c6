"""Learning rate, rows and seed of a step, as functions of its number alone.

Nothing here keeps state, so a resumed run goes on exactly where it was.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from convert.train.sequence_packing import Row, pack_rows
from convert.train.settings import TrainSettings
from convert.train.tokenize_samples import Tokenized

_PACKED_SEEDS = 1 << 16


def learning_rate(step: int, total: int, settings: TrainSettings) -> float:
    """Return the learning rate of step 1..`total`.

    Linear warm-up, then half a cosine (Loshchilov & Hutter 2017) towards `final_rate` of
    the highest rate, which it would reach one step after the last.
    """
    warm = round(settings.warmup * total)
    if step <= warm:
        return settings.learning_rate * step / warm
    done = (step - 1 - warm) / max(1, total - warm)
    low = settings.final_rate
    return settings.learning_rate * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * done)))


def step_seed(seed: int, step: int, rank: int) -> int:
    """Return the seed (64 bits) of one step in one process of a training.

    Seeds below 65,536 fit into one number beside step and rank, and keep the number that they
    always had, so that earlier trainings can be repeated. Greater ones are hashed.
    """
    if seed < _PACKED_SEEDS:
        return ((seed << 32) + step) * _PACKED_SEEDS + rank
    digest = hashlib.sha256(f"{seed}/{step}/{rank}".encode()).digest()
    return int.from_bytes(digest[:8], "little")


@dataclass(frozen=True, slots=True)
class OptimizerStep:
    """One step of the optimizer: its number (from 1), its epoch (from 0), its rows."""

    number: int
    epoch: int
    rows: tuple[Row, ...]

    @property
    def samples(self) -> int:
        return sum(row.samples for row in self.rows)

    @property
    def tokens(self) -> int:
        return sum(len(row) for row in self.rows)

    @property
    def labels(self) -> int:
        return sum(row.label_tokens for row in self.rows)


@dataclass
class StepPlan:
    """All steps of a run. An epoch's rows are packed when they are needed, always alike."""

    tokenized: Sequence[Tokenized]
    settings: TrainSettings
    _counts: list[int] = field(default_factory=list)
    _packed: tuple[int, list[list[Row]]] | None = None

    def __post_init__(self) -> None:
        for epoch in range(self.settings.epochs):
            self._counts.append(len(self._steps(epoch)))
            if self.settings.max_steps and sum(self._counts) >= self.settings.max_steps:
                break

    @property
    def total(self) -> int:
        """The number of steps."""
        every = sum(self._counts)
        return min(every, self.settings.max_steps) if self.settings.max_steps else every

    @property
    def tokens(self) -> int:
        """The tokens of the first epoch, packed."""
        return sum(len(row) for rows in self._steps(0) for row in rows)

    def step(self, number: int) -> OptimizerStep:
        """Return step `number` (from 1)."""
        before = 0
        for epoch, count in enumerate(self._counts):
            if number <= before + count:
                return OptimizerStep(number, epoch, tuple(self._steps(epoch)[number - before - 1]))
            before += count
        raise IndexError(number)

    def evaluated(self, number: int) -> bool:
        """Tell whether an evaluation follows a step."""
        every = self.settings.evaluate_steps or max(1, round(self.total / 10))
        return number == self.total or number % every == 0

    def _steps(self, epoch: int) -> list[list[Row]]:
        if self._packed is None or self._packed[0] != epoch:
            rows = pack_rows(
                self.tokenized, self.settings.row_tokens, seed=self.settings.seed, epoch=epoch
            )
            self._packed = (epoch, in_steps(rows, self.settings.samples_per_step))
        return self._packed[1]


def in_steps(rows: Sequence[Row], samples: int) -> list[list[Row]]:
    """Divide rows into steps of at least `samples` samples.

    What is left over is a step of its own if it is at least half as large, else it joins
    the last one: a step of a few samples would move the weights as far as a whole one.
    """
    steps: list[list[Row]] = []
    part: list[Row] = []
    for row in rows:
        part.append(row)
        if sum(r.samples for r in part) >= samples:
            steps.append(part)
            part = []
    if part and (not steps or 2 * sum(r.samples for r in part) >= samples):
        steps.append(part)
    elif part:
        steps[-1].extend(part)
    return steps
