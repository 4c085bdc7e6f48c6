"""Write and load checkpoints, from which a run resumes exactly.

A checkpoint is a folder `step-000120` with the LoRA weights and AdamW's moments (both
safetensors, float32), and `state.json`: position, curves, hashes of the files, and what
the run is made of. The order of the data, the learning rate and the random numbers of a
step are functions of the seed and the step's number, so the position is all they need.
A checkpoint is written beside, and gets its name when it is whole and on the disk.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import Tensor

from assistant.errors import AssistantError, ModelError, UsageError
from convert.atomic_output import disk_errors, require_room
from convert.step_record import file_sha256
from convert.train.distributed import put, whole
from convert.train.loss_history import History

FORMAT = 1
STATE_FILE = "state.json"
WEIGHTS_FILE = "lora.safetensors"
MOMENTS_FILE = "optimizer.safetensors"
_NAME = re.compile(r"step-(\d{6,})")
_MOMENTS = ("exp_avg", "exp_avg_sq")
_MAX_STATE = 256 << 20


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a run after `step`, as whole tensors on the CPU by parameter name."""

    step: int
    weights: Mapping[str, Tensor]
    moments: Mapping[str, Tensor]
    history: History


@dataclass(frozen=True, slots=True)
class _State:
    """What `state.json` holds; `files` are hashes by name."""

    format: int
    step: int
    identity: dict[str, Any]
    files: dict[str, str]
    history: History


