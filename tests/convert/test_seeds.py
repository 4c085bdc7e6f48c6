"""Seeds at their limits: each one works wherever it is used, or is refused with the limits."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from click.testing import CliRunner

from assistant.errors import UsageError
from convert.cli.main import main
from convert.dataset.dataset_step import make_dataset
from convert.dataset.settings import DatasetSettings, SourceSettings
from convert.embedder.retrieval_comparison import CompareSettings
from convert.embedder.settings import EmbedderSettings
from convert.evaluate.canaries import new_canaries
from convert.evaluate.settings import EvaluateSettings
from convert.recipe.recipe_file import CanarySettings
from convert.train.learning_rate import step_seed
from convert.train.settings import TrainSettings
from convert.train.train_step import run_train
from tests.convert.dataset_data import towns, write_squad
from tests.convert.train_data import TINY, write_dataset

GOOD = (0, 65_535, 65_536, 2**31 - 1, 2**32 - 1)
BAD = (-1, 2**32, 2**63, 1.5, True, "1")
SETTINGS: dict[str, Callable[[Any], object]] = {
    "train": lambda seed: TrainSettings(seed=seed),
    "dataset": lambda seed: DatasetSettings(seed=seed),
    "split": lambda seed: DatasetSettings(split_seed=seed),
    "canaries": lambda seed: CanarySettings(seed=seed),
    "evaluate": lambda seed: EvaluateSettings(seed=seed),
    "pubmedqa": lambda seed: EvaluateSettings(pubmedqa_seed=seed),
    "embedder": lambda seed: EmbedderSettings(seed=seed),
    "compare": lambda seed: CompareSettings(seed=seed),
}


@pytest.mark.parametrize("where", SETTINGS)
@pytest.mark.parametrize("seed", BAD)
def test_a_seed_beyond_the_limits_is_refused_and_they_are_named(where: str, seed: object) -> None:
    with pytest.raises(UsageError, match=r"seed.*from 0 to 4294967295") as refused:
        SETTINGS[where](seed)
    assert repr(seed) in refused.value.message


@pytest.mark.parametrize("where", SETTINGS)
@pytest.mark.parametrize("seed", GOOD)
def test_a_seed_within_the_limits_is_taken(where: str, seed: int) -> None:
    SETTINGS[where](seed)


@pytest.mark.parametrize("seed", [-1, 2**32, 2**63])
def test_the_command_that_plants_secrets_refuses_such_a_seed(seed: int, tmp_path: Path) -> None:
    arguments = ["canaries", str(tmp_path), str(tmp_path / "out"), "--seed", str(seed)]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2
    assert "not in the range 0<=x<=4294967295" in done.output


@pytest.mark.parametrize("seed", GOOD)
def test_every_generator_takes_such_a_seed(seed: int) -> None:
    transformers.set_seed(seed)  # Python's, NumPy's and PyTorch's
    np.random.default_rng(seed)
    random.Random(seed * 2 + 1)
    assert len(new_canaries(2, 1, seed)) == 2
    for step, rank in ((1, 0), (10_000_000, 65_535)):
        torch.manual_seed(step_seed(seed, step, rank))


def test_small_seeds_keep_the_numbers_that_earlier_trainings_had() -> None:
    for seed, step, rank in ((0, 1, 0), (1, 1, 0), (7, 120, 3), (65_535, 10_000_000, 1)):
        assert step_seed(seed, step, rank) == ((seed << 32) + step) * 65_536 + rank


def test_seed_step_and_process_each_change_what_a_step_draws() -> None:
    seeds = (0, 1, 65_535, 65_536, 65_537, 131_072, 2**32 - 1)
    found = {step_seed(s, n, r) for s in seeds for n in (1, 2, 65_536) for r in (0, 1)}
    assert len(found) == len(seeds) * 3 * 2


@pytest.mark.parametrize("seed", [65_536, 2**32 - 1])
def test_a_training_runs_with_a_great_seed(seed: int, tiny_base: Path, tmp_path: Path) -> None:
    settings = replace(TINY, seed=seed, max_steps=1, dropout=0.1, score_samples=0)
    dataset = write_dataset(tmp_path / "data")
    result = run_train(tiny_base, dataset, tmp_path / "out", settings)
    assert result.record.figures["steps"] == 1
    assert result.record.settings["seed"] == seed


def test_a_dataset_is_made_with_each_seed_and_differs(tmp_path: Path) -> None:
    file = write_squad(tmp_path / "a.json", [towns(name, 8) for name in ("Aa", "Bb", "Cc")])
    settings = DatasetSettings(sources=(SourceSettings(file, "squad"),), near_duplicate=1.0)
    made = [make_dataset(replace(settings, seed=seed))[1]["train"] for seed in GOOD]
    assert all(made)
    assert len({tuple(s.id for s in samples) for samples in made}) == len(GOOD)
    for seed in GOOD:
        assert make_dataset(replace(settings, split_seed=seed))[1]["validation"]
