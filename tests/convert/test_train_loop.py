"""The loop on a model of one weight: what a step costs, however long the run has been."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import nn

from assistant.types import CancelToken
from convert.train.distributed import ProcessGroup
from convert.train.learning_rate import OptimizerStep
from convert.train.loss_history import Evaluation, History, TrainingStepRecord
from convert.train.sequence_packing import Row
from convert.train.settings import TrainSettings
from convert.train.training_events import Event, StepDone
from convert.train.training_loop import TrainingLoop
from convert.train.validation import HeldOut

ROW = Row((1, 2), (0, 1), (2, -100), (), ("s",))


class OneWeight(nn.Module):
    """A model whose loss is the square of its only weight."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Linear(1, 1, bias=False)
        self.packed = False

    @property
    def trained(self) -> dict[str, Any]:
        return {"weight": self.model.weight}

    def forward(self, row: Row) -> torch.Tensor:
        return self.model.weight.square().sum() * row.label_tokens


@dataclass
class ShortPlan:
    """Steps of one row, and an evaluation after the last of them."""

    total: int

    def step(self, number: int) -> OptimizerStep:
        return OptimizerStep(number, 0, (ROW,))

    def evaluated(self, number: int) -> bool:
        return number == self.total


@dataclass
class Nowhere:
    """Checkpoints that are only counted, and a team's accelerator that waits for nobody."""

    saved: list[int] = field(default_factory=list)

    def save(self, snapshot: Any, best_step: int | None) -> None:
        del best_step
        self.saved.append(snapshot.step)

    def wait_for_everyone(self) -> None:
        pass


def make_loop(total: int, watch: Any, history: History | None = None) -> TrainingLoop:
    nowhere: Any = Nowhere()
    tuned: Any = OneWeight()
    plan: Any = ShortPlan(total)
    tokenizer: Any = None
    return TrainingLoop(
        tuned=tuned,
        plan=plan,
        held_out=HeldOut((ROW,), (), tokenizer, 1),
        team=ProcessGroup(0, 1, torch.device("cpu"), sharded=False, accelerator=nowhere),
        checkpoints=nowhere,
        settings=TrainSettings(score_samples=0, checkpoint_minutes=1000.0, device="cpu"),
        watch=watch,
        cancel=CancelToken(),
        history=history or History(),
    )


@contextmanager
def counting(calls: list[int]) -> Iterator[None]:
    """Count calls and resumed generators, of Python and of C, in `calls[0]`."""
    before = sys.getprofile()

    def count(frame: object, event: str, argument: object) -> None:
        del frame, argument
        calls[0] += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)


def costs(total: int, history: History | None = None) -> list[int]:
    """Train, and return how many calls each step made."""
    calls, seen = [0], []

    def watch(event: Event) -> None:
        if isinstance(event, StepDone):
            seen.append(calls[0])

    loop = make_loop(total, watch, history)
    with counting(calls):
        loop.run()
    return [after - before for before, after in pairwise(seen)]


def median(values: Iterable[int]) -> int:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def test_a_step_costs_the_same_at_the_start_and_after_many() -> None:
    spent = costs(300)
    assert median(spent[-20:]) == median(spent[10:30])


def test_a_step_costs_the_same_after_few_evaluations_and_after_many() -> None:
    def evaluated(times: int) -> History:
        steps = [TrainingStepRecord(n, 0, 1.0, 0.1, 1.0, 1, 2, 1, 0.1) for n in range(1, times)]
        return History(steps, [Evaluation(n, 1.0 / (n + 1), 0.1) for n in range(times)])

    few, many = costs(30, evaluated(2)), costs(530, evaluated(502))
    assert median(few) == median(many)


def test_the_pace_and_the_time_left_are_those_of_all_steps_of_this_run() -> None:
    seen: list[StepDone] = []
    earlier = History(
        [TrainingStepRecord(1, 0, 1.0, 0.1, 1.0, 500, 900, 1, 1000.0)], [Evaluation(0, 2.0, 0.1)]
    )
    make_loop(5, lambda e: seen.append(e) if isinstance(e, StepDone) else None, earlier).run()
    seconds = [event.record.seconds for event in seen]
    assert [event.record.step for event in seen] == [2, 3, 4, 5]
    for number, event in enumerate(seen, start=1):
        spent = sum(seconds[:number])
        assert event.samples_per_second == pytest.approx(number / spent, rel=1e-3)
        assert event.tokens_per_second == pytest.approx(2 * number / spent, rel=1e-3)
        assert event.left == pytest.approx((5 - event.record.step) * spent / number, rel=1e-3)
