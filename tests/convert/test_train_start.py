"""Going on from an adapter: it begins where that one ended, and nothing else is taken for one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from assistant.errors import ModelError, UsageError
from convert.lora_adapter import WEIGHTS_FILE
from convert.step_record import file_sha256
from convert.train.train_step import TrainResult, run_train
from tests.convert.train_data import TINY, write_dataset

SHORT = replace(TINY, max_steps=2, evaluate_steps=2, score_samples=0)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def first(tiny_base: Path, dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    return run_train(tiny_base, dataset, tmp_path_factory.mktemp("runs") / "first", SHORT)


def test_a_run_begins_with_the_loss_at_which_the_first_one_ended(
    first: TrainResult, tiny_base: Path, dataset: Path, tmp_path: Path
) -> None:
    settings = replace(SHORT, start=str(first.adapter))
    second = run_train(tiny_base, dataset, tmp_path / "second", settings)
    ended, began = first.record.figures["best"], second.record.figures["base"]
    assert began["loss"] == pytest.approx(ended["loss"], abs=1e-6)
    assert second.record.figures["best"]["loss"] < ended["loss"]
    assert "start" in second.record.inputs
    saved = (second.adapter / "assistant.json").read_text()
    assert json.loads(saved)["data"]["start"] == file_sha256(first.adapter / WEIGHTS_FILE)
    assert str(first.folder) not in saved


def test_another_rank_or_scaling_is_refused(
    first: TrainResult, tiny_base: Path, dataset: Path, tmp_path: Path
) -> None:
    for changed in ({"rank": 8}, {"alpha": 16.0}):
        settings = replace(SHORT, start=str(first.adapter), **changed)
        with pytest.raises(UsageError, match="rank 4 and scaling 2"):
            run_train(tiny_base, dataset, tmp_path / "out", settings)


def test_an_adapter_of_other_layers_or_another_base_is_refused(
    first: TrainResult, tiny_base: Path, dataset: Path, tmp_path: Path
) -> None:
    settings = replace(SHORT, start=str(first.adapter), targets=("q_proj",))
    with pytest.raises(UsageError, match="other layers"):
        run_train(tiny_base, dataset, tmp_path / "out", settings)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "adapter_config.json").write_bytes(
        (first.adapter / "adapter_config.json").read_bytes()
    )
    weights = load_file(str(first.adapter / WEIGHTS_FILE))
    save_file({k: v[..., :-1].clone() for k, v in weights.items()}, str(foreign / WEIGHTS_FILE))
    with pytest.raises(ModelError):
        run_train(tiny_base, dataset, tmp_path / "out", replace(SHORT, start=str(foreign)))


def test_a_hub_name_is_refused(tiny_base: Path, dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="downloads nothing"):
        run_train(tiny_base, dataset, tmp_path / "out", replace(SHORT, start="someone/adapter"))
