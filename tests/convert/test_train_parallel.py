"""Two processes on the CPU, started by accelerate with the configuration that is shipped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import convert.train
from convert.train.train_step import run_train
from tests.convert.conftest import ROOT
from tests.convert.train_data import write_dataset
from tests.convert.train_team import TEAM

CONFIGURATION = Path(convert.train.__file__).with_name("fsdp.yaml")


@pytest.fixture(scope="module")
def runs(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of one process and of two, both ways."""
    folder = tmp_path_factory.mktemp("team")
    dataset = write_dataset(folder / "data", train=5, validation=3)
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", "2"]
    launch += ["--config_file", str(CONFIGURATION), "--main_process_port", "0"]
    launch += ["-m", "tests.convert.train_team", str(tiny_base), str(dataset), str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    done = subprocess.run(
        launch, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    run_train(tiny_base, dataset, folder / "single", TEAM)
    return folder


def history(folder: Path) -> dict[str, Any]:
    training: dict[str, Any] = json.loads((folder / "training.json").read_text())
    return training


@pytest.mark.parametrize("way", ["replicated", "sharded"])
def test_two_processes_take_the_same_steps_as_one(way: str, runs: Path) -> None:
    one, two = history(runs / "single"), history(runs / way)
    assert (one["processes"], two["processes"]) == (1, 2)
    for name in ("loss", "gradient", "rate", "samples"):
        ours = [s[name] for s in two["history"]["steps"]]
        assert ours == pytest.approx([s[name] for s in one["history"]["steps"]], rel=1e-5), name
    for mine, other in zip(
        two["history"]["evaluations"], one["history"]["evaluations"], strict=True
    ):
        assert mine["loss"] == pytest.approx(other["loss"], rel=1e-5)
        assert mine["score"] == other["score"]
        assert mine["answered"] == other["answered"] == 3


@pytest.mark.parametrize("way", ["replicated", "sharded"])
def test_two_processes_make_the_same_adapter_as_one(way: str, runs: Path) -> None:
    path = "adapter/adapter_model.safetensors"
    one, two = load_file(str(runs / "single" / path)), load_file(str(runs / way / path))
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        # Adam divides by the root of a tiny second moment, so the last digits of a sum show.
        torch.testing.assert_close(two[name], tensor, rtol=1e-3, atol=1e-4, msg=name)
