"""Settings, the learning rate, the division into steps, and what the curves are judged by."""

from __future__ import annotations

import math

import pytest

from assistant.errors import UsageError
from convert.train.learning_rate import in_steps, learning_rate
from convert.train.loss_history import (
    Evaluation,
    History,
    TrainingStepRecord,
    best,
    overfitting,
    should_stop,
)
from convert.train.sequence_packing import Row
from convert.train.settings import TrainSettings


def row(samples: int) -> Row:
    return Row((1,), (0,), (-100,), (), tuple(f"s{n}" for n in range(samples)))


def evaluations(*losses: float, scores: tuple[float, ...] = ()) -> list[Evaluation]:
    return [
        Evaluation(10 * n, loss, 0.0, score=scores[n] if scores else None)
        for n, loss in enumerate(losses)
    ]


def history(held_out: list[float], training: list[float]) -> History:
    steps = [
        TrainingStepRecord(n, 0, loss, 0.0, 0.0, 1, 1, 1, 0.0) for n, loss in enumerate(training, 1)
    ]
    return History(steps, evaluations(*held_out))


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({"rnak": 8}, "rnak"),
        ({"rank": 0}, "rank"),
        ({"rank": 2.5}, "rank"),
        ({"rank": True}, "rank"),
        ({"learning_rate": math.nan}, "learning_rate"),
        ({"learning_rate": "fast"}, "learning_rate"),
        ({"precision": "fp16"}, "precision"),
        ({"targets": []}, "targets"),
        ({"targets": [1]}, "targets"),
        ({"qlora": 1}, "qlora"),
        ({"select_by": "score", "score_samples": 0}, "score_samples"),
    ],
)
def test_a_bad_setting_is_named(table: dict[str, object], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        TrainSettings.from_table(table)


def test_a_table_of_a_recipe_becomes_settings() -> None:
    made = TrainSettings.from_table({"alpha": 16, "targets": "q_proj", "qlora": True})
    assert (made.alpha, made.targets, made.qlora) == (16.0, ("q_proj",), True)


def test_the_learning_rate_warms_up_then_follows_a_cosine() -> None:
    settings = TrainSettings(learning_rate=1.0, warmup=0.1, final_rate=0.2)
    rates = [learning_rate(n, 100, settings) for n in range(1, 101)]
    assert rates[:10] == pytest.approx([n / 10 for n in range(1, 11)])
    assert rates[10] == 1.0
    assert rates[55] == pytest.approx(0.2 + 0.8 * 0.5)  # half way through the cosine
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert 0.2 < rates[-1] < 0.201


def test_a_run_of_one_step_learns_something() -> None:
    assert learning_rate(1, 1, TrainSettings(learning_rate=0.5)) == 0.5


def test_steps_hold_enough_samples_and_lose_none() -> None:
    rows = [row(n) for n in (3, 3, 3, 5, 8, 1, 1)]
    steps = in_steps(rows, 6)
    assert [sum(r.samples for r in step) for step in steps] == [6, 8, 10]
    assert [r for step in steps for r in step] == rows
    assert len(in_steps([row(6), row(3)], 6)) == 2  # half a step stands alone
    assert len(in_steps([row(2)], 6)) == 1  # and so does all there is


def test_the_best_evaluation_is_by_loss_or_by_score() -> None:
    seen = evaluations(3.0, 2.0, 2.1, 1.99, scores=(0.1, 0.4, 0.6, 0.5))
    assert best(seen, "loss").step == 30
    assert best(seen, "loss", least=0.05).step == 10
    assert best(seen, "score").step == 20
    assert best([], "loss") is None


def test_it_stops_after_as_many_vain_evaluations_as_asked() -> None:
    seen = evaluations(3.0, 2.0, 2.1, 2.2)
    lowest = best(seen, "loss")
    assert should_stop(seen, lowest, patience=2)
    assert not should_stop(seen, lowest, patience=3)
    assert not should_stop(seen, lowest, patience=0)


def test_overfitting_is_held_out_loss_up_while_training_loss_goes_down() -> None:
    falling = [3.0 - 0.05 * n for n in range(40)]
    warning = overfitting(history([3.0, 2.0, 1.9, 2.3], falling))
    assert warning is not None
    assert "step 20" in warning
    assert overfitting(history([3.0, 2.0, 1.9, 1.905], falling)) is None  # within noise
    assert overfitting(history([3.0, 2.0, 1.9, 1.8], falling)) is None
    rising = [1.0 + 0.05 * n for n in range(40)]
    assert overfitting(history([3.0, 2.0, 1.9, 2.3], rising)) is None  # that is no overfitting
