"""The record of a step's inputs, settings and outputs: `step.json` in each step's folder.

The record serves two ends: the lineage in a bundle's manifest, and resuming (a step whose
record names the same inputs, settings and versions, and whose outputs are still there
unchanged, need not run again).
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from assistant.errors import UsageError

STEP_FILE = "step.json"
FORMAT = 1
_PACKAGES = ("airgap-assistant", "torch", "transformers", "peft", "llama-cpp-python")
_MAX_RECORD_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One finished step. `inputs` and `outputs` map names to SHA-256 (hex)."""

    step: str
    inputs: Mapping[str, str]
    settings: Mapping[str, Any]
    outputs: Mapping[str, str]
    versions: Mapping[str, str]
    figures: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    finished_at: str = ""


def file_sha256(path: Path) -> str:
    """Return the SHA-256 (hex) of a file. Raises `UsageError` if it can't be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror or error}.") from error


def folder_sha256(folder: Path) -> str:
    """Return one SHA-256 over the names and contents of all files below a folder.

    The step's own record is left out, so that a folder has one hash before and after.
    """
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != STEP_FILE):
        name = path.relative_to(folder).as_posix()
        total.update(f"{name}\0{file_sha256(path)}\n".encode())
    return total.hexdigest()


def path_sha256(path: Path) -> str:
    """Return the SHA-256 of a file or of a whole folder."""
    return folder_sha256(path) if path.is_dir() else file_sha256(path)


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that a result depends on, if installed."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def write_record(
    folder: Path,
    step: str,
    *,
    inputs: Mapping[str, Path],
    settings: Mapping[str, Any],
    outputs: Mapping[str, Path],
    figures: Mapping[str, Any] | None = None,
    seconds: float = 0.0,
) -> StepRecord:
    """Hash inputs and outputs, write `step.json` into `folder` at once, and return it."""
    record = StepRecord(
        step=step,
        inputs={name: path_sha256(path) for name, path in inputs.items()},
        settings=dict(settings),
        outputs={name: path_sha256(path) for name, path in outputs.items()},
        versions=package_versions(),
        figures=dict(figures or {}),
        seconds=round(seconds, 1),
        finished_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )
    table = {name: getattr(record, name) for name in StepRecord.__slots__}
    temporary = folder / f".{STEP_FILE}.{os.getpid()}"
    temporary.write_text(json.dumps({"format": FORMAT, **table}, indent=2) + "\n", "utf-8")
    temporary.replace(folder / STEP_FILE)
    return record


def read_record(folder: Path) -> StepRecord | None:
    """Read a folder's record; None if there is none. Raises `UsageError` if damaged."""
    path = folder / STEP_FILE
    hint = f"Remove {folder} and run the step again."
    try:
        with path.open("rb") as file:
            table = json.loads(file.read(_MAX_RECORD_BYTES))
        found = table.pop("format", None)
        record = StepRecord(**table)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path} can't be read: {error}.", hint=hint) from error
    if found != FORMAT:
        raise UsageError(f"{path} has the format {found!r}, not {FORMAT}.", hint=hint)
    return record


def is_done(
    folder: Path,
    step: str,
    *,
    inputs: Mapping[str, Path],
    settings: Mapping[str, Any],
    outputs: Mapping[str, Path],
) -> bool:
    """Tell whether the step was finished with these very inputs, settings and versions."""
    record = read_record(folder)
    if record is None or record.step != step or record.versions != package_versions():
        return False
    plain = json.loads(json.dumps(dict(settings)))
    if record.settings != plain or record.inputs.keys() != inputs.keys():
        return False
    if record.outputs.keys() != outputs.keys() or not all(p.exists() for p in outputs.values()):
        return False
    return all(record.inputs[n] == path_sha256(p) for n, p in inputs.items()) and all(
        record.outputs[n] == path_sha256(p) for n, p in outputs.items()
    )
