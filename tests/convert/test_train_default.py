"""A few steps on the real default model: it begins to learn the habit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from convert.train.settings import TrainSettings
from convert.train.train_step import run_train
from tests.convert.train_data import write_dataset

SETTINGS = replace(
    TrainSettings(),
    rank=8,
    alpha=16,
    learning_rate=2e-3,
    samples_per_step=12,
    row_tokens=800,
    epochs=2,
    evaluate_steps=100,
    score_samples=4,
    score_tokens=12,
    checkpoint_minutes=60.0,
    device="cpu",
)


@pytest.mark.slow
def test_the_default_learns_to_quote_and_to_refuse(default_base: Path, tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "data", train=16, validation=2)
    result = run_train(default_base, dataset, tmp_path / "out", SETTINGS)
    before, after = result.record.figures["base"], result.record.figures["best"]
    assert after["step"] == result.record.figures["steps"]
    assert after["loss"] < 0.3 * before["loss"]
    assert after["score"] > before["score"]
    assert after["verbatim"] == 1.0
