"""A run that was stopped, killed or ran out of disk goes on as if nothing had happened."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from assistant.errors import Cancelled, ModelError, UsageError
from assistant.types import CancelToken
from convert.train.checkpoints import Checkpoints, Snapshot
from convert.train.loss_history import History
from convert.train.train_step import TrainResult, run_train, unfinished
from convert.train.training_events import Evaluated, Event, Notice, Started, StepDone
from tests.convert.conftest import ROOT
from tests.convert.train_data import TINY, write_dataset

SETTINGS = replace(TINY, dropout=0.1, max_steps=5, evaluate_steps=2, score_samples=2)
"""With dropout, so that the random numbers of a step count too."""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def uninterrupted(
    tiny_base: Path, dataset: Path, tmp_path_factory: pytest.TempPathFactory
) -> TrainResult:
    return run_train(tiny_base, dataset, tmp_path_factory.mktemp("runs") / "whole", SETTINGS)


def curve(folder: Path) -> list[list[Any]]:
    """Everything of a run's history but the times."""
    history = json.loads((folder / "training.json").read_text())["history"]
    rows = [*history["steps"], *history["evaluations"]]
    return [[v for k, v in row.items() if k != "seconds"] for row in rows]


def assert_equal(one: Path, other: Path) -> None:
    assert curve(one) == curve(other)  # bit for bit
    weights = "adapter/adapter_model.safetensors"
    assert (one / weights).read_bytes() == (other / weights).read_bytes()


def stopping(cancel: CancelToken, after: int) -> Callable[[Event], None]:
    def watch(event: Event) -> None:
        if isinstance(event, StepDone) and event.record.step == after:
            cancel.cancel()

    return watch


@pytest.mark.parametrize("after", [1, 4], ids=["first epoch", "at an evaluation"])
def test_a_run_that_was_stopped_goes_on_to_the_same_curve(
    after: int, uninterrupted: TrainResult, tiny_base: Path, dataset: Path, tmp_path: Path
) -> None:
    out, cancel, events = tmp_path / "out", CancelToken(), []
    with pytest.raises(Cancelled, match=f"after step {after} of 5"):
        run_train(
            tiny_base, dataset, out, SETTINGS, progress=stopping(cancel, after), cancel=cancel
        )
    assert not out.exists()
    run_train(tiny_base, dataset, out, SETTINGS, progress=events.append)
    started = next(e for e in events if isinstance(e, Started))
    assert started.done == after
    assert_equal(uninterrupted.folder, out)
    assert not unfinished(out).exists()


def test_a_run_that_is_cancelled_between_rows_drops_the_half_step(
    uninterrupted: TrainResult, tiny_base: Path, dataset: Path, tmp_path: Path
) -> None:
    cancel = CancelToken()

    def watch(event: Event) -> None:
        if isinstance(event, Evaluated) and event.evaluation.step == 2:
            # Cancelled from another thread a moment later: within the next step.
            real = torch.Tensor.backward

            def backward(self: torch.Tensor, *args: Any, **kwargs: Any) -> None:
                real(self, *args, **kwargs)
                cancel.cancel()

            patch.setattr(torch.Tensor, "backward", backward)

    with pytest.MonkeyPatch.context() as patch:
        small = replace(SETTINGS, row_tokens=200)
        with pytest.raises(Cancelled, match="after step 2 of 5"):
            run_train(tiny_base, dataset, tmp_path / "a", small, progress=watch, cancel=cancel)
    run_train(tiny_base, dataset, tmp_path / "a", small)
    run_train(tiny_base, dataset, tmp_path / "b", small)
    assert_equal(tmp_path / "a", tmp_path / "b")


def command(base: Path, dataset: Path, out: Path) -> list[str]:
    chosen = {k: v for k, v in asdict(SETTINGS).items() if k != "targets"}
    sets = [f"--set={k}={json.dumps(v)}" for k, v in chosen.items()]
    run = [sys.executable, "-m", "convert.cli", "train", str(base), str(dataset)]
    return [*run, "--out", str(out), *sets]


def test_a_run_killed_in_the_middle_goes_on_to_the_same_curve(
    uninterrupted: TrainResult, tiny_base: Path, dataset: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(
        command(tiny_base, dataset, out),
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    saved = unfinished(out) / "checkpoints" / "step-000001"
    deadline = time.monotonic() + 600
    while not saved.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it ended before it could be killed"
    assert not out.exists()
    run_train(tiny_base, dataset, out, SETTINGS)
    assert_equal(uninterrupted.folder, out)


def stop_after_two(base: Path, dataset: Path, out: Path) -> Path:
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        run_train(base, dataset, out, SETTINGS, progress=stopping(cancel, 3), cancel=cancel)
    return unfinished(out) / "checkpoints"


def test_a_damaged_checkpoint_is_passed_over_and_other_settings_are_refused(
    uninterrupted: TrainResult, tiny_base: Path, dataset: Path, tmp_path: Path
) -> None:
    out, events = tmp_path / "out", []
    checkpoints = stop_after_two(tiny_base, dataset, out)
    newest = max(checkpoints.iterdir())
    content = bytearray((newest / "lora.safetensors").read_bytes())
    content[-5] ^= 1
    (newest / "lora.safetensors").write_bytes(content)
    with pytest.raises(UsageError, match="other learning_rate"):
        run_train(tiny_base, dataset, out, replace(SETTINGS, learning_rate=1e-3))
    copy, discarding = tmp_path / "copy", CancelToken()
    shutil.copytree(unfinished(out), unfinished(copy))
    other = {"settings": replace(SETTINGS, learning_rate=1e-3, score_samples=0), "fresh": True}
    watch = stopping(discarding, 1)
    with pytest.raises(Cancelled, match="after step 1"):
        run_train(tiny_base, dataset, copy, **other, progress=watch, cancel=discarding)
    run_train(tiny_base, dataset, out, SETTINGS, progress=events.append)
    assert any(isinstance(e, Notice) and "step-000003 is damaged" in e.text for e in events)
    assert_equal(uninterrupted.folder, out)


def snapshot(step: int, size: int = 1000) -> Snapshot:
    return Snapshot(step, {"a": torch.ones(size)}, {"a.exp_avg": torch.ones(size)}, History())


def test_a_full_disk_leaves_the_last_checkpoint(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "c", {"seed": 1}, keep=2)
    checkpoints.save(snapshot(1), None)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
        with pytest.raises(ModelError, match="step 1 is intact") as raised:
            checkpoints.save(snapshot(2, size=1 << 20), None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)
    assert raised.value.title == "The disk is full"
    assert [p.name for p in (tmp_path / "c").iterdir()] == ["step-000001"]
    found, damaged = checkpoints.newest()
    assert found is not None
    assert (found.step, damaged) == (1, [])


def test_the_best_checkpoint_outlives_the_newer_ones(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "c", {"seed": 1}, keep=2)
    for step in range(1, 7):
        checkpoints.save(snapshot(step, 4), best_step=2)
    assert checkpoints.steps() == [2, 5, 6]
    assert torch.equal(checkpoints.load(2).weights["a"], torch.ones(4))
