"""A run on disk: `run.json` (figures and rows), `report.html`, with `--keep-texts` texts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from assistant.errors import AssistantError, SuiteError
from assistant.evaluation.grading import Row
from assistant.evaluation.suite import MOST_QUESTIONS
from assistant.strict_reader import Meta, read_file, read_json, refused, require_printable
from assistant.whole_file import write_whole

FORMAT = 1
KIND = "assistant-eval"
RUN_FILE, PAGE_FILE, TEXTS_FILE = "run.json", "report.html", "texts.jsonl"
_MOST_BYTES = 1 << 30


_Name = Annotated[str, Meta(max_length=200)]


@dataclass(frozen=True, slots=True)
class ArmRun:
    """An arm and its rows; `memory` in bytes (0: not known), `load_seconds` before the first
    question. How it was asked (see `arms.Arm`) is not in runs of before.
    """

    name: _Name
    model: _Name
    model_sha256: _Name
    memory: Annotated[int, Meta(ge=0)]
    load_seconds: Annotated[float, Meta(ge=0)]
    rows: Annotated[tuple[Row, ...], Meta(min_length=1, max_length=MOST_QUESTIONS)]
    closed: bool = False
    shots: bool = False
    tuned: bool = False
    strategy: _Name = ""

    def __post_init__(self) -> None:
        if len({row.id for row in self.rows}) != len(self.rows):
            raise ValueError("a question stands twice in one arm")


@dataclass(frozen=True, slots=True)
class Named:
    """The suite or the library that was used."""

    name: _Name
    sha256: _Name


@dataclass(frozen=True, slots=True)
class SavedRun:
    """A saved run as read back, for comparison with another one."""

    format: Literal[1]
    kind: Literal["assistant-eval"]
    made_at: _Name
    version: _Name
    suite: Named
    library: Named
    arms: Annotated[tuple[ArmRun, ...], Meta(min_length=1, max_length=50)]


def read_run(path: Path) -> SavedRun:
    """Read a saved run: `run.json` or the folder of it. Raises `SuiteError`."""
    file = path / RUN_FILE if path.is_dir() else path
    hint = f"Name the {RUN_FILE} that a run of `assistant eval` wrote."
    with refused(SuiteError, f"{file} is no saved run", hint=hint):
        run = read_json(read_file(file, _MOST_BYTES), SavedRun, more_keys=True)
        require_printable(made_at=run.made_at, version=run.version)
        for named in (run.suite, run.library):
            require_printable(name=named.name, sha256=named.sha256)
        for arm in run.arms:
            require_printable(name=arm.name, model=arm.model, strategy=arm.strategy)
        return run


def write_run(
    folder: Path, table: Mapping[str, Any], page: str, texts: Sequence[Mapping[str, Any]]
) -> None:
    """Write the files of a run, each whole or not at all. Raises `AssistantError`."""
    files = {RUN_FILE: json.dumps(table, allow_nan=False) + "\n", PAGE_FILE: page}
    if texts:
        files[TEXTS_FILE] = "".join(json.dumps(entry) + "\n" for entry in texts)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in files.items():
            write_whole(folder / name, text.encode("utf-8"))
    except OSError as error:
        raise AssistantError(
            f"The run can't be written to {folder}: {error.strerror or 'unknown reason'}.",
            hint="Start it again with another --out: what was asked is kept.",
        ) from error