def take_moments(optimizer: Any, trained: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return AdamW's moments by name; every process must call it."""
    found = {}
    for name, parameter in trained.items():
        state = optimizer.state.get(parameter, {})
        for moment in _MOMENTS:
            if moment in state:
                found[f"{name}.{moment}"] = whole(state[moment]).to("cpu", copy=True)
    return found


def restore(snapshot: Snapshot, trained: Mapping[str, Any], optimizer: Any) -> None:
    """Put weights and moments back. Raises `ModelError` if they belong to another LoRA."""
    if snapshot.weights.keys() != trained.keys():
        raise ModelError("The checkpoint was made with another LoRA.", hint="Start with --fresh.")
    for name, parameter in trained.items():
        if snapshot.weights[name].shape != parameter.shape:
            raise ModelError(f"The checkpoint's {name} has another shape.")
        put(parameter, snapshot.weights[name])
        state = {moment: torch.zeros_like(parameter) for moment in _MOMENTS}
        for moment, target in state.items():
            if f"{name}.{moment}" in snapshot.moments:
                put(target, snapshot.moments[f"{name}.{moment}"])
        if snapshot.step:
            place = parameter.device if optimizer.defaults.get("fused") else None
            count = torch.tensor(float(snapshot.step), device=place)
            optimizer.state[parameter] = {"step": count, **state}


class Checkpoints:
    """The checkpoints of one run, in `folder`. Only rank 0 calls what writes.

    `identity` is what the run is made of (settings, hashes of data and base): a checkpoint
    of another run is never continued.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any], keep: int) -> None:
        self.folder = folder
        self._identity = json.loads(json.dumps(dict(identity)))
        self._keep = keep

    def save(self, snapshot: Snapshot, best_step: int | None) -> Path:
        """Write a checkpoint, then remove the older ones that are not kept.

        Raises `ModelError` if the disk is full; the earlier checkpoints are then intact.
        """
        needed = _size(snapshot.weights) + _size(snapshot.moments) + (1 << 20)
        target = self.folder / f"step-{snapshot.step:06d}"
        try:
            with disk_errors(target, needed):
                self.folder.mkdir(parents=True, exist_ok=True)
                self._sweep()
                require_room(self.folder, needed)
                temporary = Path(tempfile.mkdtemp(prefix=".incoming-", dir=self.folder))
                try:
                    self._write(temporary, snapshot)
                    shutil.rmtree(target, ignore_errors=True)
                    temporary.rename(target)
                    _sync(self.folder)
                finally:
                    shutil.rmtree(temporary, ignore_errors=True)
        except AssistantError as error:
            raise self._stopped(error) from error
        self._prune(best_step)
        return target

    def newest(self) -> tuple[Snapshot | None, list[str]]:
        """Return the newest whole checkpoint (None: there is none), and what was damaged.

        Raises `UsageError` if the checkpoints are of another run.
        """
        damaged: list[str] = []
        for step in sorted(self.steps(), reverse=True):
            folder = self.folder / f"step-{step:06d}"
            try:
                return self.load(step), damaged
            except (ModelError, OSError) as error:
                damaged.append(f"{folder.name} is damaged and was passed over: {error}")
        return None, damaged

    def load(self, step: int) -> Snapshot:
        """Read a checkpoint and verify its hashes. Raises `ModelError`, `UsageError`."""
        from safetensors.torch import load_file

        folder = self.folder / f"step-{step:06d}"
        state = _state(folder / STATE_FILE)
        self._require_same(state.identity)
        for name, digest in state.files.items():
            if name not in (WEIGHTS_FILE, MOMENTS_FILE) or file_sha256(folder / name) != digest:
                raise ModelError(f"{folder / name} is not what was written.")
        return Snapshot(
            state.step,
            load_file(str(folder / WEIGHTS_FILE)),
            load_file(str(folder / MOMENTS_FILE)),
            state.history,
        )

    def steps(self) -> list[int]:
        """Return the steps of which there is a checkpoint, in order."""
        if not self.folder.is_dir():
            return []
        found = (_NAME.fullmatch(path.name) for path in self.folder.iterdir())
        return sorted(int(match[1]) for match in found if match)

    def _write(self, temporary: Path, snapshot: Snapshot) -> None:
        from safetensors.torch import save_file

        save_file(dict(snapshot.weights), str(temporary / WEIGHTS_FILE))
        save_file(dict(snapshot.moments), str(temporary / MOMENTS_FILE))
        files = {name: file_sha256(temporary / name) for name in (WEIGHTS_FILE, MOMENTS_FILE)}
        state = _State(FORMAT, snapshot.step, self._identity, files, snapshot.history)
        (temporary / STATE_FILE).write_text(json.dumps(asdict(state)), encoding="utf-8")
        for path in temporary.iterdir():
            _sync(path)
        _sync(temporary)

    def _require_same(self, identity: dict[str, Any]) -> None:
        if identity == self._identity:
            return
        mine, theirs = self._identity, identity
        changed = sorted(k for k in mine.keys() | theirs.keys() if mine.get(k) != theirs.get(k))
        raise UsageError(
            f"{self.folder.parent} holds an unfinished run with other {', '.join(changed)}.",
            hint="Go on with what it was started with, or discard it with --fresh.",
        )

    def _stopped(self, error: AssistantError) -> AssistantError:
        steps = self.steps()
        last = f"The checkpoint of step {steps[-1]} is intact" if steps else "There is none yet"
        return ModelError(
            f"No checkpoint could be written. {error.message} {last}.",
            hint="Make room, then give the same command: it goes on from there.",
            title=error.title,
        )

    def _prune(self, best_step: int | None) -> None:
        steps = self.steps()
        for step in steps[: -self._keep]:
            if step != best_step:
                shutil.rmtree(self.folder / f"step-{step:06d}", ignore_errors=True)

    def _sweep(self) -> None:
        for left in self.folder.glob(".incoming-*"):
            shutil.rmtree(left, ignore_errors=True)


def _state(path: Path) -> _State:
    try:
        with path.open("rb") as file:
            state = msgspec.convert(json.loads(file.read(_MAX_STATE)), _State)
    except (OSError, ValueError, msgspec.ValidationError, RecursionError) as error:
        raise ModelError(f"{path} can't be read: {type(error).__name__}: {error}") from error
    if state.format != FORMAT:
        raise ModelError(f"{path} is of another version of this program.")
    return state


def _size(tensors: Mapping[str, Tensor]) -> int:
    return sum(t.numel() * t.element_size() for t in tensors.values())


def _sync(path: Path) -> None:
    """Wait until a file or folder is on the disk: a name must not outlive its content."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
