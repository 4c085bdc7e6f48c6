"""A run on disk: `run.json` (figures and rows), `report.html`, with `--keep-texts` texts."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError, SuiteError
from assistant.evaluation.grading import Row
from assistant.evaluation.row_format import row_of, row_table
from assistant.evaluation.strict_json import BadTextError, read_object
from assistant.evaluation.suite import MOST_QUESTIONS, read_plain_file

FORMAT = 1
KIND = "assistant-eval"
RUN_FILE, PAGE_FILE, TEXTS_FILE = "run.json", "report.html", "texts.jsonl"
_MOST_BYTES = 1 << 30
_MOST_ARMS = 50


@dataclass(frozen=True, slots=True)
class Way:
    """How an arm was asked; see `arms.Arm`. Runs of before have none of it."""

    closed: bool = False
    shots: bool = False
    tuned: bool = False
    strategy: str = ""


@dataclass(frozen=True, slots=True)
class ArmRun:
    """An arm and its rows; `memory` in bytes (0: not known), `load_seconds` before the first
    question.
    """

    name: str
    model: str
    sha256: str
    memory: int
    load_seconds: float
    rows: tuple[Row, ...]
    way: Way = Way()


@dataclass(frozen=True, slots=True)
class SavedRun:
    """What is read back of a run, to compare another one with it."""

    made_at: str
    version: str
    suite_sha256: str
    library_sha256: str
    arms: tuple[ArmRun, ...]
    library: str = ""


def arm_table(arm: ArmRun) -> dict[str, Any]:
    """Return an arm as it is written (its rows; figures are added by the report)."""
    return {
        "name": arm.name,
        "model": arm.model,
        "model_sha256": arm.sha256,
        "memory": arm.memory,
        "load_seconds": arm.load_seconds,
        **asdict(arm.way),
        "rows": [row_table(row) for row in arm.rows],
    }


def read_run(path: Path) -> SavedRun:
    """Read a saved run: `run.json` or the folder of it. Raises `SuiteError`."""
    file = path / RUN_FILE if path.is_dir() else path
    data = read_plain_file(file, _MOST_BYTES)
    try:
        return _run(read_object(data.decode("utf-8")))
    except (BadTextError, UnicodeDecodeError) as error:
        why = error if isinstance(error, BadTextError) else "it is no UTF-8"
        raise SuiteError(
            f"{file.name} is no saved run: {why}.",
            hint=f"Name the {RUN_FILE} that a run of `assistant eval` wrote.",
        ) from error


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
            _write(folder / name, text.encode("utf-8"))
    except OSError as error:
        raise AssistantError(
            f"The run can't be written to {folder}: {error.strerror or 'unknown reason'}.",
            hint="Start it again with another --out: what was asked is kept.",
        ) from error


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _run(table: dict[str, Any]) -> SavedRun:
    if table.get("kind") != KIND or table.get("format") != FORMAT:
        raise BadTextError(f"its kind is not '{KIND}', format {FORMAT}")
    arms = table.get("arms")
    if not isinstance(arms, list) or not 0 < len(arms) <= _MOST_ARMS:
        raise BadTextError("it has no arms")
    suite, library = table.get("suite"), table.get("library")
    return SavedRun(
        _text(table, "made_at"),
        _text(table, "version"),
        _text(suite, "sha256"),
        _text(library, "sha256"),
        tuple(_arm(entry) for entry in arms),
        _text(library, "name"),
    )


def _arm(table: object) -> ArmRun:
    if not isinstance(table, dict):
        raise BadTextError("an arm in it is none")
    rows = table.get("rows")
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_QUESTIONS:
        raise BadTextError("an arm in it has no answers")
    read = tuple(row_of(row) for row in rows)
    if len({row.id for row in read}) != len(read):
        raise BadTextError("a question stands twice in one arm")
    numbers = [table.get(key) for key in ("memory", "load_seconds")]
    if not all(isinstance(n, int | float) and 0 <= n < 2**60 for n in numbers):
        raise BadTextError("an arm's memory or time makes no sense")
    return ArmRun(
        _text(table, "name"),
        _text(table, "model"),
        _text(table, "model_sha256"),
        int(numbers[0] or 0),
        float(numbers[1] or 0),
        read,
        _way(table),
    )


def _way(table: dict[str, Any]) -> Way:
    flags = [table.get(key, False) for key in ("closed", "shots", "tuned")]
    if not all(type(flag) is bool for flag in flags):
        raise BadTextError("how an arm was asked makes no sense")
    strategy = _text(table, "strategy") if "strategy" in table else ""
    closed, shots, tuned = (bool(flag) for flag in flags)
    return Way(closed, shots, tuned, strategy)


def _text(table: object, key: str) -> str:
    value = table.get(key) if isinstance(table, dict) else None
    if not isinstance(value, str) or len(value) > 200 or not value.isprintable():
        raise BadTextError(f"'{key}' is missing or makes no sense")
    return value
